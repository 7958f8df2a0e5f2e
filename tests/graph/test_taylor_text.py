"""A digit of Taylor's polynomial that is wrong is never shown as true: mpmath at 60 digits, where f cancels."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from msgspec.structs import replace

from gradtui.calculus import taylor as calculus
from gradtui.engine.training.evaluate import evaluate
from gradtui.graph.taylor_text import coefficients, lines, values
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Dtype, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.truth import Coefficients

mp = mpmath.mp.clone()
mp.dps = 60

CANCELLING: list[tuple[str, float, Callable[[Any], Any]]] = [
    ("expm1(x)/x", 1e-3, lambda x: mp.expm1(x) / x),
    ("expm1(x)/x", 0.05, lambda x: mp.expm1(x) / x),
    ("(1-cos(x))/x^2", 0.1, lambda x: (1 - mp.cos(x)) / x**2),
    ("(sin(x)-x)/x^3", 0.3, lambda x: (mp.sin(x) - x) / x**3),
    ("log1p(x)/x", 0.01, lambda x: mp.log1p(x) / x),
]


def told_of(expression: str, x: float, dtype: Dtype = "float64", most: int = 1) -> Snapshot:
    request = Request(1, expression, {"x": x}, dtype, orders=OrdersRequest(most, degree=8))
    return replace(evaluate(request), taylor=calculus.coefficients(request), derivative={})


@pytest.mark.parametrize(("expression", "x", "f"), CANCELLING)
@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_digit_that_is_shown_is_right(expression: str, x: float, f: Callable[[Any], Any], dtype: Dtype) -> None:
    snapshot = told_of(expression, x, dtype)
    assert snapshot.orders is not None
    here = x if dtype == "float64" else struct.unpack("<f", struct.pack("<f", x))[0]
    wanted = [float(one) for one in mp.taylor(f, mp.mpf(here), 8)]
    assert values(snapshot, snapshot.orders) == pytest.approx(wanted, rel=1e-5 if dtype == "float32" else 1e-14)
    written = [line.rpartition(" = ")[2] for line in lines(snapshot, snapshot.orders) if line.startswith("  c")]
    assert [float(one) for one in written] == pytest.approx(wanted, rel=6e-5)
    told = coefficients(snapshot, snapshot.orders)
    assert told[8].lost, "of autograd's eighth nothing is left"
    assert sum(one.lost for one in told) == sum("by Calculus" in line for line in lines(snapshot, snapshot.orders))
    for one, exact in zip(told, wanted, strict=True):
        assert one.digits is not None
        assert abs(one.autograd - exact) <= 10.0**-one.digits * abs(exact) * 1.01 or not one.digits


def test_autograd_is_believed_where_it_is_right() -> None:
    snapshot = told_of("sin(x)*exp(x)", 0.7)
    assert snapshot.orders is not None
    assert values(snapshot, snapshot.orders) == snapshot.orders.taylor
    assert not any(one.lost for one in coefficients(snapshot, snapshot.orders))


def test_a_zero_at_the_number_as_it_was_typed_is_right() -> None:
    snapshot = told_of("(x - 4.3)^2", 4.3, "float32")
    assert snapshot.orders is not None
    assert not any(one.lost for one in coefficients(snapshot, snapshot.orders))


def test_what_nothing_checks_is_named() -> None:
    """Of the orders there are differences; beyond them there is Calculus alone."""
    corner = told_of("abs(x)^3", 0.0, most=2)
    assert corner.orders is not None
    (line,) = [line for line in lines(corner, corner.orders) if "nothing checks" in line]
    assert "c3 to c8" in line
    waiting = replace(corner, taylor=None, derivative=None)
    assert not any("nothing checks" in line for line in lines(waiting, corner.orders))
    silent = replace(corner, taylor=Coefficients())
    assert any("nothing checks c3 to c8" in line for line in lines(silent, corner.orders))


@pytest.mark.parametrize(
    ("expression", "x", "first"), [("abs(x) + x^2", 0.0, 1), ("x*relu(x)", 0.0, 2), ("log(x)", -1.0, 1)]
)
def test_from_where_on_there_is_no_derivative(expression: str, x: float, first: int) -> None:
    told = "\n".join(written(expression, x))
    assert f"no derivative of order {first} here" in told
    assert f"c{first} to c8" in told


def written(expression: str, x: float) -> list[str]:
    snapshot = told_of(expression, x, most=3)
    assert snapshot.orders is not None
    return list(lines(snapshot, snapshot.orders))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("expression", "at", "degree"),
    [
        ("x^2", 2.4, 3),
        ("x^3 - x", 0.3, 3),
        ("0.1x^2", 0.7, 3),
        ("x^4/7 - x^2", -1.3, 4),
        ("(x - 0.1)^3", 0.2, 4),
        ("x/3", 0.3, 2),
    ],
)
def test_of_a_polynomial_no_rounding_is_told_as_a_distance(
    expression: str, at: float, degree: int, dtype: Dtype
) -> None:
    """Its own Taylor polynomial is f: it is off by nothing that a digit could tell."""
    ends = {name: off_at_the_ends(expression, at, name, dtype) for name in (degree, 1)}
    assert not any(map(float_of, ends[degree]))
    assert all(map(float_of, ends[1])) == (expression != "x/3"), "what one degree lacks is told"


def off_at_the_ends(expression: str, at: float, degree: int, dtype: Dtype) -> list[str]:
    request = Request(
        1,
        expression,
        {"x": at},
        dtype,
        curve=CurveRequest("x", (-10.0, 10.0), 9),
        orders=OrdersRequest(1, degree=degree),
    )
    snapshot = evaluate(request)
    assert snapshot.orders is not None
    (line,) = (line for line in lines(snapshot, snapshot.orders) if "off by" in line)
    return [part.rpartition(" at ")[0].rpartition("by ")[2] for part in line.split(" and ")]


def float_of(told: str) -> float:
    """0 for words."""
    try:
        return float(told)
    except ValueError:
        return 0.0
