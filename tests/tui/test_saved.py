"""The screen on a Snapshot that was saved: all of it can be looked at, and nothing moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Static

from gradtui.snapshot.model import Snapshot
from gradtui.tui.app import NOTHING_NEW, GradtuiApp
from gradtui.tui.saved import explorer
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING
from tests.tui.test_app import press, text_of


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
            assert (key, notices(app)) == (key, [NOTHING_NEW])
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
        assert NOTHING_NEW in notices(app)


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
