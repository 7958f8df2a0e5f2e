"""Which cells of a chart differ from those painted before: no others are painted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.geometry import Region

from gradtui.chart.drawing import Cell
from gradtui.chart.overlay import Overlay
from gradtui.chart.plane import Cells


def in_overlay(before: Overlay, after: Overlay) -> Iterator[Region]:
    """The shortest stretch of each row that covers the cells in which two overlays differ."""
    for row in before.keys() | after.keys():
        yield from _in_row(row, before.get(row, {}), after.get(row, {}))


def in_drawing(before: Cells, after: Cells) -> Iterator[Region]:
    """The same of two drawings of one size: mostly a path has grown."""
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            yield from _in_row(row, dict(enumerate(old)), dict(enumerate(new)))


def _in_row(row: int, old: Mapping[int, Cell], new: Mapping[int, Cell]) -> Iterator[Region]:
    columns = [column for column in old.keys() | new.keys() if old.get(column) != new.get(column)]
    if columns:
        first, last = min(columns), max(columns)
        yield Region(first, row, last - first + 1, 1)
