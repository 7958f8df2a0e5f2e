"""A plane of cells with two axes, on which lines, marks and texts are laid: what the charts of a training are drawn on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradtui.chart.drawing import BLANK, BRAILLE, Cell, Role, cells_of, fits, merged, rasterise
from gradtui.chart.ticks import ticks
from gradtui.chart.window import Frame, Position, Window, nearest, runs

Cells = tuple[tuple[Cell, ...], ...]
MOST_LABELS = 12
"""Cells of a label beside the y axis."""
NARROW = 1e-12
"""A part of their size that numbers must span to be more than one."""


LEGEND = 7
"""Rows of the whole from which one of them is the legend's."""


class Entry(NamedTuple):
    """What a mark stands for. texts: the same in fewer and fewer words."""

    mark: Cell
    texts: tuple[str, ...]


class Plane:
    """`width` x `height` cells, above them a legend. margin: cells at the left of the axis, at least."""

    def __init__(
        self,
        x: Window,
        y: Window,
        width: int,
        height: int,
        *,
        names: tuple[str, str] = ("", ""),
        legend: Sequence[Entry] = (),
        powers: bool = False,
        margin: int = 0,
    ) -> None:
        marks = ticks(y, max(2, (height - 3) // 3))
        if powers:
            marks = [(value, f"1e{value:g}") for value, _ in marks if value == int(value)]
        widest = max((len(text) for _, text in marks), default=0)
        if widest > max(margin, min(MOST_LABELS, width // 3)):
            marks, widest = [], 0
        margin = max(margin, widest)
        across = f" {names[0]}" if len(names[0]) <= width // 8 else ""
        self._left = margin + 1
        self._after = len(across)
        self._top = _legend(names[1], legend, width, max(1, height // LEGEND))
        self.frame = Frame(x, y, width - self._left - len(across), height - 2 - len(self._top))
        self._canvas = [[BLANK] * self.frame.columns for _ in range(self.frame.rows)]
        self._y_marks = {self._row(value): text for value, text in marks}
        self._x_marks = ticks(x, max(2, self.frame.columns // 9))
        self._across, self._width = across, width

    @property
    def canvas(self) -> list[list[Cell]]:
        return self._canvas

    def line(self, places: Sequence[Position], role: Role, mark: str = "") -> None:
        """Joined by plotext, in braille; or a mark in each cell that it passes."""
        finite = [place for place in places if all(map(math.isfinite, place))]
        x, y = [place[0] for place in finite], [place[1] for place in finite]
        if not x:
            return
        for row, text in enumerate(rasterise(runs(x, y, self.frame), self.frame)):
            for column, character in enumerate(text):
                if character != " ":
                    under = self._canvas[row][column]
                    self._canvas[row][column] = (mark, role) if mark else merged(under, ord(character) - BRAILLE, role)

    def mark(self, place: Position, mark: str, role: Role) -> None:
        """One cell, where the place is inside."""
        if self.frame.holds(*place):
            self._canvas[self._row(place[1])][self._column(place[0])] = (mark, role)

    def column(self, x: float, mark: str, role: Role) -> None:
        """A line from the foot to the head, where x is inside."""
        low, high = self.frame.x_window
        if low <= x <= high:
            for row in self._canvas:
                row[self._column(x)] = (mark, role)

    def label(self, marks: Sequence[tuple[float, str]]) -> None:
        """What stands at the x axis, where that is not the numbers."""
        self._x_marks = [*marks]

    def cells(self) -> Cells:
        """The whole, row by row from the top."""
        lines = [*self._top]
        for row, cells in enumerate(self._canvas):
            text = self._y_marks.get(row)
            axis: Cell = ("│" if text is None else "┤", "axis")
            label = cells_of((text or "").rjust(self._left - 1), "label")
            lines.append([*label, axis, *cells, *[BLANK] * self._after])
        lines += self._bottom()
        return tuple(tuple(line[: self._width]) for line in lines)

    def _bottom(self) -> Iterable[list[Cell]]:
        frame = self.frame
        axis = (
            [BLANK] * (self._left - 1)
            + cells_of("└" + "─" * frame.columns, "axis")
            + cells_of(self._across, "variable")
        )
        labels = [BLANK] * len(axis)
        for value, text in self._x_marks:
            column = self._left + self._column(value)
            start = max(0, min(len(labels) - len(text), column - len(text) // 2))
            if all(cell == BLANK for cell in labels[max(0, start - 1) : start + len(text) + 1]):
                axis[column] = ("┬", "axis")
                labels[start : start + len(text)] = cells_of(text, "label")
        return axis, labels

    def _row(self, y: float) -> int:
        return self.frame.rows - 1 - nearest(self.frame.place(self.frame.x_window[0], y)[1]) // 4

    def _column(self, x: float) -> int:
        return nearest(self.frame.place(x, self.frame.y_window[0])[0]) // 2


def around(values: Iterable[float], margin: float = 0.06) -> Window:
    """A window around all finite values, wide enough to have an inside."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return -1.0, 1.0
    low, high = max(min(finite), -1e300), min(max(finite), 1e300)
    if high - low <= NARROW * max(abs(low), abs(high), 1e-300):
        half = abs(low) / 2 or 1.0
        return low - half, high + half
    return low - margin * (high - low), high + margin * (high - low)


def has_room(width: int, height: int) -> bool:
    return fits(width, height - 1)


def _legend(up: str, entries: Sequence[Entry], width: int, most: int) -> list[list[Cell]]:
    """In at most `most` rows, in as few words as that needs; from its end on without what does not fit at all."""
    for count in range(len(entries), 0, -1):
        shortest = max(len(entry.texts) for entry in entries[:count])
        for brevity in range(shortest + 1):
            rows = _rows(up, entries[:count], width, min(brevity, shortest - 1), tight=brevity == shortest)
            if len(rows) <= most and all(len(row) <= width for row in rows):
                return [[*row, *[BLANK] * (width - len(row))] for row in rows]
    row = cells_of(up, "variable")[:width]
    return [[*row, *[BLANK] * (width - len(row))]]


def _rows(up: str, entries: Sequence[Entry], width: int, brevity: int, *, tight: bool) -> list[list[Cell]]:
    """tight: a mark right before its text, and one blank between two."""
    rows = [cells_of(up, "variable")]
    start = len(rows[0])
    for mark, texts in entries:
        text = cells_of(texts[min(brevity, len(texts) - 1)], "label")
        entry = [mark, *text] if tight else [mark, BLANK, *text]
        gap = [BLANK] * (1 if tight else 2) if rows[-1] else []
        if len(rows[-1]) > start and len(rows[-1]) + len(gap) + len(entry) > width:
            rows.append([BLANK] * start)
        rows[-1] += [*gap, *entry]
    return rows
