"""A user's file that is saved while its function is on the screen: real files, the real worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from textual.pilot import Pilot

from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.app import explorer as opened
from tests.tui.test_app import press, text_of

pytestmark = pytest.mark.child

PATIENCE = 30.0


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

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def explorer(tmp_path: Path) -> AsyncIterator[Explorer]:
    file = tmp_path / "model.py"
    file.write_text("def f(x=3.0): return 2 * x")
    target = f"{file}:f"
    app = opened(Start(target, origin="function"))
    async with app.run_test(size=(120, 36)) as pilot:
        explorer = Explorer(file, app, pilot)
        await explorer.shows("f(x) = 6", "f'(x) = 2")
        yield explorer


@pytest.mark.long
async def test_the_picture_changes_with_the_file(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=3.0): return 5 * x")
    await explorer.shows("f(x) = 15", "f'(x) = 5")
    curve = explorer.app.answers.curve
    assert curve is not None
    assert set(curve.derivative) == {5.0}


@pytest.mark.long
async def test_a_default_is_followed_until_it_is_stepped_away_from(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=4.0): return 2 * x")
    await explorer.shows("f(x) = 8")
    await press(explorer.pilot, "right")
    await explorer.shows("f(x) = 8.2")
    explorer.file.write_text("def f(x=7.0): return 3 * x")
    await explorer.shows("f(x) = 12.3")


@pytest.mark.long
async def test_variables_come_and_go(explorer: Explorer) -> None:
    await press(explorer.pilot, "right")
    explorer.file.write_text("def f(w=2.0, y=1.0): return w * y")
    await explorer.shows("f(w, y) = 2")
    explorer.file.write_text("def f(x): return x * x")
    await explorer.shows("f(x) = 9.61")


@pytest.mark.long
async def test_a_bad_version_leaves_the_last_good_picture(explorer: Explorer) -> None:
    explorer.file.write_text("def f(x=3.0) return 2 * x")
    await explorer.shows("is not Python", "f(x) = 6")
    explorer.file.write_text("def f(x=3.0): return 7 * x")
    await explorer.shows("f(x) = 21")
    assert "is not Python" not in text_of(explorer.app)


@pytest.mark.long
async def test_a_loop_without_end_is_stopped_by_a_better_version(explorer: Explorer) -> None:
    explorer.file.write_text("open(__file__ + '.runs', 'w')\ndef f(x=3.0):\n    while True: pass")
    await explorer.until(explorer.file.with_name("model.py.runs").exists)
    explorer.file.write_text("def f(x=3.0): return 11 * x")
    async with asyncio.timeout(PATIENCE / 2):
        await explorer.shows("f(x) = 33")
