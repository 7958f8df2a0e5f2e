"""Symbolic derivatives of higher order, in words."""

from __future__ import annotations

import math

import pytest

from gradtui.calculus.higher_orders import derivatives
from gradtui.snapshot.model import Request
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.truth import Derivative

At = dict[str, float | tuple[float, ...]]


def asked(expression: str, at: At, order: int) -> dict[str, Derivative]:
    return derivatives(Request(1, expression, at, dtype="float64", orders=OrdersRequest(order)))


@pytest.mark.parametrize(
    ("expression", "at", "order", "text"),
    [
        ("x^2 + 3x + 1", {"x": 4.0}, 2, "2"),
        ("x^2 + 3x + 1", {"x": 4.0}, 3, "0"),
        ("sum(x^3)", {"x": (1.0, 2.0)}, 2, "6*x"),
        ("x[0]^2*x[1]", {"x": (1.0, 2.0)}, 2, "[2*x[1], 0]"),
        ("abs(x)*x", {"x": 1.0}, 2, "2*sign(x)"),
        ("sin(x)*exp(x)", {"x": 1.0}, 4, "-4*sin(x)*exp(x)"),
    ],
)
def test_words(expression: str, at: At, order: int, text: str) -> None:
    assert asked(expression, at, order)["x"].text == text


def test_by_each_variable_alone() -> None:
    told = asked("x^3*y^2", {"x": 2.0, "y": 5.0}, 2)
    assert {name: one.text for name, one in told.items()} == {"x": "6*x*y^2", "y": "2*x^3"}
    assert {name: one.numbers for name, one in told.items()} == {"x": (300.0,), "y": (16.0,)}


def test_polygamma_has_numbers_without_words() -> None:
    told = asked("lgamma(x)", {"x": 1.0}, 2)["x"]
    assert told.numbers[0] == pytest.approx(math.pi**2 / 6, rel=1e-15)
    assert told.text is None
    assert told.note


def test_no_derivative_at_a_corner_of_the_derivative() -> None:
    assert asked("abs(x)*x", {"x": 0.0}, 2)["x"].numbers == (None,)
    assert asked("abs(x)*x", {"x": 1.0}, 2)["x"].numbers == (2.0,)


@pytest.mark.parametrize(
    ("expression", "x"),
    [("log(x)", -0.7), ("atanh(x)", 2.0), ("logit(x)", 2.0), ("log2(x) + x", -1.0), ("floor(x)", 1.0), ("abs(x)", 0.0)],
)
@pytest.mark.parametrize("order", [2, 3])
def test_no_number_where_there_is_none_of_a_lower_order(expression: str, x: float, order: int) -> None:
    """-1/x^2 has one at -0.7, where log has no value."""
    assert asked(expression, {"x": x}, order)["x"].numbers == (None,)


def test_one_element_without_a_derivative_leaves_the_others() -> None:
    assert asked("log(x)", {"x": (-1.0, 1.0, 2.0)}, 2)["x"].numbers == (None, -1.0, -0.25)
    assert asked("relu(x) + x^2", {"x": (0.0, 1.0)}, 3)["x"].numbers == (None, 0.0)


def test_too_large() -> None:
    told = asked("*".join(["sin(x)"] * 90), {"x": 1.0}, 2)["x"]
    assert told.text is None
    assert told.note
