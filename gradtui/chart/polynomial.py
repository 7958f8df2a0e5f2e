"""Taylor's polynomial over a chart, in dashes as the tangent is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from gradtui.chart.window import Frame, nearest
from gradtui.graph.higher_orders import polynomial

DASH, GAP = 6, 3
"""Of the tangent, and of this, in dots: told from the curve without colours too."""


def lay_polynomial(
    frame: Frame, x: float, coefficients: tuple[float, ...], lay: Callable[[Iterable[tuple[int, int]]], None]
) -> None:
    """Lay its dots, each as column and row from the bottom."""
    if all(map(math.isfinite, coefficients)):
        lay(_dashes(_way(frame, x, coefficients)))


def _way(frame: Frame, x: float, coefficients: tuple[float, ...]) -> Iterator[tuple[int, int]]:
    """Its dots from left to right: where it is steep, all between one column and the next."""
    (left, right), (bottom, top) = frame.x_window, frame.y_window
    before: int | None = None
    for column in range(frame.width):
        at = left + (right - left) * column / (frame.width - 1)
        y = polynomial(coefficients, x, at)
        if math.isnan(y):
            before = None
            continue
        height = 2 * (top - bottom)
        _, up = frame.place(at, min(max(y, bottom - height), top + height))
        row = nearest(up)
        first = row if before is None else before + (1 if row > before else -1 if row < before else 0)
        step = 1 if row >= first else -1
        for each in range(first, row + step, step):
            if 0 <= each < frame.height:
                yield column, each
        before = row


def _dashes(way: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return (dot for number, dot in enumerate(way) if number % (DASH + GAP) < DASH)
