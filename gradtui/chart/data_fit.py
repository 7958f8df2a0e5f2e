"""The chart of data and what f makes of them: points and a line, or two classes and where the decision changes."""

from __future__ import annotations

from itertools import pairwise

from gradtui.chart.contour import draw_lines
from gradtui.chart.drawing import Cell
from gradtui.chart.plane import Cells, Entry, Plane, around, has_room
from gradtui.snapshot.surface import Fit, Surface

HALF = 0.5
HIGHER: Cell = ("●", "point")
LOWER: Cell = ("○", "derivative")
"""The points of two classes, told apart without colours."""


def draw_fit(fit: Fit, width: int, height: int) -> Cells | None:
    """The data as points, the binding as a line; where the target has two classes, also where the decision changes."""
    if not has_room(width, height):
        return None
    if fit.surface is not None:
        return _draw_decision(fit, fit.surface, width, height)
    x, y = [place[0] for place in fit.points], [place[1] for place in (*fit.points, *fit.line)]
    boundary = boundary_of(fit)
    told = [Entry(("●", "point"), (fit.target,)), Entry(("━", "f"), (f"{fit.name} over {fit.column}",))]
    if boundary is not None:
        told.append(Entry(("┊", "tangent"), (f"{fit.name} = {_half(fit.level)} at {boundary:.4g}",)))
    plane = Plane(around(x), around(y), width, height, names=(fit.column, fit.target), legend=told)
    if boundary is not None:
        low, high = plane.frame.y_window
        for number in range(plane.frame.rows * 2):
            plane.mark((boundary, low + (high - low) * number / (plane.frame.rows * 2)), "┊", "tangent")
    plane.line(fit.line, "f")
    for place in fit.points:
        plane.mark(place, "●", "point")
    return plane.cells()


def _draw_decision(fit: Fit, surface: Surface, width: int, height: int) -> Cells:
    """Both classes over two columns of data, and the line between those that the binding holds for one and for the other."""
    ones = sum(fit.classes)
    told = [
        Entry(HIGHER, (f"{fit.target}, higher: {ones}",)),
        Entry(LOWER, (f"lower: {len(fit.classes) - ones}",)),
        Entry(("━", "tangent"), (f"{fit.name} = {_half(fit.level)}",)),
    ]
    plane = Plane(*surface.windows, width, height, names=surface.names, legend=told)
    draw_lines(plane, surface, (fit.level,), "tangent")
    for place, higher in zip(fit.points, fit.classes, strict=True):
        plane.mark(place, *(HIGHER if higher else LOWER))
    return plane.cells()


def _half(level: float | None) -> str:
    return "1/2" if level == HALF else "0"


def boundary_of(fit: Fit) -> float | None:
    """Where the line crosses the level at which the decision changes."""
    level = fit.level
    if level is None:
        return None
    for (x, y), (after, higher) in pairwise(fit.line):
        if (y - level) * (higher - level) <= 0 and y != higher:
            return x + (after - x) * (level - y) / (higher - y)
    return None
