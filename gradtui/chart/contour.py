"""The contour of f over two variables, with the paths of trainings on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from gradtui.chart.by_update import MOST_POINTS, Track, legend, marked
from gradtui.chart.drawing import DOTS, Cell, Role, merged
from gradtui.chart.plane import Cells, Entry, Plane, has_room
from gradtui.chart.window import Frame, Position
from gradtui.snapshot.surface import Surface

LEVELS = 9
THIS_PATH: Cell = ("∘", "f")
ARROWS = "→↗↑↖←↙↓↘"
ARROW = 0.16
"""Its length, as a part of the plane."""
AXIS, MARKS = 0.24, 6
"""Half of the length of a Hessian's direction, as a part of the plane, and the marks on it."""


class Axis(Struct, frozen=True):
    """A direction of the Hessian over the two variables of a contour, of length 1."""

    eigenvalue: float
    direction: Position


def draw_contour(
    surface: Surface,
    tracks: Sequence[Track],
    gradient: Position | None,
    width: int,
    height: int,
    axes: Sequence[Axis] = (),
    *,
    named: bool = True,
) -> Cells | None:
    """Lines of equal f, the paths, and from the end of the last the arrow of -gradient.

    axes: the directions of the Hessian there, with its eigenvalues: dashes along which f curves up or down.
    named: whether the paths are of optimizers; where nothing is trained there is but a point.
    """
    if not has_room(width, height):
        return None
    told = legend(tracks, THIS_PATH) if named else []
    if gradient is not None:
        told.append(Entry(("↗", "tangent"), ("−gradient", "−∇f")))
    told += [Entry((_sign(axis), "derivative"), (f"λ = {axis.eigenvalue:.4g}",)) for axis in axes]
    plane = Plane(*surface.windows, width, height, names=surface.names, legend=told)
    draw_lines(plane, surface)
    for track, (mark, role) in zip(tracks, marked(tracks, THIS_PATH), strict=True):
        is_last = track is tracks[-1]
        if is_last:
            plane.line(track.path, "f")
        for one in track.path[-MOST_POINTS:]:
            plane.mark(one, mark, role)
        if is_last and track.path:
            for axis in axes:
                _axis(plane, track.path[-1], axis)
        if is_last and gradient is not None and track.path:
            _arrow(plane, track.path[-1], gradient)
    for track, end in zip(tracks, marked(tracks, ("●", "point")), strict=True):
        if track.path:
            plane.mark(track.path[-1], *end)
    return plane.cells()


def draw_lines(plane: Plane, surface: Surface, bounds: tuple[float | None, ...] = (), role: Role = "zero") -> None:
    """Lines of equal f. bounds: of the levels; () for as many as there is room for."""
    canvas = plane.canvas
    for row, column, dots in _contour(surface, plane.frame, tuple(one for one in bounds if one is not None)):
        canvas[row][column] = merged(canvas[row][column], dots, role)


@lru_cache(maxsize=8)
def _contour(surface: Surface, frame: Frame, bounds: Sequence[float]) -> tuple[tuple[int, int, int], ...]:
    """Cells with the dots in them: one wherever the level changes from one dot to the next. It stays while a path grows."""
    finite = sorted(value for value in surface.values if math.isfinite(value))
    if len(finite) < 2 or finite[0] == finite[-1]:
        return ()
    count = max(3, min(LEVELS, frame.rows * 2 // 3))
    bounds = bounds or [finite[len(finite) * number // count] for number in range(1, count)]
    across = [column / (frame.width - 1) for column in range(frame.width)]
    levels = [
        [_level(_between(surface, x, row / (frame.height - 1)), bounds) for x in across] for row in range(frame.height)
    ]
    cells: dict[tuple[int, int], int] = {}
    for row in range(frame.height - 1):
        here, above = levels[row], levels[row + 1]
        for column in range(frame.width - 1):
            if here[column] != here[column + 1] or here[column] != above[column]:
                at = frame.rows - 1 - row // 4, column // 2
                cells[at] = cells.get(at, 0) | DOTS[column % 2][row % 4]
    return tuple((row, column, dots) for (row, column), dots in cells.items())


def _level(value: float, bounds: Sequence[float]) -> int:
    return -1 if math.isnan(value) else sum(value > bound for bound in bounds)


def _between(surface: Surface, across: float, up: float) -> float:
    """Bilinear, of the four values around."""
    columns, rows = surface.counts
    x, y = across * (columns - 1), up * (rows - 1)
    left, low = min(int(x), columns - 2), min(int(y), rows - 2)
    dx, dy = x - left, y - low
    at, values = low * columns + left, surface.values
    lower = values[at] * (1 - dx) + values[at + 1] * dx
    upper = values[at + columns] * (1 - dx) + values[at + columns + 1] * dx
    return lower * (1 - dy) + upper * dy


def _sign(axis: Axis) -> str:
    """Told apart without colours: f curves up, down, or not along it."""
    return "⌣" if axis.eigenvalue > 0 else "⌢" if axis.eigenvalue < 0 else "╌"


def _axis(plane: Plane, middle: Position, axis: Axis) -> None:
    """A mark in every second cell, on both sides of the point, as the direction lies on the plane."""
    spans = [high - low for low, high in (plane.frame.x_window, plane.frame.y_window)]
    longest = max(abs(part) / span for part, span in zip(axis.direction, spans, strict=True))
    if not longest or not math.isfinite(longest):
        return
    x, y = (part / longest * AXIS for part in axis.direction)
    for number in range(-MARKS, MARKS + 1):
        part = number / MARKS
        plane.mark((middle[0] + x * part, middle[1] + y * part), _sign(axis), "derivative")


def _arrow(plane: Plane, start: Position, gradient: Position) -> None:
    """As it lies on the plane, whose axes may have other scales."""
    frame = plane.frame
    spans = [high - low for low, high in (frame.x_window, frame.y_window)]
    size = math.hypot(*gradient)
    if not size or not math.isfinite(size):
        return
    longest = max(abs(part) / span for part, span in zip(gradient, spans, strict=True))
    x, y = (-part / longest * ARROW for part in gradient)
    end = start[0] + x, start[1] + y
    places = [(start[0] + x * part / 20, start[1] + y * part / 20) for part in range(21)]
    plane.line(places, "tangent")
    turn = math.atan2(y / spans[1] * frame.height, x / spans[0] * frame.width)
    plane.mark(end, ARROWS[round(turn / (math.pi / 4)) % 8], "tangent")
