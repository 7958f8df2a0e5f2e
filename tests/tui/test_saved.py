"""The screen on a Snapshot that was saved: all of it can be looked at, and nothing moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.widgets import Static

from gradtui.engine.training.evaluate import evaluate
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.start import Start
from gradtui.snapshot.training import Batches, TrainingRequest
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui.app import GradtuiApp
from gradtui.tui.saved import explorer
from gradtui.tui.session import Session
from gradtui.tui.typing.idle_keys import nothing_new
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING
from tests.tui.test_app import press, text_of, until
from tests.tui.training.engine import Engine


def notices(app: GradtuiApp) -> list[str]:
    return [notice.message for notice in app._notifications]


async def test_all_of_it_is_there() -> None:
    app = explorer(examples.quadratic())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert all(piece in text for piece in ("f(x) = ", "x^2 + 3x + 1", "29", "11", "2*x + 3", "AccumulateGrad"))
        assert "saved · float32 · cpu" in text
        assert app.picture.chart._curve is not None
        assert notices(app) == []


async def test_backward_is_stepped() -> None:
    app = explorer(examples.quadratic())
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "n", "n")
        assert (app.backward.cursor.steps_done, app.backward.cursor.selected) == (2, 1)


async def test_a_key_that_asks_for_more_says_that_there_is_none() -> None:
    app = explorer(examples.quadratic())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        before, window = dict(app.session.points), app.session.window
        for key in ("right", "left", "x", "slash", "plus", "f", "c", "left_square_bracket", "v"):
            app.clear_notifications()
            await press(pilot, key)
            assert (key, notices(app)) == (key, [nothing_new(app.session)])
            assert (app.session.points, app.session.window, app.session.experiments) == (before, window, ())
            assert app.focused is None


async def test_the_mouse_moves_nothing() -> None:
    app = explorer(examples.quadratic())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        before = dict(app.session.points)
        await pilot.click("#chart", offset=(20, 5))
        await pilot.click("#expression")
        await pilot.press("1")
        await pilot.pause()
        assert app.session.points == before
        assert app.picture.formula.value == "x^2 + 3x + 1"
        assert nothing_new(app.session) in notices(app)


async def test_the_palette_has_no_examples() -> None:
    app = explorer(examples.quadratic())
    async with app.run_test() as pilot:
        await pilot.pause()
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert not any(title.startswith(("Example", "Use float")) for title in titles)
        assert any("backward" in title.casefold() for title in titles)


SHOWN: dict[str, Callable[[], Snapshot]] = {
    "vector": examples.vector_quadratic,
    "two variables": examples.two_variables,
    "nan gradient": examples.nan_gradient,
    "constant": examples.constant,
    "bert": lambda: synthetic.bert(2, 16),
    "everything": lambda: EVERYTHING,
    "nothing": lambda: Snapshot(0, ""),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_every_snapshot_is_shown(name: str, size: tuple[int, int]) -> None:
    snapshot = SHOWN[name]()
    app = explorer(snapshot)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "n", "l", "l", "w", "s", "down", "up", "v", "e", "d", "P", "space")
        if snapshot.graph.nodes:
            assert snapshot.graph.nodes[0].name in text_of(app)
        assert app.line.query_one("#title", Static).display


async def test_what_is_opened_live_has_the_same_colours() -> None:
    app = explorer(examples.quadratic(), "textual-light")
    async with app.run_test() as pilot:
        await pilot.pause()
        app.action_go_live()
    assert app.live_again is not None
    assert app.live_again.theme == "textual-light"


async def live_again(saved: Snapshot) -> Start | None:
    """What "Open it live" opens, None where it is not offered."""
    app = explorer(saved)
    async with app.run_test() as pilot:
        await pilot.pause()
        if not any(command.title == "Open it live" for command in app.get_system_commands(app.screen)):
            return None
        app.action_go_live()
    return app.live_again


@pytest.mark.parametrize("batches", [None, Batches(2, 0)])
async def test_what_is_opened_live_has_its_data_and_is_trained_alike(batches: Batches | None) -> None:
    """It is the same function, with the same value and gradient."""
    x, y = (1.0, 2.0, 3.0, 4.0), (2.1, 3.9, 6.2, 7.8)
    training = TrainingRequest(read_optimizer("Adam(lr=0.3)"), ("w",), count=3, batches=batches)
    at: dict[str, float | tuple[float, ...]] = {"x": x, "y": y, "w": 0.5, "b": 0.25}
    asked = Request(1, "p = w*x + b; (p - y)^2", at, "float64", data=("x", "y"), training=training)
    saved = evaluate(asked)
    start = await live_again(saved)
    assert start is not None
    assert start.data == {"x": x, "y": y}
    assert (start.optimizer, start.trained, start.batches) == (training.optimizer, ("w",), batches)
    app = GradtuiApp(Session(start), Engine, training=start)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.answers.shown is not None and not app.answers.waiting, "the answer")
        shown = app.answers.shown
        assert shown is not None
        assert shown.value == saved.value
        assert shown.variables == saved.variables


async def test_what_is_not_whole_is_not_opened_live() -> None:
    """Of a large vector there are but the first numbers: that would be another function."""
    large = tuple(range(5000))
    assert await live_again(evaluate(Request(1, "sum(x^2)", {"x": (1.0, 2.0)}))) is not None
    assert await live_again(evaluate(Request(1, "sum(x^2)", {"x": tuple(map(float, large))}))) is None
    column = Request(1, "(w*x - 1)^2", {"x": tuple(map(float, large)), "w": 1.0}, data=("x",), fit=True)
    assert await live_again(evaluate(column)) is None


async def test_a_command_that_is_copied_opens_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of data have no place in it, nor has what was not saved; then none is offered."""
    large = tuple(map(float, range(5000)))
    small = Request(1, "(w*x - 1)^2", {"x": (1.0, 2.0), "w": 1.0}, data=("x",), fit=True)
    for asked, offered in (
        (small, False),
        (replace(small, data=(), fit=False), True),
        (replace(small, at={"x": large, "w": 1.0}, data=(), fit=False), False),
    ):
        app, titles = explorer(evaluate(asked)), list[str]()
        monkeypatch.setattr(app, "search_commands", lambda choices, **_: titles.extend(title for title, _ in choices))  # noqa: B023
        async with app.run_test() as pilot:
            await pilot.pause()
            app.action_copy()
        assert "Copy the value" in titles
        assert ("Copy the command" in titles) == offered
