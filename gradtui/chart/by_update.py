"""The chart of f by update, of one training or of several beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from gradtui.chart.drawing import Cell, Role
from gradtui.chart.plane import Cells, Entry, Plane, around, has_room
from gradtui.chart.window import Position
from gradtui.snapshot.training import Optimizer

LOGARITHMIC = 100.0
"""By what the largest f is to exceed the smallest for its logarithm to be drawn."""
MOST_POINTS = 2000
"""Of a run that are drawn: more fall on the same cells."""
BESIDE: tuple[tuple[str, Role], ...] = (("△", "derivative"), ("×", "tangent"), ("+", "variable"))
"""The runs that are kept beside this one: their marks, told apart without colours."""


THIS_LINE: Cell = ("━", "f")


class Track(Struct, frozen=True):
    """One run: its optimizer, f by update, and where two variables stood."""

    optimizer: Optimizer
    values: tuple[float, ...]
    path: tuple[Position, ...] = ()


def marked(tracks: Sequence[Track], this: Cell) -> list[Cell]:
    """The mark of each, that of the last, which is the run that goes on, being `this`."""
    return [this if place == len(tracks) - 1 else BESIDE[place % len(BESIDE)] for place in range(len(tracks))]


def legend(tracks: Sequence[Track], this: Cell) -> list[Entry]:
    """That which goes on first. In fewer words: only the settings in which optimizers of one name differ; the name alone."""
    entries = []
    for track, mark in zip(tracks, marked(tracks, this), strict=True):
        optimizer = track.optimizer
        same = [other.optimizer.settings for other in tracks if other.optimizer.name == optimizer.name]
        own = {key: value for key, value in optimizer.settings.items() if any(one.get(key) != value for one in same)}
        apart = Optimizer(optimizer.name, own).text if own else optimizer.name
        entries.append(Entry(mark, (optimizer.text, apart, optimizer.name)))
    return [*entries[-1:], *entries[:-1]]


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
        legend=legend(tracks, THIS_LINE),
        powers=powers,
    )
    for track, (mark, role) in zip(tracks, marked(tracks, THIS_LINE), strict=True):
        points = [(float(number), height_of(value)) for number, value in thinned(track.values)]
        is_last = track is tracks[-1]
        plane.line(points, role, "" if is_last else mark)
        if is_last and points:
            plane.mark(points[-1], "●", "point")
    return plane.cells()
