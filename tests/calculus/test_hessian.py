"""The Hessian by Calculus against sympy's, at 40 digits."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from gradtui.calculus.hessian import hessian
from gradtui.snapshot.model import Request
from gradtui.snapshot.orders import OrdersRequest

X, Y, Z = sympy.symbols("x y z", real=True)
A, B, C = sympy.symbols("a b c", real=True)

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("(1-cos(x*y))/x^2", {"x": 0.01, "y": 0.5}, (1 - sympy.cos(X * Y)) / X**2),
    ("expm1(x*y)/x", {"x": 1e-3, "y": 2.0}, (sympy.exp(X * Y) - 1) / X),
    (
        "log(exp(x) + exp(y) + exp(z))",
        {"x": 0.5, "y": 1.0, "z": -2.0},
        sympy.log(sympy.exp(X) + sympy.exp(Y) + sympy.exp(Z)),
    ),
    ("x^y", {"x": 2.5, "y": 1.3}, X**Y),
    ("max(x^2, y)*y", {"x": 2.0, "y": 1.0}, X**2 * Y),
    ("sum(v^3)*x", {"v": (1.0, 2.0), "x": 0.25}, (A**3 + B**3) * X),
    ("prod(v)", {"v": (1.0, 2.0, 3.0)}, A * B * C),
]


def asked(expression: str, at: dict[str, Any]) -> Request:
    return Request(1, expression, at, "float64", orders=OrdersRequest(2, degree=2))


@pytest.mark.parametrize(("expression", "at", "f"), CASES, ids=lambda one: str(one))
def test_to_the_last_digit(expression: str, at: dict[str, Any], f: Any) -> None:
    told = hessian(asked(expression, at))
    assert told is not None
    where, symbols = {}, {}
    for name, value in at.items():
        each = (
            zip((A, B, C), value, strict=False)
            if isinstance(value, tuple)
            else [(sympy.Symbol(name, real=True), value)]
        )
        for place, (symbol, number) in enumerate(each):
            where[symbol] = sympy.Rational(*number.as_integer_ratio())
            symbols[f"{name}[{place}]" if isinstance(value, tuple) else name] = symbol
    assert set(told.names) == set(symbols)
    wanted = [[float(sympy.N(f.diff(symbols[a], symbols[b]).subs(where), 40)) for b in told.names] for a in told.names]
    for row, exact in zip(told.matrix, wanted, strict=True):
        assert row == pytest.approx(exact, rel=3e-16, abs=0)
    for value, direction in zip(told.eigenvalues, told.directions, strict=True):
        product = [sum(a * b for a, b in zip(row, direction, strict=True)) for row in told.matrix]
        assert product == pytest.approx(
            [value * part for part in direction], abs=1e-14 * max(map(abs, told.eigenvalues))
        )


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("abs(x)*y", {"x": 0.0, "y": 1.0}),
        ("relu(x)^2 + y", {"x": 0.0, "y": 1.0}),
        ("x^2.5*y", {"x": 0.0, "y": 1.0}),
        ("where(x > y, x^2, y^2)", {"x": 1.0, "y": 1.0}),
        ("sum(v^2)", {"v": (1.0,) * 20}),
        ("x +", {"x": 1.0}),
    ],
)
def test_nothing_where_f_is_not_smooth_or_large(expression: str, at: dict[str, Any]) -> None:
    assert hessian(asked(expression, at)) is None
