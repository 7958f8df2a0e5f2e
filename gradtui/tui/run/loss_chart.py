"""The loss by update, above the heat map and over the same columns. Drawn in a thread; the last picture stays meanwhile."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import groupby
from typing import get_args

from gradtui.chart.by_update import draw_loss
from gradtui.chart.drawing import Role
from gradtui.chart.plane import Cells
from gradtui.tui.colours import CHART
from gradtui.tui.panes.line_view import Line, LineView, Piece
from gradtui.tui.run.look import Look
from gradtui.tui.textual_fixes import run_beside

AFTER = 1
"""A cell at the right end, behind the axis."""
NO_LOSS = "no loss is known: no backward has run before an update"


class LossChart(LineView, can_focus=False):
    DEFAULT_CSS = (
        """
    LossChart {
"""
        + CHART
        + """
        .chart--here { color: $foreground; text-style: bold reverse; }
    }
    """
    )
    COMPONENT_CLASSES = {*(f"chart--{role}" for role in get_args(Role)), "chart--here"}

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look = look
        self._cells: Cells = ()
        self._margin = self._columns = 0
        self._drawn: object = None
        self._drawing = False

    @property
    def line_count(self) -> int:
        return self.scrollable_content_region.height

    def show(self, margin: int, columns: int) -> None:
        """margin: cells at the left of its axis. columns: of the updates."""
        self._margin, self._columns = margin, columns
        self.lines_changed()
        if not self._drawing and self._wanted() != self._drawn and self.is_attached:
            self._drawing = True
            run_beside(self, self._draw, group="loss")

    def on_resize(self) -> None:
        """A finding more, and there is a line less for it."""
        if self._columns:
            self.show(self._margin, self._columns)

    @property
    def settled(self) -> bool:
        return not self._drawing and self._drawn == self._wanted()

    def _wanted(self) -> object:
        """All that a picture depends on."""
        look = self._look
        return look.record, look.count, look.window, self.size, self._margin, self._columns, len(look.run.findings)

    async def _draw(self) -> None:
        """Until the picture is that of what is wanted."""
        try:
            while self._wanted() != self._drawn:
                wanted, look = self._wanted(), self._look
                low, high = look.window
                width, height = self._margin + 1 + self._columns + AFTER, self.scrollable_content_region.height
                known = look.record.scalars[low:high]
                losses = [(place, one.loss) for place, one in enumerate(known, low) if one.loss is not None]
                optimizers = look.run.names_of([one.optimizer for one in known if one.loss is not None])
                troubles = [
                    look.record.place(one.update)
                    for one in look.run.findings
                    if one.update is not None and one.certainty != "perhaps"
                ]
                draw = partial(draw_loss, losses, (low, high), width, height, optimizers=optimizers, troubles=troubles)
                cells = await asyncio.to_thread(draw, margin=self._margin)
                self._cells = cells or ()
                self._drawn = wanted
                self.lines_changed()
        finally:
            self._drawing = False

    def line(self, y: int) -> Line:
        if y >= len(self._cells):
            told = NO_LOSS if not y and self._look.count and self.settled else ""
            return Line(((told, "chart--label"),))
        row = [*self._cells[y]]
        column = self._look.column(self._columns)
        pieces: list[Piece] = []
        at = 0 if column is None else self._margin + 1 + column
        if at and 0 < y < len(self._cells) - 2 and at < len(row):
            text = row[at][0]
            before, after = row[:at], row[at + 1 :]
            pieces = [*_pieces(before), ("│" if text in (" ", "⠀") else text, "chart--here"), *_pieces(after)]
        else:
            pieces = _pieces(row)
        return Line(tuple(pieces))


def _pieces(cells: list[tuple[str, Role]]) -> list[Piece]:
    return [
        ("".join(text for text, _ in group), f"chart--{role}") for role, group in groupby(cells, key=lambda one: one[1])
    ]
