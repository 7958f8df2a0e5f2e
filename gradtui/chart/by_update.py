"""The charts by update: of f, for one training or several beside each other, and of the loss of a whole run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise

from msgspec import Struct

from gradtui.chart.drawing import Cell, Role
from gradtui.chart.plane import Cells, Entry, Plane, around, has_room
from gradtui.chart.ticks import ticks
from gradtui.chart.window import Position, Window
from gradtui.runs.binned_norms import column_of, columns
from gradtui.snapshot.training import Optimizer

LOGARITHMIC = 100.0
"""By what the largest f is to exceed the smallest for its logarithm to be drawn."""
MOST_POINTS = 2000
"""Of a run that are drawn: more fall on the same cells."""
BESIDE: tuple[tuple[str, Role], ...] = (("△", "derivative"), ("×", "tangent"), ("+", "variable"))
"""The runs that are kept beside this one: their marks, told apart without colours."""

MOST_OPTIMIZERS = 3
"""That take turns, each with a loss of its own, of which each has its own line."""
SAME = 0.1
"""Of the turns, after which the loss is still that of before, from which on they have one loss together."""

NAN, INFINITE = "×", "∞"
"""Marks of losses that have no height, at the foot and at the head of the chart."""

Values = Sequence[tuple[int, float]]
"""By place of the update."""

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


def draw_values(tracks: Sequence[Track], width: int, height: int) -> Cells | None:
    """f by update; its logarithm where it spans powers of ten. The last track is the run that goes on."""
    if not has_room(width, height) or not any(track.values for track in tracks):
        return None
    every = [value for track in tracks for value in track.values if math.isfinite(value)]
    powers = _spans_powers(every)
    longest = max(len(track.values) for track in tracks)
    height_of = partial(_height, powers=powers)

    plane = Plane(
        (0.0, float(max(1, longest - 1))),
        around(height_of(value) for value in every),
        width,
        height,
        names=("update", "f"),
        legend=legend(tracks, THIS_LINE),
        powers=powers,
    )
    plane.label([*_whole((0, max(1, longest - 1)), plane.frame.columns)])
    for track, (mark, role) in zip(tracks, marked(tracks, THIS_LINE), strict=True):
        points = [(float(number), height_of(value)) for number, value in thinned([*enumerate(track.values)])]
        is_last = track is tracks[-1]
        plane.line(points, role, "" if is_last else mark)
        if is_last and points:
            plane.mark(points[-1], "●", "point")
    return plane.cells()


def _height(value: float, *, powers: bool) -> float:
    """Where a value stands: at its logarithm, where the axis is of `powers` of ten."""
    return math.log10(value) if powers and value > 0 else value


def draw_loss(
    losses: Values,
    window: tuple[int, int],
    width: int,
    height: int,
    *,
    optimizers: Sequence[str] = (),
    troubles: Sequence[int] = (),
    margin: int = 0,
) -> Cells | None:
    """The updates from `window[0]` to before `window[1]`, in columns as those of a heat map. The logarithm of the losses,
    where they span powers of ten.

    optimizers: that of each loss, where there are several: those that take turns have a line each, as in a GAN. troubles:
    updates at which findings begin. margin: cells at the left of the axis, at least. None where there is no room or no loss.
    """
    if not has_room(width - margin, height) or not losses:
        return None
    finite = [loss for _, loss in losses if math.isfinite(loss)]
    powers = _spans_powers(finite)
    height_of = partial(_height, powers=powers)

    low, high = window
    lines = taking_turns(losses, optimizers)
    cells = dict(zip(lines, (THIS_LINE, BESIDE[0], BESIDE[2]), strict=False))
    named = [Entry(cells[name], (name,)) for name in lines if name]
    plane = Plane(
        (0.0, 1.0),
        around(map(height_of, finite)),
        width,
        height,
        names=("update" if not margin else "", "loss"),
        legend=[*named, *_legend(losses)],
        powers=powers,
        margin=margin,
    )
    across = _Across(low, high, plane.frame.columns)
    labels = _whole((low, max(high - 1, low + 1)), across.count)
    plane.label([(across.middle(at), text) for at, text in labels if at < high])
    bottom, top = plane.frame.y_window
    for trouble in troubles:
        if low <= trouble < high:
            plane.column(across.middle(trouble), "┊", "trouble")
    for name, own in reversed(lines.items()):
        mark, role = cells[name]
        for is_finite, group in groupby(thinned(own), key=lambda one: math.isfinite(one[1])):
            points = [*group]
            if is_finite:
                places = [(across.within(place), height_of(loss)) for place, loss in points]
                plane.line(places, role, "" if mark == THIS_LINE[0] else mark)
                if len(points) == 1:
                    plane.mark((across.middle(points[0][0]), height_of(points[0][1])), "●", role)
                continue
            for place, loss in points:
                bad = NAN if math.isnan(loss) else INFINITE
                plane.mark((across.middle(place), top if loss == math.inf else bottom), bad, "trouble")
    return plane.cells()


class _Across:
    """Where an update stands across the chart, as a part of it: `high` - `low` of them in `count` columns."""

    def __init__(self, low: int, high: int, count: int) -> None:
        self.low, self.high, self.count = low, high, count
        self._stretches = columns(low, high, count)

    def middle(self, place: int) -> float:
        """Of its column."""
        return (column_of(place, self.low, self.high, self.count) + 0.5) / self.count

    def within(self, place: int) -> float:
        """Its own part of its column, where that has several."""
        column = column_of(place, self.low, self.high, self.count)
        stretch = self._stretches[column]
        if len(stretch) <= 1:
            return self.middle(place)
        return (column + (place - stretch.start + 0.5) / len(stretch)) / self.count


def taking_turns(losses: Values, optimizers: Sequence[str]) -> dict[str, Values]:
    """Those of each optimizer by its name, where two or three take turns; else all, without a name."""
    of_each: dict[str, list[tuple[int, float]]] = {}
    for name, one in zip(optimizers, losses, strict=False):
        of_each.setdefault(name, []).append(one)
    turns = [
        before[1] == after[1]
        for (name, before), (following, after) in pairwise(zip(optimizers, losses, strict=False))
        if name != following
    ]
    takes_turns = 1 < len(of_each) <= min(MOST_OPTIMIZERS, len(turns))
    return {**of_each} if takes_turns and sum(turns) < SAME * len(turns) else {"": losses}


def _whole(window: Window, columns: int) -> Iterator[tuple[int, str]]:
    """Marks for an axis of updates, of which there are no halves."""
    for at, text in ticks(window, max(2, columns // 9)):
        if at == int(at):
            yield int(at), text if "e" in text else text.partition(".")[0]


def _legend(losses: Values) -> Iterator[Entry]:
    if any(math.isnan(loss) for _, loss in losses):
        yield Entry((NAN, "trouble"), ("nan",))
    if any(math.isinf(loss) for _, loss in losses):
        yield Entry((INFINITE, "trouble"), ("infinite",))


def _spans_powers(values: Sequence[float]) -> bool:
    """Whether it is their logarithm that is drawn. values: all finite."""
    return bool(values) and min(values) > 0 and max(values) > LOGARITHMIC * min(values)


def thinned(values: Values) -> Values:
    """At most so many as can be told apart, with the lowest and highest of each stretch, and all without a height."""
    if len(values) <= MOST_POINTS:
        return values
    size = -(-len(values) * 2 // MOST_POINTS)
    found: list[tuple[int, float]] = []
    for start in range(0, len(values), size):
        stretch = values[start : start + size]
        kept = {one[0] for one in stretch if not math.isfinite(one[1])}
        finite = [one for one in stretch if math.isfinite(one[1])]
        if finite:
            kept |= {min(finite, key=lambda one: one[1])[0], max(finite, key=lambda one: one[1])[0]}
        found += [one for one in stretch if one[0] in kept]
    return found
