"""Do the three agree: no false alarm over rounding, no silence over a wrong number, a reason where there is none."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph.agreement import Check, check
from gradtui.graph.rounding import roundings
from gradtui.snapshot.model import Derivative, Differences, Dtype, Experiment, Request, Snapshot, Values, VariableState
from tests import examples

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "formulas.json").read_text())

At = dict[str, float | tuple[float, ...]]

AGREE = "autograd ✓ calculus ✓ differences ✓"


def whole(text: str, at: At, dtype: Dtype = "float32") -> Snapshot:
    request = Request(1, text, at, dtype=dtype)
    return replace(evaluate(request), derivative=derivatives(request))


def of_x(text: str, x: float | tuple[float, ...], dtype: Dtype = "float32") -> Check:
    return check(whole(text, {"x": x}, dtype), "x")


def with_gradient(snapshot: Snapshot, name: str, *gradient: float) -> Snapshot:
    state = snapshot.variables[name]
    wrong = VariableState(state.value, Values(state.grad.shape, gradient))
    return replace(snapshot, variables={**snapshot.variables, name: wrong})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_no_false_alarm(formula: dict[str, Any], dtype: Dtype) -> None:
    for case in formula["checks"]:
        snapshot = whole(formula["expr"], case["at"], dtype)
        for name in snapshot.derivative or {}:
            assert check(snapshot, name) == Check(True, True, True, AGREE)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("x^2 + 3x + 1", 4.3),
        ("x^2 - 4x + 4", 2.0),
        ("(x - 4.3)^2", 4.3),
        ("(x - 2)^2", 2.0000001),
        ("sin(1000x)", 4.3),
        ("sin(x)", 3.1415927),
        ("cos(x)", 0.0),
        ("tanh(x)", 20.0),
        ("tanh(x)", 7.6),
        ("sigmoid(x)", 100.0),
        ("exp(x)", 1000.0),
        ("exp(-x)", 1000.0),
        ("erf(x)", 5.0),
        ("softplus(x)", 100.0),
        ("x*sigmoid(x)", -1.2784645),
        ("lgamma(x)", 1.4616321),
        ("1e6*x - 1e6", 1.0),
        ("(1 - cos(x))/x^2", 0.01),
        ("x^10 - x^9", 0.9),
        ("x*abs(x)", 0.0),
        ("elu(x)", 0.0),
        ("sinc(x)", 0.048),
        ("x^x", 3.0),
        ("x/3", 0.1),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_false_alarm_where_digits_cancel(text: str, x: float, dtype: Dtype) -> None:
    told = of_x(text, x, dtype)
    assert told.autograd is True
    assert told.calculus is True
    assert told.differences is not False


@pytest.mark.parametrize("wrong", [1.001, 0.99, -1.0, 0.0, 2.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("text", "x"),
    [("x^2 + 3x + 1", 4.3), ("sin(x)*exp(-x^2)", 0.5), ("1/(1 + exp(-x))", 1.0), ("sqrt(1 + x^2)", 2.0), ("x^5", 0.01)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_wrong_gradient_passes(text: str, x: float, wrong: float, dtype: Dtype) -> None:
    right = whole(text, {"x": x}, dtype)
    told = check(with_gradient(right, "x", right.variables["x"].grad.numbers[0] * wrong), "x")
    assert (told.autograd, told.calculus, told.differences) == (False, True, True)
    assert "✗" in told.text


@pytest.mark.parametrize(
    ("text", "at", "name"),
    [
        ("sin(x*y)/z + exp(-z)", {"x": 1.3, "y": 0.7, "z": 2.1}, "z"),
        ("(w*x + b - y)^2", {"x": 2.0, "w": 0.5, "b": 0.1, "y": 1.1001}, "w"),
        ("log(x) - log(y)", {"x": 1.0001, "y": 1.0}, "x"),
        ("tanh(3*x)^3 + x^2", {"x": 1.7}, "x"),
        ("sqrt(x^2 + y^2) - x", {"x": 100.0, "y": 0.1}, "x"),
        ("gelu(x)*silu(x)", {"x": -1.1}, "x"),
        ("sin(50*x)^2", {"x": 3.3}, "x"),
    ],
)
def test_the_bound_on_rounding_holds(text: str, at: At, name: str) -> None:
    """float32 against float64, at places that float32 holds only about."""
    for shift in range(20):
        there: At = {key: value + 0.0137 * shift for key, value in at.items() if isinstance(value, float)}
        rough, exact = whole(text, there), whole(text, there, "float64")
        off = abs(rough.variables[name].grad.numbers[0] - exact.variables[name].grad.numbers[0])
        bound = roundings(rough.graph, "float32")[name]
        assert off <= bound
        assert bound <= 1e-2 * max(1.0, abs(exact.variables[name].grad.numbers[0]))


@pytest.mark.parametrize(
    ("text", "x", "sentence"),
    [
        ("abs(x)", 0.0, "no derivative here: -1 from the left, 1 from the right; torch takes 0"),
        ("relu(x)", 0.0, "no derivative here: 0 from the left, 1 from the right; torch takes 0"),
        ("clamp(x, 0, 1)", 1.0, "no derivative here: 1 from the left, 0 from the right; torch takes 1"),
        ("max(x, -x)", 0.0, "no derivative here: -1 from the left, 1 from the right; torch takes 0"),
        ("abs(x - 4.3)", 4.3, "no derivative here: -1 from the left, 1 from the right; torch takes 0"),
        ("floor(x)", 2.0, "no derivative here: inf from the left, 0 from the right; torch takes 0"),
        ("sign(x)", 0.0, "no derivative here: inf from the left, inf from the right; torch takes 0"),
        ("sqrt(x)", 0.0, "no derivative here: f has no value to the left, inf from the right; torch takes inf"),
        ("1/x", 0.0, "f is inf here, there is no derivative to check; torch gives -inf"),
        ("log(-x)", 1.0, "f is nan here, there is no derivative to check; torch gives 1"),
    ],
)
def test_where_there_is_no_derivative(text: str, x: float, sentence: str) -> None:
    assert of_x(text, x) == Check(None, None, None, sentence)


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("log1p(exp(x))", 100.0, Check(False, True, True, "autograd nan ✗ calculus 1 ✓ differences 1 ✓")),
        ("0*sqrt(x)", 0.0, Check(False, True, None, "autograd nan ✗ calculus 0 ✓")),
        ("sin(x)/x", 0.0, Check(False, None, True, "autograd nan ✗ differences 0 ✓")),
    ],
)
def test_where_torch_is_wrong(text: str, x: float, expected: Check) -> None:
    assert of_x(text, x) == expected


def test_too_steep_for_the_dtype() -> None:
    told = of_x("tan(x)", math.pi / 2)
    assert (told.autograd, told.calculus) == (None, True)
    assert told.text.endswith("too steep here for float32")


def test_how_far_apart() -> None:
    told = check(with_gradient(examples.quadratic(), "x", 10.5), "x")
    assert told.text == "autograd 10.5 ✗ calculus 11 ✓ differences 11 ✓, 0.5 apart"


def test_the_odd_one_out() -> None:
    right = examples.quadratic()
    calculus = replace(right, derivative={"x": Derivative("7", (7.0,))})
    assert check(calculus, "x").calculus is False
    assert check(calculus, "x").autograd is True
    differences = replace(right, differences={"x": Differences((7.0,), (7.0,), (7.0,), (1e-9,))})
    assert check(differences, "x") == Check(True, True, False, "autograd 11 ✓ calculus 11 ✓ differences 7 ✗, 4 apart")


def test_calculus_is_not_known_yet() -> None:
    early = replace(examples.quadratic(), derivative=None)
    assert check(early, "x") == Check(True, None, True, "autograd ✓ calculus – differences ✓")
    assert check(with_gradient(early, "x", 10.5), "x").autograd is False


def test_differences_that_know_nothing_do_not_count() -> None:
    unsure = replace(examples.quadratic(), differences={"x": Differences((7.0,), (11.0,), (11.0,), (1.0,))})
    assert check(unsure, "x") == Check(True, True, None, "autograd ✓ calculus ✓ differences –")


def test_vectors() -> None:
    assert check(examples.vector_quadratic(), "x") == Check(True, True, True, AGREE)
    wrong = with_gradient(examples.vector_quadratic(), "x", 7.2, 13.8, 9.5)
    assert check(wrong, "x").text == "x[2]: autograd 9.5 ✗ calculus 9.4 ✓ differences 9.4 ✓, 0.1 apart"
    kink = of_x("abs(x)", (1.0, 0.0))
    assert kink == Check(
        True, True, True, "x[1]: no derivative here: -1 from the left, 1 from the right; torch takes 0"
    )


def test_each_variable_has_its_own() -> None:
    snapshot = with_gradient(examples.two_variables(), "y", 0.0)
    assert check(snapshot, "x").autograd is True
    assert check(snapshot, "y").autograd is False


def test_nothing_to_compare() -> None:
    assert check(examples.problem(), "x") == Check(None, None, None, "")
    assert check(examples.constant(), "x") == Check(None, None, None, "")
    alone = replace(examples.quadratic(), derivative=None, differences={})
    assert check(alone, "x") == Check(None, None, None, "nothing to check autograd's 11 against here")


def test_an_experiment_is_not_judged() -> None:
    """Its gradient is changed on purpose: neither right nor wrong."""
    changed = evaluate(Request(1, "x^2", {"x": 4.0}, experiments=(Experiment(0, factor=0.5),)))
    told = check(changed, "x")
    assert (told.autograd, told.calculus, told.differences) == (None, None, None)
    assert told.text == "an experiment, not the gradient of f"
    derived = replace(changed, derivative={"x": Derivative("2*x", (8.0,))})
    assert check(derived, "x").text == "an experiment, not the gradient of f (8 by Calculus)"
    unknown = replace(changed, derivative={"x": Derivative("2*x", (None,))})
    assert check(unknown, "x").text == "an experiment, not the gradient of f"
