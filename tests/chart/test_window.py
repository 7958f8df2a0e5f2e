from __future__ import annotations

import math
import struct
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradtui.chart.window import (
    Frame,
    Position,
    Window,
    bounded,
    breaks_of,
    clip,
    grown,
    home,
    nearest,
    panned,
    runs,
    shown_window,
    y_window,
    zoomed,
)
from gradtui.snapshot.curve import Curve, Jump, Trouble

ANY = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COORDINATE = st.floats(-20, 20)
WINDOW = st.tuples(st.floats(-1e300, 1e300), st.floats(1e-6, 1.0)).map(
    lambda pair: (pair[0], pair[0] + max(1.0, abs(pair[0])) * pair[1])
)
UNIT = Frame((-10.0, 10.0), (-5.0, 5.0), 40, 10)

quick = settings(max_examples=80, deadline=None)


def grid(low: float = -10, high: float = 10, count: int = 401) -> list[float]:
    return [low + (high - low) * index / (count - 1) for index in range(count)]


def sampled(f: list[float], derivative: list[float] | None = None, *trouble: Trouble) -> Curve:
    """A curve of these values between -10 and 10; without f', one with a horizontal one."""
    x = grid(-10, 10, len(f)) if len(f) > 1 else [0.0] * len(f)
    slopes = derivative if derivative is not None else [0.0] * len(f)
    return Curve("x", (-10.0, 10.0), tuple(x), tuple(f), tuple(slopes), trouble=trouble)


def of_f(f: list[float], *trouble: Trouble) -> Window:
    return y_window(sampled(f, None, *trouble), derivative=False)


def inside(point: Position, frame: Frame) -> bool:
    return frame.x_window[0] <= point[0] <= frame.x_window[1] and frame.y_window[0] <= point[1] <= frame.y_window[1]


@pytest.mark.long
@quick
@given(st.tuples(FINITE, FINITE), st.tuples(FINITE, FINITE), WINDOW, WINDOW)
def test_clip_never_leaves_the_window(start: Position, end: Position, xs: Window, ys: Window) -> None:
    frame = Frame(xs, ys, 40, 10)
    piece = clip(start, end, frame)
    assert piece is None or all(inside(point, frame) for point in piece)


@pytest.mark.long
@quick
@given(*[st.tuples(COORDINATE, COORDINATE)] * 2, st.floats(0, 1))
def test_clip_keeps_what_is_inside(start: Position, end: Position, part: float) -> None:
    """What is well inside lies between the ends of the piece; an end of the segment that is inside stays."""
    point = (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
    assume(abs(point[0]) < 9.999 and abs(point[1]) < 4.999)
    piece = clip(start, end, UNIT)
    assert piece is not None
    for axis in (0, 1):
        low, high = sorted(corner[axis] for corner in piece)
        assert low - 1e-9 <= point[axis] <= high + 1e-9
    assert not inside(start, UNIT) or piece[0] == start
    assert not inside(end, UNIT) or piece[1] == end


def apart(start: Position, end: Position, width: float, height: float) -> bool:
    """Whether a segment misses the box from (-width, -height) to (width, height): the separating axis theorem."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    beside = max(x0, x1) < -width or min(x0, x1) > width or max(y0, y1) < -height or min(y0, y1) > height
    return beside or abs(x0 * dy - y0 * dx) > width * abs(dy) + height * abs(dx)


@settings(max_examples=250, deadline=None)
@given(*[st.tuples(COORDINATE, COORDINATE)] * 2)
def test_clip_finds_what_there_is(start: Position, end: Position) -> None:
    piece = clip(start, end, UNIT)
    if apart(start, end, 10 + 1e-9, 5 + 1e-9):
        assert piece is None
    if not apart(start, end, 10 - 1e-9, 5 - 1e-9):
        assert piece is not None


@pytest.mark.long
@quick
@given(st.lists(ANY, max_size=30), WINDOW)
def test_runs_stay_in_the_frame_and_on_its_dots(y: list[float], ys: Window) -> None:
    x = grid(-10, 10, len(y)) if len(y) > 1 else [0.0] * len(y)
    frame = Frame((-10.0, 10.0), ys, 40, 10)
    for run in runs(x, y, frame, [(-1.0, 0.5), (3.0, 3.0)]):
        assert run
        for point in run:
            assert inside(point, frame)
            column, row = map(nearest, frame.place(*point))
            assert 0 <= column < frame.width
            assert 0 <= row < frame.height


def test_a_smooth_curve_is_one_run() -> None:
    x = grid()
    y = [math.sin(value) for value in x]
    assert runs(x, y, UNIT) == [list(zip(x, y, strict=True))]


def test_runs_break_where_the_curve_is_not_finite() -> None:
    y = [1.0, 2.0, math.nan, 1.0, math.inf, -math.inf, 0.0]
    x = [float(index) for index in range(7)]
    assert runs(x, y, UNIT) == [[(0, 1), (1, 2)], [(3, 1)], [(6, 0)]]


@pytest.mark.parametrize(("f", "pieces"), [(math.tan, 7), (lambda x: 1 / (x - 0.01), 2)])
def test_runs_break_at_poles(f: object, pieces: int) -> None:
    """tan has 6 poles in the window, 1/(x - 0.01) one; no run has a step across the window."""
    assert callable(f)
    x = grid()
    found = runs(x, [f(value) for value in x], UNIT)
    assert len(found) == pieces
    assert all(abs(a[1] - b[1]) < 10 for run in found for a, b in pairwise(run))


def test_runs_break_where_they_are_told_to() -> None:
    """Between two samples, at one, and over several; a break that begins in a step and ends in another breaks neither."""
    x = [float(index) for index in range(10)]
    found = runs(x, [0.5] * 10, UNIT, [(1.5, 1.6), (3.0, 4.0), (8.2, 8.2)])
    assert [[place for place, _ in run] for run in found] == [[0, 1], [2, 3], [4, 5, 6, 7, 8], [9]]
    steep = [1 / (1 + math.exp(-40 * value)) for value in grid(-5, 5, 400)]
    assert len(runs(grid(-5, 5, 400), steep, UNIT)) == 1


def test_f_and_its_derivative_break_at_their_own_jumps() -> None:
    jumps = (Jump(1.0, 1.1, "value"), Jump(2.0, 2.1, "gradient"))
    trouble = (Trouble(3.0, 3.0, "value", True), Trouble(4.0, 4.0, "gradient"), Trouble(5.0, 5.0, "gradient", True))
    told = Curve("x", (0.0, 9.0), (), (), (), trouble=trouble, jumps=jumps)
    of_f, of_derivative = breaks_of(told)
    assert of_f == [(1.0, 1.1), (3.0, 3.0), (5.0, 5.0)]
    assert of_derivative == [(2.0, 2.1), (3.0, 3.0), (4.0, 4.0), (5.0, 5.0)]


@pytest.mark.long
@quick
@given(st.lists(ANY, max_size=60), st.lists(ANY, max_size=60))
def test_y_window_always_has_an_inside(f: list[float], derivative: list[float]) -> None:
    count = min(len(f), len(derivative))
    poles = (Trouble(-10.0, -9.0, "value", True), Trouble(0.0, 0.0, "value", True))
    for trouble in ((), poles):
        told = sampled(f[:count], derivative[:count], *trouble)
        for y in (None, *f, *derivative):
            check_window(shown_window(told, (0.0, y)), y)


def check_window(window: Window, y: float | None) -> None:
    low, high = window
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high
    assert math.isfinite(high - low)
    assert y is None or not abs(y) < 1e300 or low <= y <= high


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e30, -1e-30, 1e299, 5e-324])
def test_y_window_of_a_constant(value: float) -> None:
    """The line is well inside, and the window is no wider than the number is large."""
    low, high = of_f([value] * 400)
    assert low < value < high
    assert 0.2 < (value / 2 - low / 2) / (high / 2 - low / 2) < 0.8
    assert high - low <= max(2.0, 1.001 * abs(value))


def test_y_window_takes_rounding_for_what_it_is() -> None:
    """sin^2 + cos^2 in float32 is 1 give or take 6e-8: a flat line, not a noise of full height."""
    one = [
        struct.unpack("f", struct.pack("f", math.sin(x) ** 2 + math.cos(x) ** 2 + 6e-8 * (i % 3)))[0]
        for i, x in enumerate(grid())
    ]
    low, high = of_f(one)
    assert high - low > 0.1


def share(values: list[float], window: Window) -> float:
    """The part of the window that the values fill."""
    shown = [min(max(value, window[0]), window[1]) for value in values]
    return (max(shown) - min(shown)) / (window[1] - window[0])


def test_y_window_shows_all_of_ordinary_curves() -> None:
    x = grid()
    for f in ([v**2 + 3 * v + 1 for v in x], [math.sin(v) for v in x], [math.exp(v) for v in x], [v**5 for v in x]):
        low, high = of_f(f)
        assert low < min(f)
        assert high > max(f)
        assert share(f, (low, high)) > 0.85


@pytest.mark.parametrize("width", [1.0, 0.1, 0.01, 0.001])
def test_a_peak_is_wholly_inside(width: float) -> None:
    """However narrow it is: an end that f has is no outlier."""
    values = [1 / (1 + (x / width) ** 2) for x in [*grid(), 0.0]]
    low, high = y_window(sampled(values), derivative=False)
    assert low < min(values)
    assert high > 1
    assert share(values, (low, high)) > 0.85


POLES: list[tuple[Callable[[float], float], list[float]]] = [
    (math.tan, [k * math.pi / 2 for k in (-5, -3, -1, 1, 3, 5)]),
    (lambda x: 1 / (x - 0.01), [0.01]),
    (lambda x: (x - 0.01) ** -2, [0.01]),
    (lambda x: (x - 0.01) ** -4, [0.01]),
]


@pytest.mark.parametrize(("f", "places"), POLES)
def test_y_window_leaves_poles_outside(f: Callable[[float], float], places: list[float]) -> None:
    values = [f(value) for value in grid()]
    low, high = of_f(values, *(Trouble(place, place, "value", True) for place in places))
    assert high - low < (max(values) - min(values)) / 3
    assert high - low < 40


def test_a_peak_beside_a_pole_is_inside() -> None:
    values = [5 * math.exp(-10 * (x - 4) ** 2) + 1 / (x - 0.01) for x in grid()]
    low, high = of_f(values, Trouble(0.01, 0.01, "value", True))
    assert 5 < high < 12
    assert low > -12


def test_f_that_overflows_is_shown_where_it_is_quiet() -> None:
    """And around the point: neither the point alone nor the largest float makes the window."""
    values = [math.exp(x * x) if abs(x) < 9.4 else math.inf for x in grid()]
    told = sampled(values, None, Trouble(-10.0, -9.4, "value", True), Trouble(9.4, 10.0, "value", True))
    for x in (0.0, 1.0, 3.0, 5.0):
        low, high = shown_window(told, (x, math.exp(x * x)))
        assert low < math.exp(x * x) < high < max(1e4, 3 * math.exp(x * x))


def test_f_can_be_read_however_large_its_derivative_is() -> None:
    x = grid()
    for rate in (2, 5, 50, 1e6):
        f, derivative = [math.sin(rate * v) for v in x], [rate * math.cos(rate * v) for v in x]
        assert share(f, y_window(sampled(f, derivative))) > 0.35
    far = [1e6 + v for v in x]
    assert share(far, y_window(sampled(far, [1.0] * len(x)))) > 0.85


def test_the_window_grows_in_steps() -> None:
    """So that a point that moves on an arm of a pole seldom needs another picture."""
    assert grown((-1.0, 1.0), 0.5) == grown((-1.0, 1.0), None) == grown((-1.0, 1.0), math.inf) == (-1.0, 1.0)
    windows = [grown((-1.0, 1.0), y / 10) for y in range(10, 1000)]
    assert all(low == -1 and high >= y / 10 for (low, high), y in zip(windows, range(10, 1000), strict=True))
    assert len(set(windows)) < 15
    assert grown((-1.0, 1.0), -5.0)[1] == 1


def test_a_point_beside_the_window_does_not_count() -> None:
    told = sampled([1.0, 2.0] * 200)
    assert shown_window(told, (11.0, 1e6)) == shown_window(told) == y_window(told)
    assert shown_window(told, (10.0, 1e6))[1] > 1e6


@pytest.mark.long
@settings(max_examples=190, deadline=None)
@given(FINITE, FINITE, st.lists(st.one_of(st.floats(1e-3, 1e3), st.floats(-5, 5)), max_size=40), st.none() | ANY)
def test_windows_stay_finite_and_wide_enough(low: float, high: float, moves: list[float], around: float | None) -> None:
    window = bounded(low, high)
    for move in moves:
        window = zoomed(window, move, around) if move > 0 else panned(window, move)
        assert all(map(math.isfinite, window))
        middle = sum(window) / 2
        assert 0.9e-6 * abs(middle) <= window[1] - window[0] <= 1.1e3 * max(1e6, abs(middle))
        assert len({window[0] + (window[1] - window[0]) * part / 8 for part in range(9)}) == 9
        assert bounded(*window) == pytest.approx(window)


def test_zoom_keeps_the_place_and_pan_the_width() -> None:
    assert zoomed((-10, 10), 0.5) == (-5, 5)
    assert zoomed((-10, 10), 0.5, 4) == (-3, 7)
    assert zoomed((-10, 10), 0.5, 40) == (-5, 5)
    assert zoomed(zoomed((-10, 10), 0.25, 4), 4, 4) == pytest.approx((-10, 10))
    assert panned((-10, 10), 0.25) == (-5, 15)


def test_zoom_ends() -> None:
    window: Window = (-10, 10)
    for _ in range(200):
        window = zoomed(window, 0.5)
    assert window[1] - window[0] == pytest.approx(1e-9)
    for _ in range(200):
        window = zoomed(window, 2)
    assert window[1] - window[0] == pytest.approx(1e9)


def test_the_window_that_one_starts_with() -> None:
    assert home(None) == home(4.0) == home(math.nan) == home(math.inf) == (-10, 10)
    assert home(25.0) == (15, 35)
    low, high = home(1e20)
    assert low < 1e20 < high


def test_a_place_is_what_the_cell_says() -> None:
    frame = Frame((-10.0, 10.0), (0.0, 1.0), 50, 10)
    for column in range(50):
        x = frame.x_at(column)
        assert nearest(frame.place(x, 0)[0]) // 2 == column
        assert abs(nearest(frame.place(frame.round_x_at(column), 0)[0]) // 2 - column) <= 1
        assert len(f"{frame.round_x_at(column):g}") <= 4  # as a person would say it: -9.6
    assert frame.x_at(-5) == -10
    assert frame.x_at(500) == 10
