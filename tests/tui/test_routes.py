"""By whatever way one comes to a state, its frame is the same: nothing of what was there before is left in it."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from gradtui.tui.app import GradtuiApp
from gradtui.tui.panes.key_footer import KeyFooter
from tests.tui.fakes import make_app
from tests.tui.test_app import press, retype, text_of
from tests.tui.test_orders import app_on
from tests.tui.test_snapshots import settle

WIDE, NARROW = (120, 36), (48, 12)


async def resized(pilot: Pilot[None], *sizes: tuple[int, int]) -> None:
    for size in sizes:
        await pilot.resize_terminal(*size)
        await settle(pilot)


async def test_the_line_of_keys_comes_back_whole() -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        before = app.query_one(KeyFooter).render_line(0).text
        await resized(pilot, NARROW, WIDE)
        assert text_of(app).splitlines()[-1] == before


@pytest.mark.parametrize("way", [["u"], ["slash", "ctrl+u", "x", "escape"], ["slash", "home", "x", "escape"]])
async def test_who_edits_begins_behind_the_function(way: list[str]) -> None:
    """And not in the middle of it, where the cursor stood in another text."""
    app = make_app("x^2 + 3x + 1")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await retype(pilot, "x")
        await press(pilot, "enter")
        await press(pilot, "u", *way)
        assert app.session.text == app.line.formula.value == "x^2 + 3x + 1"
        await press(pilot, "slash", "0")
        assert app.line.formula.value == "x^2 + 3x + 10"


async def value(pilot: Pilot[None], text: str) -> None:
    await press(pilot, "x", "ctrl+u", *text, "enter")
    await settle(pilot)


def readout(app: GradtuiApp) -> list[str]:
    return text_of(app).splitlines()[2:4]


async def test_a_long_value_takes_its_room_with_it() -> None:
    """Typed over, and undone: the numbers stand where they stood."""
    app = app_on("x^2 + 3x + 1", x="4")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        before = readout(app)
        for back in (["x", "ctrl+u", *"4.0", "enter"], ["u"]):
            await value(pilot, "3.14159265358979")
            assert readout(app) != before
            await press(pilot, *back)
            await settle(pilot)
            assert readout(app) == before


async def test_the_marks_are_as_long_as_there_is_room() -> None:
    """Also where there is more of it than with the function before."""
    app = app_on("sin(x)*exp(-x^2)")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        before = readout(app)
        for text in ("q1*sin(x)", "x*y + sin(y)", "a*b*c + x"):
            await retype(pilot, text)
            await press(pilot, "enter")
            await settle(pilot)
            await press(pilot, "u")
            await settle(pilot)
            assert readout(app) == before


@pytest.mark.parametrize("keys", ["enter", "t", "TT", "TTT", "F", "a", ["down", "enter"]])
async def test_other_rows_have_their_room_at_once(keys: list[str] | str) -> None:
    """And not with the next step of x: all would jump then."""
    app = make_app("x*y + sin(y)")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, *([keys] if keys == "enter" else keys))
        await settle(pilot)
        panes = app.picture.panes
        before = [pane.region for pane in (panes.graph, panes.chart, panes.node_panel)]
        await press(pilot, "right", "left")
        await settle(pilot)
        assert [pane.region for pane in (panes.graph, panes.chart, panes.node_panel)] == before
