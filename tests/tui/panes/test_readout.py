"""Lines of which only the cells that changed are painted."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region, Size

from gradtui.tui.panes.readout import TextLine
from gradtui.tui.panes.stepper import Stepper, VariableRow


class Measured:
    """Has the width that is set, as a widget has a new one before it hears of that."""

    cells = 60
    painted: list[tuple[Region, ...]]

    @property
    def size(self) -> Size:
        return Size(self.cells, 1)

    def refresh(self, *regions: Region, **settings: Any) -> Any:
        self.painted.append(regions)
        return super().refresh(*regions, **settings)  # type: ignore[misc]


class Line(Measured, TextLine):  # type: ignore[misc]
    pass


class Steps(Measured, Stepper):  # type: ignore[misc]
    pass


class Lines(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.line, self.stepper = Line(lambda: None), Steps()
        self.line.painted, self.stepper.painted = [], []

    def compose(self) -> ComposeResult:
        yield self.line
        yield self.stepper


@pytest.mark.parametrize("width", [60, 40])
async def test_of_another_width_the_whole_line_is_painted(width: int) -> None:
    """Textual has painted what stood there, as it is cut in that width."""
    app = Lines()
    async with app.run_test(size=(80, 6)) as pilot:
        app.line.show(Content("f(x) = 29, by some way or other"), Content("all agree, each with each"))
        app.stepper.show([VariableRow("x", ("4.0",), False, 0, "0.1", "11", True)])
        await pilot.pause()
        app.line.cells = app.stepper.cells = width
        app.line.painted.clear()
        app.stepper.painted.clear()
        app.line.show(Content("f(x) = 29, by some way or other"), Content("all agree"))
        app.stepper.show([VariableRow("x", ("4.1",), False, 0, "0.1", "11", True)])
        for painted in (app.line.painted, app.stepper.painted):
            assert (() in painted) == (width == 40)
