"""What is drawn of a training is what torch says: f over two variables, and the binding over the first column."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradtui.engine.training.evaluate import evaluate
from gradtui.engine.typed.evaluate import At
from gradtui.snapshot.model import Request
from gradtui.snapshot.surface import SurfaceRequest


@pytest.mark.parametrize(
    ("expression", "f"),
    [
        ("(1 - x)^2 + 100(y - x^2)^2", lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2),
        ("sum([x, y]^2)", lambda x, y: x * x + y * y),
        ("x + 0*y", lambda x, y: x),
        ("log(x) + y", lambda x, y: math.log(x) + y if x > 0 else (-math.inf if x == 0 else math.nan)),
    ],
)
def test_surface(expression: str, f: Any) -> None:
    asked = SurfaceRequest(("x", "y"), ((-2.0, 2.0), (-1.0, 3.0)), (5, 9), "key")
    snapshot = evaluate(Request(1, expression, {"x": 1.0, "y": 1.0}, "float64", surface=asked))
    surface = snapshot.surface
    assert surface is not None
    assert (surface.names, surface.key) == (("x", "y"), "key")
    expected = [f(-2 + column, -1 + row / 2) for row in range(9) for column in range(5)]
    assert surface.values == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_surface_is_averaged_over_rows() -> None:
    x, y = (0.0, 1.0, 2.0), (1.0, 2.0, 4.0)
    at: At = {"x": x, "y": y, "w": 0.0, "b": 0.0}
    asked = SurfaceRequest(("w", "b"), ((0.0, 2.0), (0.0, 2.0)), (3, 3))
    for expression in ("p = w*x + b; (p - y)^2", "mean((w*x + b - y)^2)"):
        surface = evaluate(Request(1, expression, at, "float64", data=("x", "y"), surface=asked)).surface
        assert surface is not None
        expected = [
            sum((w * a + b - c) ** 2 for a, c in zip(x, y, strict=True)) / 3 for b in (0, 1, 2) for w in (0, 1, 2)
        ]
        assert surface.values == pytest.approx(expected)


def test_fit_is_the_binding_over_the_first_column() -> None:
    at: At = {"x": (2.0, 0.0, 1.0), "y": (4.0, 1.0, 2.0), "w": 3.0, "b": 0.5}
    fit = evaluate(Request(1, "p = w*x + b; (p - y)^2", at, "float64", data=("x", "y"), fit=True)).fit
    assert fit is not None
    assert (fit.name, fit.column, fit.target) == ("p", "x", "y")
    assert fit.points == ((2.0, 4.0), (0.0, 1.0), (1.0, 2.0))
    assert all(place[1] == pytest.approx(3 * place[0] + 0.5) for place in fit.line)
    assert fit.line == tuple(sorted(fit.line))
    assert evaluate(Request(1, "(w*x + b - y)^2", at, "float64", data=("x", "y"), fit=True)).fit is None


@pytest.mark.parametrize("columns", ["xyz", "xzy", "zxy", "yzx", "zyx"])
def test_a_column_that_is_not_in_f_is_not_what_is_fitted(columns: str) -> None:
    rows: At = {"x": (2.0, 0.0, 1.0), "y": (4.0, 1.0, 2.0), "z": (-1.0, 7.0, 5.0)}
    at: At = {**{name: rows[name] for name in columns}, "w": 3.0}
    fit = evaluate(Request(1, "p = w*x; (p - y)^2", at, "float64", data=tuple(columns), fit=True)).fit
    assert fit is not None
    assert (fit.column, fit.target) == ("x", "y")
    assert fit.points == ((2.0, 4.0), (0.0, 1.0), (1.0, 2.0))


@pytest.mark.parametrize("columns", ["xyz", "yxz", "zyx", "zxy"])
@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("p = w*x + b; r = p - y; mean(r^2)", "p"),
        ("p = w*x + b; t = log(y); (p - t)^2", "p"),
        ("p = w*x + b; z*(p - y)^2", "p"),
        ("m = (x - 1)/2; p = w*m + b; (y - p)^2", "p"),
        ("h = w*x; p = tanh(h) + b; loss = mean((y - p)^2); loss", "p"),
        ("p = sigmoid(w*x + b); -(y*log(p) + (1 - y)*log(1 - p))*z", "p"),
        ("p = 2x + 1; (p - y)^2", "p"),
        ("r = w*x + b - y; mean(r^2)", None),
        ("t = log(y); (w*x + b - t)^2", None),
    ],
)
def test_what_is_fitted_is_found_whatever_the_order_of_columns(text: str, fitted: str | None, columns: str) -> None:
    """It is no distance to the target, and no column prepared; the target is the column that it is held against."""
    rows: At = {"x": (2.0, 0.0, 1.0), "y": (1.0, 2.0, 3.0), "z": (1.0, 2.0, 3.0)}
    used = [name for name in columns if name != "z" or "z" in text]
    at: At = {**{name: rows[name] for name in used}, **{name: 0.5 for name in "wb" if name in text}}
    fit = evaluate(Request(1, text, at, "float64", data=tuple(used), fit=True)).fit
    assert (fit and (fit.name, fit.column, fit.target)) == (fitted and (fitted, "x", "y"))


def test_fit_of_two_columns_is_drawn_at_the_rows() -> None:
    at: At = {"x": (2.0, 0.0, 1.0), "z": (1.0, 1.0, 2.0), "y": (4.0, 1.0, 2.0), "w": 3.0}
    fit = evaluate(Request(1, "p = w*x + z; (p - y)^2", at, "float64", data=("x", "z", "y"), fit=True)).fit
    assert fit is not None
    assert fit.target == "y"
    assert fit.line == ((0.0, 1.0), (1.0, 5.0), (2.0, 7.0))


@pytest.mark.parametrize(
    ("text", "classes", "level"),
    [
        ("p = sigmoid(w*x + v*z); -(y*log(p) + (1 - y)*log(1 - p))", (0.0, 1.0, 1.0), 0.5),
        ("p = w*x + v*z; binary_cross_entropy_with_logits(p, y)", (0.0, 1.0, 1.0), 0.0),
        ("p = w*x + v*z; relu(1 - y*p)", (-1.0, 1.0, 1.0), 0.0),
    ],
)
def test_a_decision_over_two_columns(text: str, classes: tuple[float, ...], level: float) -> None:
    at: At = {"x": (2.0, 0.0, 1.0), "z": (1.0, 1.0, 2.0), "y": classes, "w": 3.0, "v": -2.0}
    fit = evaluate(Request(1, text, at, "float64", data=("x", "z", "y"), fit=True)).fit
    assert fit is not None
    assert fit.level == level
    assert fit.points == ((2.0, 1.0), (0.0, 1.0), (1.0, 2.0))
    assert fit.classes == (False, True, True)
    surface = fit.surface
    assert surface is not None
    (left, right), (low, high) = surface.windows
    assert (left, right) == pytest.approx((-0.1, 2.1))
    for value, (x, z) in ((surface.values[0], (left, low)), (surface.values[-1], (right, high))):
        score = 3 * x - 2 * z
        assert value == pytest.approx(1 / (1 + math.exp(-score)) if level else score)
