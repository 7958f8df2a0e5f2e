"""A function of the screen that raises: it is told, the rest goes on or ends in order, and nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FunctionType

import platformdirs
import pytest
from textual.events import Key
from textual.pilot import Pilot

from gradtui.chart import drawing
from gradtui.file.run_reading import Following
from gradtui.file.run_writing import save
from gradtui.outline.outline import Outline
from gradtui.runs.binned_norms import Timeline
from gradtui.settings.remembered import Memory
from gradtui.snapshot import faults
from gradtui.tui import own_errors, plain_session
from gradtui.tui.app import GradtuiApp
from gradtui.tui.asking import Asking
from gradtui.tui.panes import problem
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import STOPPED, Source
from gradtui.tui.run.look import Look
from gradtui.tui.typing.formula import Formula
from gradtui.tui.typing.key_order import KeyOrder
from gradtui.tui.views import Picture
from tests.failing import failing
from tests.runs import made
from tests.tui.fakes import make_app

TYPED = "+ sin(x)*3 +"


@asynccontextmanager
async def running(app: GradtuiApp | RunApp) -> AsyncIterator[Pilot[None]]:
    """Textual raises at the end of a test what was raised in it."""
    async with app.run_test(size=(120, 36)) as pilot:
        try:
            yield pilot
        finally:
            app._exception = None


def told(app: GradtuiApp | RunApp) -> list[str]:
    return [note.title for note in app._notifications]


@pytest.mark.parametrize(
    ("function", "key"),
    [
        pytest.param(GradtuiApp.action_in_full, "i", id="an action"),
        pytest.param(GradtuiApp.on_snapshot_arrived, "right", id="an answer"),
        pytest.param(Asking._now, "right", id="what the loop calls"),
        pytest.param(drawing.dots_of, "plus", id="a worker"),
        pytest.param(Picture._follow, "down", id="a part of the picture"),
        pytest.param(Formula.changed, "+", id="what is typed"),
    ],
)
async def test_the_rest_goes_on(function: FunctionType, key: str) -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("slash", "end")
        if key != "+":
            await pilot.press("escape")
        assert told(app) == []
        with failing(function):
            await pilot.press(key)
            await pilot.pause()
            await app.workers.wait_for_complete()
        assert told(app) == ["Error"]
        if key != "+":
            await pilot.press("right", "slash", "end")
        await pilot.press(*"x")
        assert app.line.formula.value == ("x^2 + 3x + 1+x" if key == "+" else "x^2 + 3x + 1x")
        assert app.session.points["x"].text != "4.0" or key in "+"
        assert app.is_running


async def test_what_is_typed_is_there_the_next_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be painted."""
    app = make_app()
    app.memory = Memory(tmp_path / "remembered.json")
    async with running(app) as pilot:
        await pilot.press("slash", "end")
        with failing(problem.place_caret):
            await pilot.press(*TYPED)
            await pilot.pause()
    assert app.return_code == 1
    (newest,) = [text for text in Memory(tmp_path / "remembered.json").load() if text.startswith("x^2 + 3x + 1+")]
    assert f"x^2 + 3x + 1{TYPED}".startswith(newest)
    report = Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / faults.KEPT_IN
    assert "place_caret" not in (said := " ".join(capsys.readouterr().err.split()))
    assert "tui/panes/problem.py, line" in said
    assert str(report) in said.replace(" ", "")
    assert "RuntimeError" in report.read_text()


async def test_a_line_that_is_left_by_quitting_is_kept(tmp_path: Path) -> None:
    app = make_app()
    app.memory = Memory(tmp_path / "remembered.json")
    async with running(app) as pilot:
        await pilot.press("slash", "end", *TYPED, "ctrl+q")
    assert Memory(tmp_path / "remembered.json").load()[-1] == f"x^2 + 3x + 1{TYPED}"


@pytest.mark.parametrize("function", [Picture.__init__, Outline.__init__])
async def test_without_a_first_picture_it_ends(function: FunctionType) -> None:
    app = make_app()
    with failing(function), pytest.raises(RuntimeError):
        async with app.run_test():
            pass
    assert app.return_code == 1


async def test_who_cannot_be_left_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key fails, also the one that quits."""
    monkeypatch.setattr(own_errors, "MOST", 2)
    app = make_app()
    async with running(app) as pilot:
        with failing(KeyOrder.arrive):
            for _ in range(own_errors.MOST):
                app.post_message(Key("q", "q"))
            await pilot.pause()
            assert told(app) == ["Error"]
            app.post_message(Key("q", "q"))
            for _ in range(1_000):
                await asyncio.sleep(0.01)
                if not app.is_running:
                    break
    assert app.return_code == 1


async def test_in_sentences() -> None:
    said: list[str] = []
    lines = iter(["i", "right", "q"])

    async def read() -> str:
        return next(lines, "")

    with failing(GradtuiApp.action_in_full):
        assert await plain_session.run(make_app(), read, said.append) == 1
    assert "x = 4.1" in said


async def test_on_a_run(tmp_path: Path) -> None:
    save(made.run(), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    async with running(app) as pilot:
        while not app.look.count:
            await pilot.pause(0.01)
        with failing(Look.zoom):
            await pilot.press("plus")
        assert told(app) == ["Error"]
        await pilot.press("home")
        assert app.look.place == 0


@pytest.mark.parametrize("function", [Following.more, Following.run, Timeline.view])
async def test_a_run_that_is_not_followed_any_more_says_so(function: FunctionType, tmp_path: Path) -> None:
    """All else goes on."""
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))
    with made.begun(path, made.run()) as writer:
        async with running(app) as pilot:
            made.write(writer, made.run(5))
            while app.look.count < 5:
                await pilot.pause(0.01)
            with failing(function):
                writer.printed("more")
                while not app.source.stopped:
                    await pilot.pause(0.01)
            await pilot.pause()
            assert told(app) == ["Error"]
            await pilot.press("home")
            assert app.look.place == 0
            assert STOPPED in str(app.doing.content)
