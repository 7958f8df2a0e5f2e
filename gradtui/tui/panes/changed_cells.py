"""Which cells differ from those painted before: no others are painted again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from rich.cells import cell_len
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


def in_pieces(row: int, before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]], width: int) -> Region:
    """The stretch of a row from the first of the pieces that differs to the last; each is a text with its looks, and what
    follows them is empty."""
    start = _same(before, after)
    whole, old = _cells(after), _cells(before)
    end = whole - _same(reversed(before), reversed(after)) if whole == old else max(whole, old)
    return Region(start, row, max(0, min(end, width) - start), 1)


def _same(before: Iterable[tuple[Any, ...]], after: Iterable[tuple[Any, ...]]) -> int:
    """Cells of the pieces that both begin with."""
    return _cells([new for _, new in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))])


def _cells(pieces: Sequence[tuple[Any, ...]]) -> int:
    return sum(cell_len(piece[0]) for piece in pieces)
