"""What a function does is inside the window that fits, and is most of what is seen there."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gradtui.chart.fitted_window import fitted, looked_at
from gradtui.chart.window import Window
from gradtui.snapshot.curve import Curve, Trouble
from tests.examples import curve

F = Callable[[float], float]


def window_of(f: F, slope: F, x: float, *poles: float) -> Window:
    def over(window: Window) -> Curve:
        inside = [place for place in poles if window[0] < place < window[1]]
        trouble = tuple(Trouble(place, place, "value", True) for place in inside)
        return replace(curve("x", f, slope, *window), trouble=trouble)

    return fitted([over(window) for window in looked_at(x)], x)


def polynomial(*roots: float) -> tuple[F, F]:
    def f(x: float) -> float:
        return math.prod(x - root for root in roots)

    def slope(x: float) -> float:
        return sum(math.prod(x - other for j, other in enumerate(roots) if j != i) for i in range(len(roots)))

    return f, slope


CUBIC = (lambda x: x**3 - 3 * x, lambda x: 3 * x * x - 3)


@pytest.mark.parametrize("x", [-3.0, -1.0, 0.0, 1.0, 2.5, 4.0])
def test_a_cubic_is_no_flat_line(x: float) -> None:
    """x^3 - 3x: roots at 0 and ±√3, extrema ±2 at ±1."""
    low, high = window_of(*CUBIC, x)
    assert low < -math.sqrt(3) < math.sqrt(3) < high
    assert low < x < high
    f = CUBIC[0]
    seen = [f(low + (high - low) * i / 100) for i in range(101)]  # type: ignore[no-untyped-call]
    needed = [-2.0, 2.0, f(x)]  # type: ignore[no-untyped-call]
    assert max(seen) - min(seen) < 2.2 * (max(needed) - min(needed))


@pytest.mark.parametrize(
    "roots", [(-0.5,), (1, 2), (-2, 3), (1, 2, 3), (-1, 1, 5, 8), (0.1, 0.2, 0.3), (-9, 9), (-30, 20), (250,)]
)
def test_roots_and_the_point(roots: tuple[float, ...]) -> None:
    low, high = window_of(*polynomial(*roots), 0.5)
    assert low < min(*roots, 0.5)
    assert max(*roots, 0.5) < high
    assert high - low < 1.6 * (max(*roots, 0.5) - min(*roots, 0.5))


@pytest.mark.parametrize("width", [3.0, 1.0, 0.3])
@pytest.mark.parametrize("x", [0.05, 0.2, -1.0])
def test_a_peak_fills_the_window(width: float, x: float) -> None:
    """Its top and the point are inside, and most of its height; the rest, where it is flat, is not."""

    def f(x: float) -> float:
        return math.exp(-((x / width) ** 2))

    low, high = window_of(f, lambda x: -2 * x / width**2 * f(x), x)
    assert low < min(0, x)
    assert max(0, x) < high
    assert min(f(low), f(high)) < 0.11
    assert high - low < 8 * max(width, abs(x))


def test_a_soft_step_fills_the_window() -> None:
    def f(x: float) -> float:
        return (1 + math.tanh(5 * (x - 2))) / 2

    low, high = window_of(f, lambda x: 10 * f(x) * (1 - f(x)), 2.1)
    assert 0 < low < 2 < high < 4


def test_a_pole_and_the_point() -> None:
    low, high = window_of(
        lambda x: 1 / (x - 7) if x != 7 else math.inf, lambda x: -((x - 7) ** -2) if x != 7 else math.nan, 4.0, 7.0
    )
    assert 2 < low < 4
    assert 7 < high < 9


@pytest.mark.parametrize("rate", [1.0, 5.0, 50.0])
def test_what_goes_on_for_ever_is_shown_around_the_point(rate: float) -> None:
    low, high = window_of(lambda x: math.sin(rate * x), lambda x: rate * math.cos(rate * x), 3.0)
    assert low < 3 < high
    assert 2 < (high - low) * rate / (2 * math.pi) < 8


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (math.exp, math.exp),
        (lambda x: 7.0, lambda x: 0.0),
        (lambda x: math.nan, lambda x: math.nan),
        (lambda x: float(math.floor(x)), lambda x: 0.0),
        (lambda x: math.inf, lambda x: math.nan),
    ],
)
def test_nothing_of_interest(f: F, slope: F) -> None:
    def total(x: float) -> float:
        try:
            return f(x)
        except OverflowError:
            return math.inf

    assert window_of(total, slope if slope is not math.exp else total, 4.0) == (-10, 10)
    low, high = window_of(total, slope if slope is not math.exp else total, 400.0)
    assert (low, high) == (390, 410)


def test_rounding_is_of_no_interest() -> None:
    """1 give or take the last digit of a float32 has no extrema."""
    assert window_of(lambda x: 1 + 6e-8 * (int(x * 1000) % 3), lambda x: 0.0, 4.0) == (-10, 10)


@pytest.mark.parametrize("x", [None, math.nan, math.inf, 1e30])
def test_any_point(x: float | None) -> None:
    for window in (fitted([curve("x", *CUBIC, *one) for one in looked_at(x)], x), *looked_at(x)):
        assert all(map(math.isfinite, window))
        assert window[0] < window[1]
    empty = [Curve("x", one, (), (), ()) for one in looked_at(x)]
    assert fitted(empty, x) == looked_at(x)[0]
