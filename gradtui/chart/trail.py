"""Where a point was before, over a picture of f."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.chart.drawing import Picture
from gradtui.chart.overlay import Overlay
from gradtui.chart.window import Position, nearest


def trail(picture: Picture, places: Sequence[Position]) -> Overlay:
    """`∘` for each place inside the window."""
    frame = picture.frame
    cells: Overlay = {}
    for x, f in places:
        if frame.holds(x, f):
            column, row = (nearest(dots) for dots in frame.place(x, f))
            cells.setdefault(picture.top + frame.rows - 1 - row // 4, {})[picture.left + column // 2] = ("∘", "point")
    return cells
