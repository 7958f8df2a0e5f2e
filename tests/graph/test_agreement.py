"""Do the three agree: no false alarm over rounding, no silence over a wrong number, a reason where there is none."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.dtypes import limits
from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph.agreement import Check, check, is_spoilt, value_check
from gradtui.graph.rounding import roundings
from gradtui.snapshot.model import Differences, Dtype, Experiment, Request, Snapshot, Values, VariableState
from gradtui.snapshot.truth import Derivative
from tests import examples
from tests.torch_version import VERSION

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "formulas.json").read_text())

At = dict[str, float | tuple[float, ...]]

LOSE_A_DIGIT = {("Fourier 3-term", "float32"), ("III.4.33", "float64")}
"""Formulas of which at one place a digit too many is lost: what is added there nearly cancels."""

AGREE = "autograd ✓ calculus ✓ differences ✓"

AT_A_BOUND = 0 if VERSION >= (2, 14) else 1


def whole(text: str, at: At, dtype: Dtype = "float32") -> Snapshot:
    request = Request(1, text, at, dtype=dtype)
    return replace(evaluate(request), derivative=derivatives(request), truth=truth(request))


def marks(told: Check) -> tuple[bool | None, bool | None, bool | None]:
    return told.autograd, told.calculus, told.differences


def of_x(text: str, x: float | tuple[float, ...], dtype: Dtype = "float32") -> Check:
    return check(whole(text, {"x": x}, dtype), "x")


def with_gradient(snapshot: Snapshot, name: str, *gradient: float) -> Snapshot:
    state = snapshot.variables[name]
    wrong = VariableState(state.value, Values(state.grad.shape, gradient))
    return replace(snapshot, variables={**snapshot.variables, name: wrong})


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_no_false_alarm(formula: dict[str, Any], dtype: Dtype) -> None:
    """Formulas at ordinary places: a tick each."""
    for case in formula["checks"]:
        snapshot = whole(formula["expr"], case["at"], dtype)
        for name in snapshot.derivative or {}:
            told = check(snapshot, name)
            one_too_many = (
                (formula["name"], dtype) in LOSE_A_DIGIT and told.lost and told.digits == limits(dtype).digits - 3
            )
            assert told.autograd is True or one_too_many, told
            assert marks(told)[1:] == (True, True)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("x^2 + 3x + 1", 4.3),
        ("x^2 - 4x + 4", 2.0),
        ("(x - 4.3)^2", 4.3),
        ("(x - 2)^2", 2.0000001),
        ("sin(x)", 3.1415927),
        ("cos(x)", 0.0),
        ("exp(x)", 1000.0),
        ("exp(-x)", 1000.0),
        ("erf(x)", 5.0),
        ("softplus(x)", 100.0),
        ("1e6*x - 1e6", 1.0),
        ("x*abs(x)", 0.0),
        ("elu(x)", 0.0),
        ("x^x", 3.0),
        ("x/3", 0.1),
        ("tan(x)", math.pi / 2),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_false_alarm_at_odd_places(text: str, x: float, dtype: Dtype) -> None:
    told = of_x(text, x, dtype)
    assert told.autograd is True
    assert told.calculus is True
    assert told.differences is not False


@pytest.mark.parametrize(
    ("text", "x", "digits"),
    [
        ("tanh(x)", 20.0, (0, 0)),
        ("sin(1000x)", 4.3, (3, 12)),
        ("sigmoid(x)", 100.0, (0, 0)),
        ("x*sigmoid(x)", -1.2784645, (0, 8)),
        ("(1 - cos(x))/x^2", 0.01, (0, 6)),
        ("sinc(x)", 0.004, (4, 12)),
        ("cos(pi*x)", 1.0, (0, 0)),
    ],
)
def test_rounding_took_digits(text: str, x: float, digits: tuple[int, int]) -> None:
    """Neither a tick, which would say that they are right, nor a cross: that is of a wrong formula."""
    dtypes: tuple[tuple[Dtype, int], ...] = (("float32", digits[0]), ("float64", digits[1]))
    for dtype, most in dtypes:
        told = of_x(text, x, dtype)
        assert told.autograd is None
        assert told.calculus is True
        assert told.digits is not None
        assert told.digits <= most + 1


@pytest.mark.parametrize("wrong", [1.001, 0.99, -1.0, 0.0, 2.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("text", "x"),
    [("x^2 + 3x + 1", 4.3), ("sin(x)*exp(-x^2)", 0.5), ("1/(1 + exp(-x))", 1.0), ("sqrt(1 + x^2)", 2.0), ("x^5", 0.01)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_wrong_gradient_passes(text: str, x: float, wrong: float, dtype: Dtype) -> None:
    right = whole(text, {"x": x}, dtype)
    told = check(with_gradient(right, "x", right.variables["x"].grad.numbers[0] * wrong), "x")
    assert marks(told) == (False, True, True)
    assert "✗" in told.text


@pytest.mark.long
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
        (bound,) = roundings(rough.graph, "float32")[name]
        assert off <= bound
        assert bound <= 1e-2 * max(1.0, abs(exact.variables[name].grad.numbers[0]))


@pytest.mark.parametrize(
    ("text", "x", "sentence"),
    [
        ("abs(x)", 0.0, "no derivative here: -1 from the left, 1 from the right; torch takes 0"),
        ("relu(x)", 0.0, "no derivative here: 0 from the left, 1 from the right; torch takes 0"),
        ("clamp(x, 0, 1)", 1.0, f"no derivative here: 1 from the left, 0 from the right; torch takes {AT_A_BOUND}"),
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
        ("log1p(exp(x))", 100.0, Check(False, True, True, "autograd nan ✗ calculus 1 ✓ differences 1 ✓", 0)),
        ("0*sqrt(x)", 0.0, Check(False, True, None, "autograd nan ✗ calculus 0 ✓", 0)),
        ("sin(x)/x", 0.0, Check(False, None, True, "autograd nan ✗ differences 0 ✓", 0)),
    ],
)
def test_where_torch_is_wrong(text: str, x: float, expected: Check) -> None:
    assert of_x(text, x) == expected


@pytest.mark.parametrize(
    ("text", "x", "digits"),
    [
        ("hardsigmoid(x)", 1.3, 7),
        ("celu(x, 0.3)", -1.0, 7),
        ("softplus(x)", 22.0, 9),
        ("digamma(x)", 0.648, 9),
        ("log_ndtr(x)", -100.0, 12),
    ],
)
def test_where_a_formula_of_torch_loses_digits(text: str, x: float, digits: int) -> None:
    """In float64, by no rounding of the inputs: both numbers are shown to where they part, and neither is wrong."""
    told = of_x(text, x, "float64")
    assert (told.autograd, told.calculus, told.digits) == (None, True, digits)
    one, other = [word.rstrip(",") for word in told.text.split() if word.rstrip(",").replace(".", "").isdigit()][-2:]
    assert one != other


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_differences_are_those_of_the_numbers_as_typed(dtype: Dtype) -> None:
    """x[1] + x[2] is 0.129 of what was typed, and another number of a float32's x: none of the three is wrong."""
    snapshot = whole("-(x[1] + x[2])/x[0]", {"x": (-2.859, -3.778, 3.907)}, dtype)
    assert False not in marks(check(snapshot, "x"))


def test_how_far_apart() -> None:
    told = check(with_gradient(examples.quadratic(), "x", 10.5), "x")
    assert told.text == "autograd 10.5 ✗ calculus 11 ✓ differences 11 ✓, 0.5 apart"


def test_the_odd_one_out() -> None:
    right = examples.quadratic()
    calculus = replace(right, derivative={"x": Derivative("7", (7.0,))})
    assert check(calculus, "x").calculus is False
    assert check(calculus, "x").autograd is True
    differences = replace(right, differences={"x": Differences((7.0,), (7.0,), (7.0,), (1e-9,))})
    told = Check(True, True, False, "autograd 11 ✓ calculus 11 ✓ differences 7 ✗, 4 apart", 7)
    assert check(differences, "x") == told


def test_calculus_is_not_known_yet() -> None:
    early = replace(examples.quadratic(), derivative=None)
    assert check(early, "x") == Check(True, None, True, "autograd ✓ calculus – differences ✓", 6)
    assert check(with_gradient(early, "x", 10.5), "x").autograd is False


@pytest.mark.parametrize(("text", "x", "reaches"), [("(x - 1.3)^2*7", 1.2999999523, 1e-4), ("(e^x - 1)/x", 1e-5, 1.0)])
def test_what_cannot_be_told_from_0(text: str, x: float, reaches: float) -> None:
    """At the end of a training, where rounding is small, and where it is all that there is; the truth is within it."""
    told = of_x(text, x)
    rough, exact = (whole(text, {"x": x}, dtype).variables["x"].grad.numbers[0] for dtype in ("float32", "float64"))
    bound = float(told.text.partition("up to ")[2].partition(":")[0])
    assert (told.autograd, told.digits) == (None, 0)
    assert abs(exact) <= abs(rough - exact) <= bound
    assert (bound < reaches) == (reaches < 1)


@pytest.mark.parametrize(("reach", "said"), [((), None), ((0.0078125,), "0.0078")])
def test_a_corner_that_may_stand_beside(reach: tuple[float, ...], said: str | None) -> None:
    """Where f is known in float32 alone, it may well have a derivative at the place itself."""
    corner = Differences((1.0,), (math.inf,), (0.0,), (1.0,), reach)
    told = check(replace(examples.quadratic(), derivative=None, differences={"x": corner}), "x")
    assert (told.autograd, told.differences) == (None, None)
    assert said is None or said in told.text
    assert ("within" in told.text) == (said is not None)


def test_differences_that_know_nothing_do_not_count() -> None:
    unsure = replace(examples.quadratic(), differences={"x": Differences((7.0,), (11.0,), (11.0,), (1.0,))})
    assert check(unsure, "x") == Check(True, True, None, "autograd ✓ calculus ✓ differences –", 7)


def test_vectors() -> None:
    assert check(examples.vector_quadratic(), "x") == Check(True, True, True, AGREE, 16)
    wrong = with_gradient(examples.vector_quadratic(), "x", 7.2, 13.8, 9.5)
    assert check(wrong, "x").text == "x[2]: autograd 9.5 ✗ calculus 9.4 ✓ differences 9.4 ✓, 0.1 apart"
    kink = of_x("abs(x)", (1.0, 0.0))
    told = "x[1]: no derivative here: -1 from the left, 1 from the right; torch takes 0"
    assert kink == Check(True, True, True, told, 7)


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
    assert marks(told) == (None, None, None)
    assert told.text == "an experiment, not the gradient of f"
    derived = replace(changed, derivative={"x": Derivative("2*x", (8.0,))})
    assert check(derived, "x").text == "an experiment, not the gradient of f (8 by Calculus)"
    unknown = replace(changed, derivative={"x": Derivative("2*x", (None,))})
    assert check(unknown, "x").text == "an experiment, not the gradient of f"


def test_the_value_of_f_too() -> None:
    """1 - 1/(1 + x^2) has lost its digits at 0.001, its derivative has not."""
    lost = whole("1 - 1/(1 + x^2)", {"x": 0.001})
    assert check(lost, "x").autograd is True
    told = value_check(lost)
    assert (told.right, told.digits) == (None, 1)
    assert value_check(whole("1 - 1/(1 + x^2)", {"x": 5.0})).right is True


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_zero_that_is_right_for_the_number_as_typed(dtype: Dtype) -> None:
    """No float is 4.3, but 4.3 - 4.3 is 0. What is not 0 is judged at the float."""
    snapshot = whole("(x - 4.3)^2", {"x": 4.3}, dtype)
    assert value_check(snapshot).right is True
    assert check(snapshot, "x").autograd is True
    assert check(whole("cos(100000x)", {"x": 12.3}, "float64"), "x").lost


def test_at_a_jump_the_value_is_not_judged() -> None:
    """10*0.3 rounds to 3, and floor goes with it."""
    assert value_check(whole("floor(10x)", {"x": 0.3}, "float64")).right is None


def test_of_a_vector_each_element_counts() -> None:
    """One element that lost digits takes the tick of all; where none is right, that one has no tangent."""
    snapshot = whole("(1 - cos(x))/x^2", {"x": (1.0, 1e-4)})
    told = check(snapshot, "x")
    assert (told.autograd, told.digits) == (None, 0)
    assert told.text.startswith("x[1]: ")
    assert not is_spoilt(snapshot, "x", 0)
    assert is_spoilt(snapshot, "x", 1)
    assert not is_spoilt(snapshot, "x", 2)
    assert not is_spoilt(snapshot, "y", 0)


def test_nothing_is_spoilt_as_long_as_calculus_is_silent() -> None:
    early = replace(whole("(1 - cos(x))/x^2", {"x": 1e-4}), derivative=None)
    assert not is_spoilt(early, "x", 0)


def test_without_calculus_differences_tell_what_they_can() -> None:
    """Nine digits or so. In float64 a large allowance for rounding is no tick."""
    steady = replace(whole("sin(x)*exp(-x^2)", {"x": 0.5}, "float64"), derivative={})
    assert check(steady, "x").autograd is True
    shaky = replace(whole("log(1 + x)/x", {"x": 1e-4}, "float64"), derivative={})
    told = check(shaky, "x")
    assert told.autograd is None
    assert told.digits is not None
    assert 0 < told.digits < 10


def test_differences_that_are_unsure_do_not_take_digits_from_autograd() -> None:
    """They are alike to more digits than differences can be sure of: that is said, with numbers that show how far."""
    shaky = replace(whole("log(1 + x)/x", {"x": 1e-4}, "float64"), derivative={})
    (gradient,) = shaky.variables["x"].grad.numbers
    near, off = gradient * (1 + 1e-7), abs(gradient) * 1e-5
    told = check(replace(shaky, differences={"x": Differences((near,), (near,), (near,), (off,))}), "x")
    assert (told.autograd, told.digits) == (None, 3)
    assert "≈" not in told.text
    shown = [float(one) for one in re.findall(r"-?\d\.\d+", told.text)]
    assert len(shown) == 2
    assert 0 < abs(shown[0] - shown[1]) < 1e-6


@pytest.mark.parametrize("off", [2e-7, 3e-6])
def test_without_calculus_a_last_digit_or_two_is_a_tick_as_with_it(off: float) -> None:
    """torch's own gradient in float64 is the truth."""
    exact = replace(whole("(1.7*x - 2)^2", {"x": 1.3}, "float64"), dtype="float32", derivative={})
    (gradient,) = exact.variables["x"].grad.numbers
    told = check(with_gradient(exact, "x", gradient * (1 + off)), "x")
    assert marks(told) == (True, None, True), told.text


@pytest.mark.parametrize("text", ["x*(1 - cos(1e-7))", "sin(x)*sinc(2)"])
def test_a_constant_that_lost_its_digits_is_no_wrong_formula(text: str) -> None:
    """Differences have it from the same constant, and agree with what is wrong."""
    told = of_x(text, 2.0, "float64")
    assert (told.autograd, told.calculus) == (None, True)
    assert told.lost


def test_numbers_that_underflow_on_the_way_are_not_wrong() -> None:
    told = check(whole("sigmoid(0.3/x)", {"x": (0.0265, 0.00372, 0.000236)}), "x")
    assert (told.autograd, told.digits) == (None, 0)


@pytest.mark.parametrize(
    ("text", "x"), [("cos(x) + abs(x)", 1e-25), ("1 + relu(x)", 1e-20), ("5 - max(x, 2*x)", -1e-20)]
)
def test_differences_that_reach_over_a_corner_say_nothing(text: str, x: float) -> None:
    told = of_x(text, x, "float64")
    assert marks(told) == (True, True, None)


@pytest.mark.parametrize("text", ["erf(x)*1e30", "relu(-x) + 5"])
def test_of_a_gradient_of_0_differences_know_nothing(text: str) -> None:
    """They do not tell 0 from what is very small, so no digit is called wrong, and none right."""
    told = check(replace(evaluate(Request(1, text, {"x": 3e4}))), "x")
    assert marks(told) == (None, None, None)
    assert told.digits is None


def test_a_constant_that_floats_do_not_hold_is_no_wrong_gradient() -> None:
    told = of_x("((gelu(softplus(x)) - tan(cosh(pi))))^5", 0.1, "float64")
    assert told.autograd is None
    assert told.digits == 13


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("log(1 + exp(-x))", 30.0),
        ("log(1 + x^6)", 0.003),
        ("1 - 1/(1 + exp(-x))", 32.0),
        ("sqrt(1 + x^8) - 1", 0.01),
        ("atan(1 + x^6) - pi/4", 0.003),
    ],
)
def test_differences_of_a_value_without_digits_say_nothing(text: str, x: float) -> None:
    """They are of values that rounding made alike; the gradient has its digits."""
    assert marks(of_x(text, x, "float64")) == (True, True, None)


def test_differences_of_a_value_without_digits_outvote_nobody() -> None:
    """Above its threshold torch's softplus is x itself: 0 is what that makes of f' = sigmoid(x) - 1."""
    assert marks(of_x("softplus(x) - x", 30.0, "float64")) == (False, True, None)


@pytest.mark.parametrize(
    "text", ["x - sin(x)", "x - tanh(x)", "tanhshrink(x)", "atan(x) - x", "tan(x) - x", "sinh(x) - x"]
)
def test_what_rounding_leaves_of_differences_is_no_slope(text: str) -> None:
    """f' is 0 at 0, and rounding inside f makes 3.7e-17 of it."""
    assert marks(of_x(text, 0.0)) == (True, True, None)


def test_differences_of_a_small_function_are_seen() -> None:
    assert marks(of_x("1e-20*sin(x)", 0.0, "float64")) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("x^2/abs(x)", 0.0, 1),
        ("(1 - cos(x))/abs(x)", 0.0, 0.5),
        ("sin(x)^2/abs(x)", 0.0, 1),
        ("log(1 + x^2)/abs(x)", 0.0, 1),
        ("(x - 1)^2/abs(x - 1)", 1.0, 1),
    ],
)
def test_a_corner_where_f_has_a_limit_alone(text: str, x: float, slope: float) -> None:
    told = of_x(text, x)
    assert marks(told) == (None, None, None)
    assert f"{-slope} from the left, {slope} from the right" in told.text


@pytest.mark.parametrize(
    ("text", "x"), [("x*sin(1/x)", 0.0), ("x*sin(3/x)", 0.0), ("(x - 1)*sin(1/(x - 1)) + x^2", 1.0)]
)
def test_waves_have_no_slope_where_f_has_a_limit_alone(text: str, x: float) -> None:
    assert marks(of_x(text, x)) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        *(
            (text, 0.0)
            for text in ("sin(x)/x", "(e^x - 1)/x", "(1 - cos(x))/x^2", "log(1 + x)/x", "sin(x^2)/x", "x/sin(x)")
        ),
        ("(x^2 - 1)/(x - 1)", 1.0),
    ],
)
def test_a_slope_where_f_has_a_limit_alone(text: str, x: float) -> None:
    assert marks(of_x(text, x)) == (False, None, True)
