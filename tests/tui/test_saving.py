"""A user's file that is saved while its function is on the screen: real files, the real worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradtui.service.client import Service
from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.app import explorer as opened
from tests.terminal.driver import PATIENCE
from tests.tui.test_app import press, text_of

pytestmark = pytest.mark.child


class Explorer:
    """The screen on f of a file."""

    def __init__(self, file: Path, app: GradtuiApp, pilot: Pilot[None]) -> None:
        self.file, self.app, self.pilot = file, app, pilot

    async def shows(self, *texts: str) -> None:
        """Until then nothing else is waited for."""
        async with asyncio.timeout(PATIENCE):
            while not all(text in text_of(self.app) for text in texts):
                await self.pilot.pause()
                await asyncio.sleep(0.01)

    def slopes(self) -> set[float]:
        curve = self.app.answers.curve
        return set() if curve is None else set(curve.derivative)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.mark.long
async def test_saved_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finds the file and the screen as the one before has left them. Nothing is stopped for the time that it takes."""
    assert Service.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(Service.__init__.__kwdefaults__, "seconds", 10 * PATIENCE)
    file = tmp_path / "model.py"
    file.write_text("def f(x=3.0): return 2 * x")
    app = opened(Start(f"{file}:f", origin="function"))
    async with app.run_test(size=(120, 36)) as pilot:
        explorer = Explorer(file, app, pilot)
        await explorer.shows("f(x) = 6", "f'(x) = 2")
        await the_picture_changes_with_the_file(explorer)
        await a_bad_version_leaves_the_last_good_picture(explorer)
        await a_default_is_followed_until_it_is_stepped_away_from(explorer)
        await variables_come_and_go(explorer)
        await a_loop_without_end_is_stopped_by_a_better_version(explorer)


async def the_picture_changes_with_the_file(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=3.0): return 5 * x")
    await explorer.shows("f(x) = 15", "f'(x) = 5")
    await explorer.until(lambda: explorer.slopes() == {5.0})


async def a_bad_version_leaves_the_last_good_picture(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=3.0) return 2 * x")
    await explorer.shows("is not Python", "f(x) = 15")
    explorer.file.write_text("def f(x=3.0): return 7 * x")
    await explorer.shows("f(x) = 21")
    assert "is not Python" not in text_of(explorer.app)


async def a_default_is_followed_until_it_is_stepped_away_from(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=4.0): return 2 * x")
    await explorer.shows("f(x) = 8")
    await press(explorer.pilot, "right")
    await explorer.shows("f(x) = 8.2")
    explorer.file.write_text("def f(x=7.0): return 3 * x")
    await explorer.shows("f(x) = 12.3")


async def variables_come_and_go(explorer: Explorer) -> None:
    explorer.file.write_text("def f(w=2.0, y=1.0): return w * y")
    await explorer.shows("f(w, y) = 2")
    explorer.file.write_text("def f(x): return x * x")
    await explorer.shows("f(x) = 16.81")


async def a_loop_without_end_is_stopped_by_a_better_version(explorer: Explorer) -> None:
    explorer.file.write_text("open(__file__ + '.runs', 'w')\ndef f(x=3.0):\n    while True: pass")
    await explorer.until(explorer.file.with_name("model.py.runs").exists)
    explorer.file.write_text("def f(x=3.0): return 11 * x")
    await explorer.shows("f(x) = 45.1")
