"""Where a text stands beside a point of a chart so that it hides least."""

from __future__ import annotations

from collections.abc import Callable

WEIGHT = {"f": 3, "other": 3, "derivative": 2, "tangent": 1, "point": 20}
"""What it costs to hide a cell of each role."""


def beside(
    column: int, row: int, length: int, size: tuple[int, int], role: Callable[[int, int], str]
) -> tuple[int, int] | None:
    """The first column and the row for a text of `length` cells; None where there is no room.

    size: columns and rows of the canvas. role: what is drawn in a cell, by column and row.
    """
    columns, rows = size
    if length > columns // 2:
        return None
    places = [(start, at) for at in (row, row - 1, row + 1) for start in (column + 2, column - 1 - length)]
    places = [(start, at) for start, at in places if 0 <= at < rows and 0 <= start <= columns - length]

    def hidden(place: tuple[int, int]) -> int:
        start, at = place
        around = range(max(0, start - 1), min(columns, start + length + 1))
        return sum(WEIGHT.get(role(one, at), 0) for one in around)

    return min(places, key=hidden, default=None)
