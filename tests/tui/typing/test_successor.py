"""What is pressed behind a key that brings another screen is heard by that one, in its order, also while neither is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from gradtui.file.run_writing import save
from gradtui.tui import saved
from gradtui.tui.app import GradtuiApp
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from gradtui.tui.run.opened import explorer
from tests import examples
from tests.runs import made
from tests.terminal.driver import PATIENCE
from tests.tui.typing.test_key_order import burst, trickle

SIZE = (120, 36)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(made.run(), tmp_path / "run.gradtui")
    return tmp_path / "run.gradtui"


def keys(app: RunApp | GradtuiApp) -> Sequence[str]:
    return [event.key for event in app.key_order.unheard if isinstance(event, Key)]


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await pilot.pause(0.01)


async def run_shown(app: RunApp, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: app.look.run.ended and app.heat.line_count)


@pytest.mark.parametrize("seed", [None, *range(6)])
async def test_out_of_a_run(path: Path, seed: int | None) -> None:
    app, pressed = RunApp(Source(str(path))), ("home", "enter", "i", "ctrl+p", "slash", "n")
    async with app.run_test(size=SIZE) as pilot:
        await run_shown(app, pilot)
        if seed is None:
            burst(app, pressed)
        else:
            await trickle(app, pressed, seed)
        await until(pilot, lambda: not app.is_running)
    burst(app, ("p",))
    assert app.opened == 20
    assert keys(app) == ["i", "ctrl+p", "slash", "n", "p"]


@pytest.mark.parametrize("seed", [None, *range(6)])
async def test_out_of_a_saved_snapshot(seed: int | None) -> None:
    app, pressed = (
        saved.explorer(examples.quadratic()),
        ("ctrl+p", *"live", "enter", "slash", "x", "enter", "ctrl+p", "n"),
    )
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        if seed is None:
            burst(app, pressed)
        else:
            await trickle(app, pressed, seed)
        await until(pilot, lambda: not app.is_running)
    burst(app, ("p",))
    assert app.live_again is not None
    assert keys(app) == ["slash", "x", "enter", "ctrl+p", "n", "p"]


async def test_into_an_update_and_back(path: Path) -> None:
    source = Source(str(path))
    before = RunApp(source)
    async with before.run_test(size=SIZE) as pilot:
        await run_shown(before, pilot)
        burst(before, ("enter", "n", "n", "ctrl+p", "escape", "n", "escape", "home", "j"))
        await until(pilot, lambda: not before.is_running)
    row = before.look.row
    update = explorer(examples.quadratic(), 20, None, None)
    update.come_after(before)
    async with update.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not update.is_running)
    assert update.back
    assert update.backward.cursor.steps_done == 3
    after = RunApp(source, before.look)
    after.come_after(update)
    async with after.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: after.look.row != row)
    assert after.look.place == 0
