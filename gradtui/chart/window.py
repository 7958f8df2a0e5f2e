"""The arithmetic of a chart: windows, the runs of a curve that can be seen, and where they lie on the dots of a canvas.

A window is (low, high) with finite low < high. Nothing here ever leaves it, whatever the numbers: that is what keeps a
plotting library, which may raise on infinities and fill memory on points far outside, from ever seeing them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

Window = tuple[float, float]
Position = tuple[float, float]

DEFAULT_WINDOW: Window = (-10.0, 10.0)

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

TAIL, DERIVATIVE_TAIL = 0.1, 0.2
"""Part of the values at either end that may be outliers, as beside a pole, where f' grows faster."""
OUTLYING = 8.0
"""Where all values span so many times what they do without the tails, the tails are left outside."""
READABLE, SHARE = 1 / 8, 1 / 3
"""Part of the height under which f cannot be read beside f', and the part that it gets then."""
FLAT = 1e-6
"""Values that span less than this part of their size are one value: the rest is the rounding of a float32."""
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


def y_window(f: Sequence[float], derivative: Sequence[float] = ()) -> Window:
    """A window in which f can be read, and f' where the two are of comparable size; (-1, 1) where nothing is finite.

    Outliers, as beside a pole, are left outside, and so is what f cannot be read beside.
    """
    f_range, derivative_range = _bulk(f, TAIL), _bulk(derivative, DERIVATIVE_TAIL)
    if f_range is None or derivative_range is None:
        return _padded(f_range or derivative_range or (-1.0, 1.0))
    both = min(f_range[0], derivative_range[0]), max(f_range[1], derivative_range[1])
    span = f_range[1] - f_range[0]
    if _is_flat(f_range) or span >= READABLE * (both[1] - both[0]):
        return _padded(both)
    spare = span / SHARE - span
    above, below = both[1] - f_range[1], f_range[0] - both[0]
    up = min(above, max(spare / 2, spare - below))
    low, high = f_range[0] - min(below, spare - up), f_range[1] + up
    meet = low < derivative_range[1] and derivative_range[0] < high
    return _padded((low, high) if meet else f_range)


def _bulk(values: Iterable[float], tail: float) -> Window | None:
    """From the lowest to the highest finite value, without the tails where these are far out."""
    finite = sorted(max(-LARGEST, min(LARGEST, value)) for value in values if math.isfinite(value))
    if not finite:
        return None
    whole = (finite[0], finite[-1])
    cut = int(len(finite) * tail)
    inner = (finite[cut], finite[-1 - cut])
    if _is_flat(inner) or whole[1] - whole[0] <= OUTLYING * (inner[1] - inner[0]):
        return whole
    margin = inner[1] - inner[0]
    return max(whole[0], inner[0] - margin), min(whole[1], inner[1] + margin)


def _is_flat(window: Window) -> bool:
    low, high = window
    return high - low <= max(FLAT * max(abs(low), abs(high)), SMALLEST)


def _padded(window: Window) -> Window:
    low, high = window
    if _is_flat(window):
        middle = low / 2 + high / 2
        half = abs(middle) / 2 if abs(middle) > SMALLEST else 1.0
        return middle - half, middle + half
    margin = (high - low) * PADDING
    return low - margin, high + margin


def runs(
    x: Sequence[float], y: Sequence[float], frame: Frame, slopes: Sequence[float] | None = None
) -> list[list[Position]]:
    """The pieces of a curve that lie in the frame, each unbroken, in the units of x and y.

    A curve breaks where it is not finite, where one step crosses the whole window (a pole), and, where its slopes are
    given, where a step is far larger than they allow (a jump).
    """
    found: list[list[Position]] = []
    run: list[Position] = []
    before: Position | None = None
    for index, here in enumerate(zip(x, y, strict=True)):
        if not (math.isfinite(here[0]) and math.isfinite(here[1])):
            run, before = [], None
            continue
        if before is None or _crosses(before, here, frame) or (slopes and _jumps(x, y, slopes, index, frame)):
            run = [here]
            if frame.holds(*here):
                found.append(run)
        elif (piece := clip(before, here, frame)) is None:
            run = []
        else:
            start, end = piece
            if not run or run[-1] != start:
                run = [start]
                found.append(run)
            run.append(end)
        before = here
    return found


def _crosses(before: Position, after: Position, frame: Frame) -> bool:
    low, high = frame.y_window
    return min(before[1], after[1]) < low and max(before[1], after[1]) > high


def _jumps(x: Sequence[float], y: Sequence[float], slopes: Sequence[float], index: int, frame: Frame) -> bool:
    """Whether the step to `index` can be seen and is more than three times what the slopes at both ends account for."""
    step = abs(y[index] - y[index - 1])
    allowed = (abs(slopes[index - 1]) + abs(slopes[index])) * abs(x[index] - x[index - 1])
    return step > 3 * allowed and step > 2 * (frame.y_window[1] - frame.y_window[0]) / frame.height


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


def fitted(x: float | None) -> Window:
    """The window that one starts with, around x where x lies outside it."""
    low, high = DEFAULT_WINDOW
    if x is None or not math.isfinite(x) or low <= x <= high:
        return DEFAULT_WINDOW
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
