"""Taylor's coefficients by Calculus against mpmath's own series, at 60 digits, of an f that is written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import pytest

from gradtui.calculus.taylor import coefficients
from gradtui.snapshot.model import Dtype, Request
from gradtui.snapshot.orders import OrdersRequest

mp = mpmath.mp.clone()
mp.dps = 60

CASES: list[tuple[str, float, Callable[[Any], Any]]] = [
    ("expm1(x)/x", 1e-3, lambda x: mp.expm1(x) / x),
    ("expm1(x)/x", 1e-12, lambda x: mp.expm1(x) / x),
    ("(1-cos(x))/x^2", 0.1, lambda x: (1 - mp.cos(x)) / x**2),
    ("(sin(x)-x)/x^3", 0.3, lambda x: (mp.sin(x) - x) / x**3),
    ("log1p(x)/x", 0.01, lambda x: mp.log1p(x) / x),
    ("tanh(x)/x", -0.02, lambda x: mp.tanh(x) / x),
    ("(x - atan(x))/x^3", 0.05, lambda x: (x - mp.atan(x)) / x**3),
    ("1/x", 1e-30, lambda x: 1 / x),
    ("log(x)", 1e4, mp.log),
    ("exp(50*x)", 3.0, lambda x: mp.exp(50 * x)),
    ("x^9", 0.0, lambda x: x**9),
    ("gamma(x)", 2.5, mp.gamma),
]


def asked(expression: str, at: dict[str, Any], degree: int = 8, dtype: Dtype = "float64", **along: Any) -> Request:
    return Request(1, expression, at, dtype, orders=OrdersRequest(1, degree=degree, **along))


@pytest.mark.parametrize(("expression", "x", "f"), CASES)
def test_to_the_last_digit(expression: str, x: float, f: Callable[[Any], Any]) -> None:
    wanted = [float(one) for one in mp.taylor(f, mp.mpf(x), 8)]
    assert coefficients(asked(expression, {"x": x})).numbers == pytest.approx(wanted, rel=3e-16, abs=1e-40)


@pytest.mark.parametrize(
    ("expression", "x", "known"),
    [
        ("abs(x)^3", 0.0, 3),
        ("abs(x)*x", 0.0, 2),
        ("relu(x)^4", 0.0, 4),
        ("floor(x) + x^2", 2.0, 0),
        ("x^2.5", 0.0, 1),
        ("where(x > 1, x, x^2)", 1.0, 1),
        ("cbrt(x)", 0.0, 1),
        ("cbrt(x)^4", 0.0, 2),
        ("lgamma(x)", 0.0, 0),
        ("1/x^2", 0.0, 0),
        ("log(x^2)", 0.0, 0),
    ],
)
def test_no_further_than_f_is_smooth(expression: str, x: float, known: int) -> None:
    told = coefficients(asked(expression, {"x": x})).numbers
    assert all(one is None for one in told[known or (expression[:5] == "floor") :])
    assert None not in told[:known]


def test_along_an_element_and_at_the_number_as_it_was_typed() -> None:
    told = coefficients(asked("sum(x^3)*y", {"x": (1.0, 2.0), "y": 5.0}, 4, along="x", element=1))
    assert told.numbers == (45.0, 60.0, 30.0, 5.0, 0.0)
    near = coefficients(asked("(x - 4.3)^2", {"x": 4.3}, 2, "float32"))
    assert near.typed == (0.0, 0.0, 1.0)
    assert 0 < near.numbers[0] < 1e-12  # type: ignore[operator]


def test_a_zero_that_rounding_hides() -> None:
    assert coefficients(asked("huber_loss(x, 0)", {"x": 0.5})).numbers == (0.125, 0.5, 0.5, *(0.0,) * 6)


@pytest.mark.parametrize("expression", ["3", "x +", "fft(x)"])
def test_nothing_to_say(expression: str) -> None:
    assert coefficients(asked(expression, {"x": 1.0})).numbers == ()
