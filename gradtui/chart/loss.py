"""The loss of a training by update."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from gradtui.chart.by_update import LOGARITHMIC, MOST_POINTS
from gradtui.chart.plane import Cells, Entry, Plane, around, has_room
from gradtui.chart.ticks import ticks
from gradtui.runs.binned_norms import column_of, columns

NAN, INFINITE = "×", "∞"
"""Marks of losses that have no height, at the foot and at the head of the chart."""

Losses = Sequence[tuple[int, float]]
"""By place of the update."""


def draw_loss(
    losses: Losses, window: tuple[int, int], width: int, height: int, *, troubles: Sequence[int] = (), margin: int = 0
) -> Cells | None:
    """The updates from `window[0]` to before `window[1]`, in columns as those of a heat map. The logarithm of the losses,
    where they span powers of ten.

    troubles: updates at which findings begin. margin: cells at the left of the axis, at least. None where there is no room
    or no loss.
    """
    if not has_room(width - margin, height) or not losses:
        return None
    finite = [loss for _, loss in losses if math.isfinite(loss)]
    powers = bool(finite) and min(finite) > 0 and max(finite) > LOGARITHMIC * min(finite)

    def height_of(loss: float) -> float:
        return math.log10(loss) if powers and loss > 0 else loss

    low, high = window
    plane = Plane(
        (0.0, 1.0),
        around(map(height_of, finite)),
        width,
        height,
        names=("update" if not margin else "", "loss"),
        legend=[*_legend(losses)],
        powers=powers,
        margin=margin,
    )
    count = plane.frame.columns
    stretches = columns(low, high, count)

    def middle(place: int) -> float:
        return (column_of(place, low, high, count) + 0.5) / count

    def within(place: int) -> float:
        column = column_of(place, low, high, count)
        stretch = stretches[column]
        return (column + (place - stretch.start + 0.5) / len(stretch)) / count if len(stretch) > 1 else middle(place)

    marks = ticks((low, max(high - 1, low + 1)), max(2, count // 9))
    plane.label([(middle(int(at)), text) for at, text in marks if at == int(at) and at < high])
    bottom, top = plane.frame.y_window
    for trouble in troubles:
        if low <= trouble < high:
            plane.column(middle(trouble), "┊", "trouble")
    for is_finite, group in groupby(_thinned(losses), key=lambda one: math.isfinite(one[1])):
        points = [*group]
        if is_finite:
            plane.line([(within(place), height_of(loss)) for place, loss in points], "f")
            if len(points) == 1:
                plane.mark((middle(points[0][0]), height_of(points[0][1])), "●", "f")
            continue
        for place, loss in points:
            mark = NAN if math.isnan(loss) else INFINITE
            plane.mark((middle(place), top if loss == math.inf else bottom), mark, "trouble")
    return plane.cells()


def _legend(losses: Losses) -> Iterator[Entry]:
    if any(math.isnan(loss) for _, loss in losses):
        yield Entry((NAN, "trouble"), ("nan",))
    if any(math.isinf(loss) for _, loss in losses):
        yield Entry((INFINITE, "trouble"), ("infinite",))


def _thinned(losses: Losses) -> Losses:
    """At most so many as can be told apart, with the lowest and highest of each stretch, and all without a height."""
    if len(losses) <= MOST_POINTS:
        return losses
    size = -(-len(losses) * 2 // MOST_POINTS)
    found: list[tuple[int, float]] = []
    for start in range(0, len(losses), size):
        stretch = losses[start : start + size]
        kept = {one[0] for one in stretch if not math.isfinite(one[1])}
        finite = [one for one in stretch if math.isfinite(one[1])]
        if finite:
            kept |= {min(finite, key=lambda one: one[1])[0], max(finite, key=lambda one: one[1])[0]}
        found += [one for one in stretch if one[0] in kept]
    return found
