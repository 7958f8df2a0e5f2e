"""Where a point was before, over a picture of f."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gradtui.chart.drawing import Cell, Picture
from gradtui.chart.overlay import Overlay
from gradtui.chart.window import Frame, Position, nearest

PLACE: Cell = ("∘", "point")
NOTHING: Cell = (" ", "tangent")
"""Where nothing moves, a place is as well seen as over the tangent."""


def trailed(moving: Overlay, picture: Picture, places: Sequence[Position]) -> Overlay:
    """What moves, with `∘` for each of the places: over the tangent, under the point and all that is said of it."""
    before: Overlay = {}
    for x, f in places:
        if (cell := _cell(picture.frame, x, f)) is not None:
            row, column = picture.top + cell[0], picture.left + cell[1]
            if moving.get(row, {}).get(column, NOTHING)[1] == "tangent":
                before.setdefault(row, {})[column] = PLACE
    return moving | {row: moving.get(row, {}) | cells for row, cells in before.items()}


@lru_cache(1024)
def _cell(frame: Frame, x: float, f: float) -> tuple[int, int] | None:
    """Row and column of the canvas; a trail is laid anew with each step. None outside the window."""
    if not frame.holds(x, f):
        return None
    column, row = (nearest(dots) for dots in frame.place(x, f))
    return frame.rows - 1 - row // 4, column // 2
