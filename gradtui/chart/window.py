"""The arithmetic of a chart: windows, the runs of a curve that can be seen, and where they lie on the dots of a canvas.

A window is (low, high) with finite low < high. Nothing here ever leaves it, whatever the numbers: that is what keeps a
plotting library, which may raise on infinities and fill memory on points far outside, from ever seeing them.
"""

from __future__ import annotations

import math
import statistics
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from gradtui.snapshot.curve import Curve, Trouble
from gradtui.snapshot.defaults import WINDOW

Window = tuple[float, float]
Position = tuple[float, float]

NARROWEST, WIDEST = 1e-9, 1e9
"""Spans of an x window that zooming stays within, around places of ordinary size."""
FINEST, COARSEST = 1e-6, 1e3
"""The same as multiples of the place: float32 has 8 different x in a millionth of one, and fewer draw no curve."""
FARTHEST = 1e36
"""An x window stays nearer than this to 0, as a float32 does."""

LARGEST = 1e300
"""A y window stays within this, so that its span is finite."""
SMALLEST = 1e-290
"""Numbers and spans under this count as nothing, so that no scale overflows."""

ARM, CROWDED = 1 / 40, 1 / 12
"""Parts of the x window, and of the distance to the next pole, beside a pole that need not be seen: f has no end there."""
ENDLESS = 1e6
"""Where f grows until it overflows all that is left spans so many times what its quietest quarter does: that alone is seen."""
HUGE = 1e30
"""What no curve beside ordinary numbers is readable with: f has no end there either."""
TAIL = 0.2
"""Part of the values of f' at either end that may be outliers."""
FAR, OUTLYING = 3.0, 8.0
"""Where all values of f, and of f', span so many times what they do without the outliers, these are left outside."""
SHARE = 0.4
"""Part of the height that f gets at least, beside f'."""
GROWTH = 1.5
SINGLE = 1e-6
"""Values that span less than this part of their size are one value: the rest is the rounding of a float32."""
DOUBLE = 1e-12
"""The same where they are no float32."""
PADDING = 0.05


class Frame(Struct, frozen=True):
    """A canvas of `columns` x `rows` cells, each of 2 x 4 dots, over a window of x and one of y."""

    x_window: Window
    y_window: Window
    columns: int
    rows: int

    @property
    def width(self) -> int:
        """In dots."""
        return 2 * self.columns

    @property
    def height(self) -> int:
        """In dots."""
        return 4 * self.rows

    def place(self, x: float, y: float) -> Position:
        """Dots from the left and from the bottom: 0 and `width - 1` are the middles of the outermost dots.

        Not finite where x or y is not, or is very far away.
        """
        return _scale(x, self.x_window, self.width), _scale(y, self.y_window, self.height)

    def dots(self, places: Sequence[Position]) -> list[tuple[int, int]]:
        """The dots that these fall on: `nearest` of what `place` says, of many at a time."""
        (left, right), (low, high), floor = self.x_window, self.y_window, math.floor
        columns, rows, width, height = self.width - 1, self.height - 1, right - left, high - low
        return [
            (floor(columns * ((x - left) / width) + 0.5), floor(rows * ((y - low) / height) + 0.5)) for x, y in places
        ]

    def holds(self, x: float, y: float) -> bool:
        return self.x_window[0] <= x <= self.x_window[1] and self.y_window[0] <= y <= self.y_window[1]

    def x_at(self, column: int) -> float:
        """The x in the middle of a cell; the nearest in the window for a column beside the canvas."""
        low, high = self.x_window
        return min(high, max(low, low + (high - low) * (2 * column + 0.5) / (self.width - 1)))

    def round_x_at(self, column: int) -> float:
        """The roundest x that still falls on that cell, or on the one beside it."""
        low, high = self.x_window
        digits = -math.floor(math.log10((high - low) / self.columns))
        return min(high, max(low, round(self.x_at(column), digits)))


def _scale(value: float, window: Window, dots: int) -> float:
    low, high = window
    return (dots - 1) * ((value - low) / (high - low))


def nearest(position: float) -> int:
    """The dot that a position falls on."""
    return math.floor(position + 0.5)


def shown_window(curve: Curve, point: tuple[float, float | None] | None = None) -> Window:
    """The y window of a curve on the screen and on paper, with x and f of the point on it."""
    own = y_window(curve)
    return own if point is None else grown(own, height_in(bounded(*curve.window), *point))


def height_in(x_window: Window, x: float, f: float | None) -> float | None:
    """f, where the chart has a place for it."""
    return f if x_window[0] <= x <= x_window[1] else None


def y_window(curve: Curve, *, derivative: bool = True) -> Window:
    """A window that holds all of f, but for the arms of its poles; and f', as far as f can be read beside it.

    (-1, 1) where nothing is finite.
    """
    f_range = _range_of_f(curve)
    whole, bulk = _ranges_of_derivative(curve) if derivative else (None, None)
    flat = _flatness(curve.f)
    if f_range is None or whole is None or bulk is None:
        return _padded(f_range or bulk or (-1.0, 1.0), flat)
    both = _around(f_range, whole)
    span = f_range[1] - f_range[0]
    if span < SHARE * (both[1] - both[0]) and not _is_flat(f_range, flat):
        both = _around(f_range, bulk)
    if span >= SHARE * (both[1] - both[0]) or _is_flat(f_range, flat):
        return _padded(both, flat)
    spare = span / SHARE - span
    above, below = both[1] - f_range[1], f_range[0] - both[0]
    up = min(above, max(spare / 2, spare - below))
    low, high = f_range[0] - min(below, spare - up), f_range[1] + up
    meet = low < bulk[1] and bulk[0] < high
    return _padded((low, high) if meet else f_range, flat)


def grown(window: Window, y: float | None) -> Window:
    """A window that holds y too: made higher towards y by half until it does, so that steps of y seldom change it."""
    low, high = window
    if y is None or not math.isfinite(y) or low <= y <= high:
        return window
    y = max(-LARGEST, min(LARGEST, y))
    height = high - low
    missing = y - low if y > high else high - y
    times = math.ceil((math.log(missing / (1 - PADDING)) - math.log(height)) / math.log(GROWTH))
    height = math.exp(math.log(height) + times * math.log(GROWTH))  # each factor alone may be too large for a float
    return (low, low + height) if y > high else (high - height, high)


def _range_of_f(curve: Curve) -> Window | None:
    """From its lowest to its highest value; where it has no end, of what is not beside that."""
    values = _finite(curve.f)
    endless = [one for one in curve.trouble if one.unbounded]
    is_huge = bool(values) and max(map(abs, values)) > HUGE * max(1.0, abs(statistics.median(values)))
    if not values or not (endless or is_huge):
        return _whole(values)
    away = _finite(_away(curve, curve.f, endless)) or values
    whole, quiet = (min(away), max(away)), _quietest(values)
    if max(values) - min(values) <= FAR * _span(whole):
        whole = (min(values), max(values))
    grows = is_huge or any(_overflows(curve, one) for one in endless)  # beside a pole f may be as quiet as it likes
    return quiet if grows and _span(whole) > ENDLESS * _span(quiet) else whole


def _overflows(curve: Curve, stretch: Trouble) -> bool:
    """Whether f is too large for a float over a stretch that can be seen."""
    if stretch.high - stretch.low <= ARM * _span(curve.window):
        return False
    return any(math.isinf(y) for x, y in zip(curve.x, curve.f, strict=True) if stretch.low < x < stretch.high)


def _ranges_of_derivative(curve: Curve) -> tuple[Window | None, Window | None]:
    """From the lowest to the highest value of f' but beside poles and the like; and without the outliers among these."""
    values = sorted(_finite(_away(curve, curve.derivative, curve.trouble)))
    if not values:
        return None, None
    whole = (values[0], values[-1])
    cut = int(len(values) * TAIL)
    low, high = values[cut], values[-1 - cut]
    margin = high - low
    if _span(whole) <= OUTLYING * margin:
        return whole, whole
    return whole, (max(whole[0], low - margin), min(whole[1], high + margin))


def _away(curve: Curve, values: Sequence[float], troubles: Sequence[Trouble]) -> list[float]:
    """The values at the x that are not beside any of these places."""
    if not troubles:
        return list(values)
    arm = ARM * (curve.window[1] - curve.window[0])
    stretches = sorted((one.low, one.high) for one in troubles)
    gaps = [after[0] - before[1] for before, after in pairwise(stretches)]
    left, right = [math.inf, *gaps], [*gaps, math.inf]
    beside = [
        (low - min(arm, CROWDED * before), high + min(arm, CROWDED * after))
        for (low, high), before, after in zip(stretches, left, right, strict=True)
    ]
    away, number = [], 0
    for x, value in zip(curve.x, values, strict=True):
        while number < len(beside) and beside[number][1] < x:
            number += 1
        if number == len(beside) or x < beside[number][0]:
            away.append(value)
    return away


def _finite(values: Iterable[float]) -> list[float]:
    return [max(-LARGEST, min(LARGEST, value)) for value in values if math.isfinite(value)]


def _whole(values: Sequence[float]) -> Window | None:
    return (min(values), max(values)) if values else None


def _quietest(values: Sequence[float]) -> Window:
    """The shortest stretch that holds a quarter of the values."""
    ordered = sorted(values)
    count = len(ordered) // 4
    return min(zip(ordered, ordered[count:], strict=False), key=_span)


def _span(window: Window) -> float:
    return window[1] - window[0]


def _around(one: Window, other: Window) -> Window:
    return min(one[0], other[0]), max(one[1], other[1])


def _flatness(values: Sequence[float]) -> float:
    """The part of their size that values must span to be more than one value with its rounding."""
    finite = _finite(values)
    return SINGLE if array("f", finite).tolist() == finite else DOUBLE


def _is_flat(window: Window, flat: float) -> bool:
    low, high = window
    return high - low <= max(flat * max(abs(low), abs(high)), SMALLEST)


def _padded(window: Window, flat: float) -> Window:
    low, high = window
    if _is_flat(window, flat):
        middle = low / 2 + high / 2
        half = abs(middle) / 2 if abs(middle) > SMALLEST else 1.0
        return middle - half, middle + half
    margin = (high - low) * PADDING
    return low - margin, high + margin


def runs(x: Sequence[float], y: Sequence[float], frame: Frame, breaks: Sequence[Window] = ()) -> list[list[Position]]:
    """The pieces of a curve that lie in the frame, each unbroken, in the units of x and y.

    It breaks also where one step crosses the whole window: a pole that was not told.
    """
    found: list[list[Position]] = []
    for piece in unbroken(x, y, breaks):
        run = [piece[0]]
        held = frame.holds(*piece[0])
        if held:
            found.append(run)
        for before, here in pairwise(piece):
            before_held, held = held, frame.holds(*here)
            if held and before_held and run and run[-1] == before:
                run.append(here)
            elif _crosses(before, here, frame):
                run = [here]
            elif (part := clip(before, here, frame)) is None:
                run = []
            else:
                start, end = part
                if not run or run[-1] != start:
                    run = [start]
                    found.append(run)
                run.append(end)
    return found


def unbroken(x: Sequence[float], y: Sequence[float], breaks: Sequence[Window] = ()) -> Iterator[list[Position]]:
    """The pieces of a curve between places where it is not finite and its `breaks`: stretches of x, in rising order."""
    piece: list[Position] = []
    number = 0
    for here in zip(x, y, strict=True):
        while number < len(breaks) and breaks[number][1] <= here[0]:
            if piece and piece[-1][0] <= breaks[number][0]:
                yield piece
                piece = []
            number += 1
        if math.isfinite(here[0]) and math.isfinite(here[1]):
            piece.append(here)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def breaks_of(curve: Curve) -> tuple[list[Window], list[Window]]:
    """Where f and where f' is not joined: over trouble, and at its own jumps."""
    troubles = [(one.low, one.high) for one in curve.trouble]
    of_f = [(one.low, one.high) for one in curve.trouble if one.unbounded or one.kind == "value"]
    jumps = [(one.low, one.high, one.kind) for one in curve.jumps]
    return (
        sorted(of_f + [(low, high) for low, high, kind in jumps if kind == "value"]),
        sorted(troubles + [(low, high) for low, high, kind in jumps if kind == "gradient"]),
    )


def _crosses(before: Position, after: Position, frame: Frame) -> bool:
    low, high = frame.y_window
    return min(before[1], after[1]) < low and max(before[1], after[1]) > high


def clip(start: Position, end: Position, frame: Frame) -> tuple[Position, Position] | None:
    """The part of a segment inside the frame, None where there is none (Liang and Barsky, 1984).

    An end that is inside is returned as it came.
    """
    if frame.holds(*start) and frame.holds(*end):
        return start, end
    enter, leave = 0.0, 1.0
    for first, last, (low, high) in zip(start, end, (frame.x_window, frame.y_window), strict=True):
        first, last = first / 4, last / 4  # so that no difference overflows
        delta, low, high = last - first, low / 4, high / 4
        if delta == 0:
            if not low <= first <= high:
                return None
            continue
        near, far = (low - first) / delta, (high - first) / delta
        enter, leave = max(enter, min(near, far)), min(leave, max(near, far))
    if enter > leave:
        return None
    return _along(start, end, enter, frame), _along(start, end, leave, frame)


def _along(start: Position, end: Position, part: float, frame: Frame) -> Position:
    if part in (0.0, 1.0) and frame.holds(*(corner := end if part else start)):
        return corner
    x, y = (first * (1 - part) + last * part for first, last in zip(start, end, strict=True))
    (left, right), (bottom, top) = frame.x_window, frame.y_window
    return min(right, max(left, x)), min(top, max(bottom, y))  # rounding may have put it a little outside


def zoomed(window: Window, factor: float, around: float | None = None) -> Window:
    """The window `factor` times as wide; `around`, or the middle, keeps its place in it."""
    low, high = window
    place = low / 2 + high / 2 if around is None or not low <= around <= high else around
    return bounded(place - (place - low) * factor, place + (high - place) * factor)


def panned(window: Window, fraction: float) -> Window:
    """The window moved by a fraction of its width."""
    by = (window[1] - window[0]) * fraction
    return bounded(window[0] + by, window[1] + by)


def home(x: float | None) -> Window:
    """The window that one starts with, around x where x lies outside it."""
    low, high = WINDOW
    if x is None or not math.isfinite(x) or low <= x <= high:
        return WINDOW
    return bounded(x + low, x + high)


def bounded(low: float, high: float) -> Window:
    """A window around the same place that has an inside in floats and does not run away."""
    middle = max(-FARTHEST, min(FARTHEST, low / 2 + high / 2))
    narrowest = max(NARROWEST, FINEST * abs(middle))
    widest = max(WIDEST, COARSEST * abs(middle))
    if narrowest <= high - low <= widest and low >= -FARTHEST and high <= FARTHEST:
        return low, high
    half = max(narrowest, min(widest, high - low, FARTHEST)) / 2
    return middle - half, middle + half
