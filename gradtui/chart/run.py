"""The charts of a training: f by update, f over two variables with the path, data and their fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from gradtui.chart.drawing import Role, merged
from gradtui.chart.overlay import DOTS
from gradtui.chart.plane import Cells, Plane, around, has_room
from gradtui.chart.window import Frame, Position
from gradtui.snapshot.surface import Fit, Surface

LOGARITHMIC = 100.0
"""By what the largest f is to exceed the smallest for its logarithm to be drawn."""
MOST_POINTS = 2000
"""Of a run that are drawn: more fall on the same cells."""
LEVELS = 9
BESIDE: tuple[tuple[str, Role], ...] = (("·", "derivative"), ("×", "tangent"), ("+", "variable"))
"""The runs that are kept beside this one: their marks, told apart without colours."""
THIS_LINE: tuple[str, Role] = ("", "f")
THIS_PATH: tuple[str, Role] = ("∘", "f")
ARROWS = "→↗↑↖←↙↓↘"
ARROW = 0.16
"""Its length, as a part of the plane."""
AXIS, MARKS = 0.24, 6
"""Half of the length of a Hessian's direction, as a part of the plane, and the marks on it."""
HALF = 0.5
HIGHER: tuple[str, Role] = ("●", "point")
LOWER: tuple[str, Role] = ("○", "derivative")
"""The points of two classes, told apart without colours."""


class Track(Struct, frozen=True):
    """One run: its optimizer, f by update, and where two variables stood."""

    text: str
    values: tuple[float, ...]
    path: tuple[Position, ...] = ()


class Axis(Struct, frozen=True):
    """A direction of the Hessian over the two variables of a contour, of length 1."""

    eigenvalue: float
    direction: Position


def thinned(values: Sequence[float]) -> list[tuple[int, float]]:
    """Numbered, at most MOST_POINTS of them, with the lowest and highest of each stretch so that no peak is lost."""
    if len(values) <= MOST_POINTS:
        return [*enumerate(values)]
    size = -(-len(values) * 2 // MOST_POINTS)
    found = []
    for start in range(0, len(values), size):
        stretch = range(start, min(start + size, len(values)))
        ends = {min(stretch, key=lambda place: values[place]), max(stretch, key=lambda place: values[place])}
        found += [(place, values[place]) for place in sorted(ends)]
    return found


def draw_values(tracks: Sequence[Track], width: int, height: int) -> Cells | None:
    """f by update; its logarithm where it spans powers of ten. The last track is the run that goes on."""
    if not has_room(width, height) or not any(track.values for track in tracks):
        return None
    every = [value for track in tracks for value in track.values if math.isfinite(value)]
    powers = bool(every) and min(every) > 0 and max(every) > LOGARITHMIC * min(every)
    longest = max(len(track.values) for track in tracks)

    def height_of(value: float) -> float:
        return math.log10(value) if powers and value > 0 else value

    plane = Plane(
        (0.0, float(max(1, longest - 1))),
        around(height_of(value) for value in every),
        width,
        height,
        names=("update", "f"),
        powers=powers,
    )
    for place, track in enumerate(tracks):
        is_last = place == len(tracks) - 1
        mark, role = THIS_LINE if is_last else BESIDE[place % len(BESIDE)]
        points = [(float(number), height_of(value)) for number, value in thinned(track.values)]
        plane.line(points, role, mark)
        if points:
            plane.mark(points[-1], "●", "point" if is_last else role)
        plane.explain(mark or "━", role, track.text)
    return plane.cells()


def draw_contour(
    surface: Surface,
    tracks: Sequence[Track],
    gradient: Position | None,
    width: int,
    height: int,
    axes: Sequence[Axis] = (),
) -> Cells | None:
    """Lines of equal f, the paths, and from the end of the last the arrow of -gradient.

    axes: the directions of the Hessian there, with its eigenvalues: dashes along which f curves up or down.
    """
    if not has_room(width, height):
        return None
    plane = Plane(*surface.windows, width, height, names=surface.names)
    _lines(plane, surface)
    for place, track in enumerate(tracks):
        is_last = place == len(tracks) - 1
        mark, role = THIS_PATH if is_last else BESIDE[place % len(BESIDE)]
        if is_last:
            plane.line(track.path, "f")
        for one in track.path[-MOST_POINTS:]:
            plane.mark(one, mark, role)
        if is_last and track.path:
            for axis in axes:
                _axis(plane, track.path[-1], axis)
        if is_last and gradient is not None and track.path:
            _arrow(plane, track.path[-1], gradient)
        if track.path:
            plane.mark(track.path[-1], "●", "point" if is_last else role)
        plane.explain(mark, role, track.text)
    if gradient is not None:
        plane.explain("↗", "tangent", "−gradient")
    for axis in axes:
        plane.explain(_sign(axis), "derivative", f"λ = {axis.eigenvalue:.4g}")
    return plane.cells()


def draw_fit(fit: Fit, width: int, height: int) -> Cells | None:
    """The data as points, the binding as a line; where the target has two classes, also where the decision changes."""
    if not has_room(width, height):
        return None
    if fit.surface is not None:
        return _draw_decision(fit, fit.surface, width, height)
    y = [place[1] for place in (*fit.points, *fit.line)]
    plane = Plane(around(place[0] for place in fit.points), around(y), width, height, names=(fit.column, fit.target))
    boundary = boundary_of(fit)
    if boundary is not None:
        low, high = plane.frame.y_window
        for number in range(plane.frame.rows * 2):
            plane.mark((boundary, low + (high - low) * number / (plane.frame.rows * 2)), "┊", "tangent")
    plane.line(fit.line, "f")
    for place in fit.points:
        plane.mark(place, "●", "point")
    plane.explain("●", "point", fit.target)
    plane.explain("━", "f", f"{fit.name} over {fit.column}")
    if boundary is not None:
        plane.explain("┊", "tangent", f"{fit.name} = {_half(fit.level)} at {boundary:.4g}")
    return plane.cells()


def _draw_decision(fit: Fit, surface: Surface, width: int, height: int) -> Cells:
    """Both classes over two columns of data, and the line between those that the binding holds for one and for the other."""
    plane = Plane(*surface.windows, width, height, names=surface.names)
    _lines(plane, surface, (fit.level,), "tangent")
    for place, higher in zip(fit.points, fit.classes, strict=True):
        plane.mark(place, *(HIGHER if higher else LOWER))
    ones = sum(fit.classes)
    plane.explain(*HIGHER, f"{fit.target}, higher: {ones}")
    plane.explain(*LOWER, f"lower: {len(fit.classes) - ones}")
    plane.explain("━", "tangent", f"{fit.name} = {_half(fit.level)}")
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


def _lines(plane: Plane, surface: Surface, bounds: tuple[float | None, ...] = (), role: Role = "zero") -> None:
    """bounds: of the levels; () for as many as there is room for."""
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
