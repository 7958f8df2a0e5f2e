"""A window in x that shows what a function does: its roots, its extrema, its poles, and the point that one stands at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise

from gradtui.chart.window import Position, Window, bounded, breaks_of, home, unbroken
from gradtui.snapshot.curve import Curve

WIDER = (1.0, 10.0, 100.0)
"""Times the window that one starts with: where roots and extrema are looked for."""
MANY = 16
"""Places of interest above which a function is taken to go on like that: the nearest count."""
NOISE = 1e-5
"""Part of its size by which f must change to change at all: the rest is the rounding of a float32."""
STEEPER = 3.0
"""Times what the slopes at two samples account for, by which f may change between them."""
MARGIN, LEAST = 0.25, 0.05
"""Parts of the window that are added on each side, at most and at least."""
BEYOND = 0.25
"""Part of what f spans in between, by which it may leave that in the margins."""
BORDER, NEGLIGIBLE = 0.05, 0.01
"""Part of the window on either side, and part of its range that f changes by in it where it is at rest."""
SHOWN = 0.9
"""Part of the range of an f at rest on both sides that is shown."""
GROWTH = 1.25


def looked_at(x: float | None) -> list[Window]:
    """The windows whose curves tell what `fitted` wants to know, narrow ones first."""
    low, high = home(x)
    middle, half = (low + high) / 2, (high - low) / 2
    return [bounded(middle - half * times, middle + half * times) for times in WIDER]


def fitted(curves: Sequence[Curve], x: float | None) -> Window:
    """A window with the places of interest of f and with x; the one that one starts with where there are none.

    curves: over the windows of `looked_at`. Where the places are too many, those nearest to x.
    """
    first = home(x)
    places: list[float] = []
    for wider in curves:
        more = list(places_of_interest(wider, places))
        if places and len(places) + len(more) > MANY:
            break
        places += more
        if len(places) > MANY:
            break
    if not places:
        return first
    here = x if x is not None and math.isfinite(x) else sorted(places)[len(places) // 2]
    nearest = sorted(places, key=lambda place: abs(place - here))[:MANY]
    core = min(*nearest, here), max(*nearest, here)
    whole = _covering(curves, core)
    if len(places) <= MANY and _is_inside(_stage(whole), whole):
        core = _with_most_of_it(core, whole)
    if core[0] == core[1]:
        return first
    width = core[1] - core[0]
    return bounded(*_with_margins(core, _covering(curves, (core[0] - MARGIN * width, core[1] + MARGIN * width))))


def _covering(curves: Sequence[Curve], core: Window) -> Curve:
    """The narrowest of them that knows all of it."""
    return next((one for one in curves if one.window[0] <= core[0] and core[1] <= one.window[1]), curves[-1])


def places_of_interest(curve: Curve, known: Sequence[float] = ()) -> Iterator[float]:
    """The x of roots, extrema, kinks, poles and ends of where f is defined; outside the stretch that is known.

    Where f comes to rest, what it does within a hundredth of its range is of no interest. One that only goes from rest to
    rest is of interest where it does so.
    """
    stage = _stage(curve)
    if stage is None:
        return
    low, high = (min(known), max(known)) if known else (math.inf, -math.inf)
    near = 2 * (curve.window[1] - curve.window[0]) / len(curve.x)
    slopes = dict(zip(curve.x, curve.derivative, strict=True))
    pieces = list(unbroken(curve.x, curve.f, breaks_of(curve)[0]))
    found = [
        *chain(*(_roots(piece, slopes) for piece in pieces)),
        *chain(*(_extrema(piece, near) for piece in pieces)),
        *_ends(curve),
        *((one.low + one.high) / 2 for one in curve.jumps if one.kind == "gradient"),
    ]
    if not found and _is_inside(stage, curve):
        found = [*stage]
    yield from (x for x in found if stage[0] <= x <= stage[1] and not low - near <= x <= high + near)


def _roots(piece: Sequence[Position], slopes: Mapping[float, float]) -> Iterator[float]:
    """Where f changes its sign, or is 0 at a single sample; not by a jump that was not told: its slopes know nothing of it."""
    for (x, y), (behind, after) in pairwise(piece):
        allowed = STEEPER * (abs(slopes[x]) + abs(slopes[behind])) * (behind - x)
        if min(y, after) < 0 < max(y, after) and abs(after - y) <= allowed:
            yield x + (behind - x) * (y / (y - after))
    for (_, y), (x, here), (_, after) in zip(piece, piece[1:], piece[2:], strict=False):
        if here == 0 and y != 0 != after and slopes[x] != 0:
            yield x


def _extrema(piece: Sequence[Position], near: float) -> Iterator[float]:
    """Where f turns, not over a plateau."""
    rises = 0.0
    (at, value), before = piece[0], piece[0][0]
    for x, y in piece:
        if abs(y - value) > NOISE * max(abs(y), abs(value)):
            if rises * (y - value) < 0 and before - at <= 2 * near:
                yield (at + before) / 2
            rises, at, value = y - value, x, y
        before = x


def _ends(curve: Curve) -> Iterator[float]:
    """Poles, and the borders inside the window of where f is not defined: not of where it is but too large."""
    low, high = curve.window
    for one in curve.trouble:
        inside = [y for x, y in zip(curve.x, curve.f, strict=True) if one.low <= x <= one.high]
        if one.low == one.high or not any(map(math.isinf, inside)):
            yield from {x for x in (one.low, one.high) if low < x < high}


def _values(curve: Curve, low: float, high: float) -> list[float]:
    return [y for x, y in zip(curve.x, curve.f, strict=True) if low <= x <= high and math.isfinite(y)]


def _stage(curve: Curve) -> Window | None:
    """Where f, which is at rest on both sides, does something; the whole window where it is not; None where f has no value."""
    known = [one for one in zip(curve.x, curve.f, strict=True) if math.isfinite(one[1])]
    if not known:
        return None
    values = [y for _, y in known]
    (low, high), least = curve.window, NEGLIGIBLE * (max(values) - min(values))
    border = BORDER * (high - low)
    outer = [y for x, y in known if x < low + border], [y for x, y in known if x > high - border]
    moves = [x for x, y in known if abs(y - values[0]) > least], [x for x, y in known if abs(y - values[-1]) > least]
    if not all(moves) or not all(some and max(some) - min(some) <= least for some in outer):
        return low, high
    return moves[0][0], moves[1][-1]


def _is_inside(stage: Window | None, curve: Curve) -> bool:
    return stage is not None and curve.window[0] < stage[0] and stage[1] < curve.window[1]


def _with_most_of_it(core: Window, curve: Curve) -> Window:
    """The core made wider until it shows most of the range of f."""
    values = _values(curve, *curve.window)
    (low, high), (first, last) = core, curve.window
    middle, half = (low + high) / 2, max((high - low) / 2, (last - first) / len(curve.x))
    while low > first or high < last:
        shown = _values(curve, low, high)
        if shown and max(shown) - min(shown) >= SHOWN * (max(values) - min(values)):
            break
        half *= GROWTH
        low, high = max(first, middle - half), min(last, middle + half)
    return low, high


def _with_margins(core: Window, curve: Curve) -> Window:
    """The core with margins, which end where f leaves its range in the core by far: it would be flat beside that."""
    (low, high), width = core, core[1] - core[0]
    values = _values(curve, low, high)
    margins = [MARGIN * width] * 2
    if values:
        beyond = BEYOND * (max(values) - min(values))
        for x, y in zip(curve.x, curve.f, strict=True):
            if beyond and not min(values) - beyond <= y <= max(values) + beyond:
                side, distance = (0, low - x) if x < low else (1, x - high)
                if distance > 0:
                    margins[side] = min(margins[side], max(LEAST * width, distance))
    digits = 2 - math.floor(math.log10(width))
    return round(low - margins[0], digits), round(high + margins[1], digits)
