"""The loss of a training by update."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from gradtui.chart.plane import Cells, Plane, around, has_room
from gradtui.chart.run import LOGARITHMIC, MOST_POINTS
from gradtui.chart.window import Position, Window

NAN, INFINITE = "×", "∞"
"""Marks of losses that have no height, at the foot and at the head of the chart."""


def draw_loss(
    losses: Sequence[tuple[int, float]],
    window: Window,
    width: int,
    height: int,
    here: int | None = None,
    troubles: Sequence[int] = (),
) -> Cells | None:
    """losses: by number of update; window: of updates. The logarithm, where they span powers of ten.

    here: an update that is marked. troubles: updates at which findings begin. None where there is no room or no loss.
    """
    if not has_room(width, height) or not losses:
        return None
    finite = [loss for _, loss in losses if math.isfinite(loss)]
    powers = bool(finite) and min(finite) > 0 and max(finite) > LOGARITHMIC * min(finite)

    def height_of(loss: float) -> float:
        return math.log10(loss) if powers and loss > 0 else loss

    low, high = window
    plane = Plane(
        (float(low), float(max(high, low + 1))),
        around(map(height_of, finite)),
        width,
        height,
        names=("update", "loss"),
        powers=powers,
    )
    bottom, top = plane.frame.y_window
    for trouble in troubles:
        plane.column(trouble, "┊", "trouble")
    if here is not None:
        plane.column(here, "│", "variable")
    for is_finite, group in groupby(_thinned(losses), key=lambda one: math.isfinite(one[1])):
        points = [*group]
        if is_finite:
            line = [(float(update), height_of(loss)) for update, loss in points]
            plane.line(line, "f")
            if len(line) == 1:
                plane.mark(line[0], "●", "f")
            continue
        for update, loss in points:
            is_nan = math.isnan(loss)
            plane.mark((update, top if loss == math.inf else bottom), NAN if is_nan else INFINITE, "trouble")
    if any(math.isnan(loss) for _, loss in losses):
        plane.explain(NAN, "trouble", "nan")
    if any(map(math.isinf, (loss for _, loss in losses))):
        plane.explain(INFINITE, "trouble", "infinite")
    at_here = next((loss for update, loss in losses if update == here), None)
    if here is not None and at_here is not None and math.isfinite(at_here):
        plane.mark((here, height_of(at_here)), "●", "point")
    return plane.cells()


def _thinned(losses: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """At most so many as can be told apart, with the lowest and highest of each stretch, and the first without a height."""
    if len(losses) <= MOST_POINTS:
        return losses
    size = -(-len(losses) * 2 // MOST_POINTS)
    found: list[tuple[int, float]] = []
    for start in range(0, len(losses), size):
        stretch = losses[start : start + size]
        kept: set[Position] = {one for one in stretch if not math.isfinite(one[1])}
        finite = [one for one in stretch if math.isfinite(one[1])]
        if finite:
            kept |= {min(finite, key=lambda one: one[1]), max(finite, key=lambda one: one[1])}
        found += [one for one in stretch if one in kept]
    return found
