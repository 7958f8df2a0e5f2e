"""A border that is kept is the one that Textual would make, and what changes costs no more than itself."""

from __future__ import annotations

from typing import Any

import pytest
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from gradtui.tui.panes.framed import Framed
from tests.tui.training.engine import trained_app


def assert_as_textual_paints(pane: Framed) -> None:
    whole = pane.outer_size.region
    painted, expected = pane.render_lines(whole), StylesCache().render_widget(pane, whole)
    assert [[*strip] for strip in painted] == [[*strip] for strip in expected]
    assert [strip.cell_length for strip in painted] == [strip.cell_length for strip in expected]


async def made(pilot: Pilot[Any], number: int) -> None:
    trainer = pilot.app.board.trainer  # type: ignore[attr-defined]
    while trainer.next is None or trainer.history.here < number:
        await pilot.pause(0.005)


async def test_lines_are_as_textual_paints_them() -> None:
    app = trained_app("x^2", {"x": "2"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await made(pilot, 0)
        panes = [app.picture.graph, app.picture.chart, app.picture.node_panel]

        def check() -> None:
            for pane in panes:
                assert_as_textual_paints(pane)

        check()
        panes[0].focus()
        await pilot.press("g")
        await made(pilot, 1)
        check()
        changes = ("text_opacity", 0.5), ("tint", "red 30%"), ("border", ("none", "red"))
        for pane, (rule, value) in zip(panes, changes, strict=True):
            setattr(pane.styles, rule, value)
        await pilot.pause()
        check()
        app.theme = "textual-light"
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        check()


async def test_an_update_paints_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the whole screen is laid out for it, nor a pane painted for its title."""
    app = trained_app("x + 3x + 1", {"x": "1.125"}, "SGD(lr=0.03125)")  # by 0.125 each time
    laid_out: list[object] = []
    painted: list[tuple[Widget, tuple[Region, ...]]] = []

    def lay_out(screen: Screen[Any], *arguments: Any, **further: Any) -> None:
        laid_out.append(screen)
        refresh_layout(screen, *arguments, **further)

    def dirty(widget: Widget, *regions: Region) -> None:
        painted.append((widget, regions))
        set_dirty(widget, *regions)

    refresh_layout, set_dirty = Screen._refresh_layout, Widget._set_dirty
    async with app.run_test(size=(120, 36)) as pilot:
        for number in range(1, 4):  # two more, and the columns are as wide as they need be
            await made(pilot, number - 1)
            await pilot.press("g")
        await made(pilot, 3)
        await pilot.pause(0.1)
        monkeypatch.setattr(Screen, "_refresh_layout", lay_out)
        monkeypatch.setattr(Widget, "_set_dirty", dirty)
        await pilot.press("g")
        await made(pilot, 4)
        await pilot.pause(0.1)
        monkeypatch.undo()
        assert "4 updates" in str(app.picture.node_panel.border_subtitle)
    assert not laid_out
    panes = [regions for widget, regions in painted if isinstance(widget, Framed)]
    assert panes
    assert all(panes)


async def test_a_path_that_grows_is_all_that_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no cell of the contour before it is left."""
    app = trained_app("4x + 2y", {"x": "9", "y": "9"}, "SGD(lr=0.25)")  # by 1 and by 0.5: soon no column gets wider
    async with app.run_test(size=(120, 36)) as pilot:
        chart, whole, number = app.picture.chart, 0, 0
        await made(pilot, 0)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.board.charts.kind == "contour"

        def dirty(widget: Widget, *regions: Region) -> None:
            nonlocal whole
            whole += widget is chart and not regions and number > 2
            set_dirty(widget, *regions)

        set_dirty = Widget._set_dirty
        for number in range(1, 5):
            before = chart._cells
            monkeypatch.setattr(Widget, "_set_dirty", dirty)
            await pilot.press("g")
            await made(pilot, number)
            await app.workers.wait_for_complete()
            await pilot.pause()
            monkeypatch.undo()
            assert chart._cells != before
            assert_as_textual_paints(chart)
        assert not whole
