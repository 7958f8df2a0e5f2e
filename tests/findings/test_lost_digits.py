"""Who lost the digits: the node that a numerical analyst would name, and what one writes instead, which then keeps them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.graph.agreement import check, value_check
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Dtype, Experiment, Request, Snapshot

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "formulas.json").read_text())

At = dict[str, float | tuple[float, ...]]

LOSSES: list[tuple[str, At, Dtype, str, str]] = [
    ("(e^x - 1)/x", {"x": 1e-5}, "float32", "e^x - 1", "expm1"),
    ("(exp(x) - 1)/x", {"x": 1e-5}, "float64", "exp(x) - 1", "expm1"),
    ("(1 - cos(x))/x^2", {"x": 1e-4}, "float32", "1 - cos(x)", "sin(x/2)^2"),
    ("(1 - cos(x))/x^2", {"x": 1e-4}, "float64", "1 - cos(x)", "sin(x/2)^2"),
    ("log(1 + x)/x", {"x": 1e-6}, "float32", "log(1 + x)", "log1p"),
    ("log(1 + x)/x", {"x": 1e-4}, "float64", "log(1 + x)", "log1p"),
    ("(1 + x)^(1/x)", {"x": 1e-4}, "float32", "(1 + x)^(1/x)", "log1p"),
    ("sqrt(x + 1) - sqrt(x)", {"x": 1e5}, "float32", "sqrt(x + 1) - sqrt(x)", "sqrt(a) + sqrt(b)"),
    ("log(x + 1) - log(x)", {"x": 1e3}, "float32", "log(x + 1) - log(x)", "log1p"),
    ("1/x - 1/(x + 1)", {"x": 1e4}, "float32", "1/x - 1/(x + 1)", "a*b"),
    ("exp(x) - exp(x - 0.0001)", {"x": 5.0}, "float32", "exp(x) - exp(x - 0.0001)", "expm1"),
    ("x/(sqrt(x^2 + 1) - 1)", {"x": 0.05}, "float32", "sqrt(x^2 + 1) - 1", "sqrt(a) + 1"),
    ("tan(x) - sin(x)", {"x": 1e-3}, "float32", "tan(x) - sin(x)", "float64"),
    ("sin(x^2)", {"x": 1000.1}, "float32", "sin(x^2)", "float64"),
    ("atan(x)/x", {"x": 1e-3}, "float32", "x", "series"),
    ("a = x^2 + 1; (sqrt(a) - 1)*y", {"x": 1e-3, "y": 2.0}, "float32", "sqrt(a) - 1", "sqrt(a) + 1"),
    ("sum((1 - cos(x))/x)", {"x": (1.0, 1e-3)}, "float32", "1 - cos(x)", "sin(x/2)^2"),
    ("x*(1 - cos(1e-7))", {"x": 2.0}, "float64", "x*(1 - cos(1e-7))", "number"),
    ("1 - 1/(1 + x^2)", {"x": 1e-3}, "float32", "1 - 1/(1 + x^2)", "float64"),
    ("1 - sigmoid(x)", {"x": 12.0}, "float32", "1 - sigmoid(x)", "sigmoid(-x)"),
    ("log(1 - x)", {"x": 1e-7}, "float32", "log(1 - x)", "log1p(-x)"),
    ("log(x + y)", {"x": 0.3, "y": 0.70000005}, "float32", "log(x + y)", "float64"),
    ("(x + y)^1000", {"x": 0.3, "y": 0.70000005}, "float32", "(x + y)^1000", "float64"),
    ("1 + cos(x)", {"x": 3.1415}, "float32", "1 + cos(x)", "cos(x/2)^2"),
    ("1 + erf(x)", {"x": -4.0}, "float32", "1 + erf(x)", "erfc(-x)"),
    ("1 - tanh(x)", {"x": 8.0}, "float32", "1 - tanh(x)", "sigmoid(-2*x)"),
    ("cosh(x) - 1", {"x": 1e-3}, "float32", "cosh(x) - 1", "sinh(x/2)^2"),
    ("log(sigmoid(x))", {"x": 15.0}, "float32", "log(sigmoid(x))", "logsigmoid"),
]

BETTER: list[tuple[str, str, float]] = [
    ("1 - cos(x)", "2*sin(x/2)^2", 1e-4),
    ("exp(x) - 1", "expm1(x)", 1e-5),
    ("log(1 + x)", "log1p(x)", 1e-6),
    ("log(1 - x)", "log1p(-x)", 1e-6),
    ("(1 + x)^3000", "exp(3000*log1p(x))", 1e-5),
    ("sqrt(x + 1) - sqrt(x)", "1/(sqrt(x + 1) + sqrt(x))", 1e5),
    ("log(x + 1) - log(x)", "log1p(1/x)", 1e3),
    ("1/x - 1/(x + 1)", "1/(x*(x + 1))", 1e4),
    ("exp(x) - exp(x - 0.0001)", "-exp(x)*expm1(-0.0001)", 5.0),
    ("1 - sigmoid(x)", "sigmoid(-x)", 12.0),
    ("1 - erf(x)", "erfc(x)", 3.0),
    ("sqrt(x^2 + 1) - 1", "x^2/(sqrt(x^2 + 1) + 1)", 1e-3),
]
"""What the remedies say, written out."""


OTHERS: list[tuple[str, At, tuple[str, ...]]] = [
    ("log(x + y)", {"x": 0.3, "y": 0.70000005}, ("log1p", "small")),
    ("(x + y)^1000", {"x": 0.3, "y": 0.70000005}, ("log1p", "small")),
    ("1 + cos(x)", {"x": 3.1415}, ("sin(x/2)",)),
    ("-1 - cos(x)", {"x": 3.1415}, ("sin(x/2)",)),
    ("1 + erf(x)", {"x": -4.0}, ("erfc(x)",)),
    ("1/x + 1/(1 - x)", {"x": 1e5}, ("a*b",)),
    ("3/(x + 1) - 2/y", {"x": 2.0001, "y": 2.0}, ("a*b",)),
    ("log(x + 1) + log(1/x)", {"x": 1e7}, ("log1p",)),
    ("log(2 - sigmoid(x))", {"x": 10.0}, ("log1p",)),
    ("log(3 - x^2)", {"x": 1.41421}, ("log1p",)),
    ("(1 + 3x)^1001", {"x": -0.67}, ("log1p",)),
    ("var(x)", {"x": (1000.1, 1000.2, 1000.3)}, ("than a float64 has",)),
]
"""What is of no use there: neither operand is 1, none is large, or a sum and no difference."""


def whole(text: str, at: At, dtype: Dtype) -> Snapshot:
    request = Request(1, text, at, dtype)
    return replace(evaluate(request), derivative=derivatives(request), truth=truth(request))


def lost(snapshot: Snapshot) -> list[Finding]:
    return [one for one in findings(snapshot) if one.kind == "lost_digits"]


def named(snapshot: Snapshot, finding: Finding) -> str:
    assert finding.node is not None
    node = snapshot.graph.nodes[finding.node]
    return node.variable or (node.source.text if node.source else "")


@pytest.mark.parametrize(
    ("text", "x"),
    [
        *[("1 - cos(x)", x) for x in (1e-4, 1e-9)],
        *[("1 - sigmoid(x)", x) for x in (20.0, 50.0)],
        *[("mse_loss(sigmoid(x), 1)", x) for x in (12.0, 50.0)],
        *[("(1e20 + x) - 1e20", x) for x in (1.0, 1e10)],
        *[("(1e10 + x) - 1e10", x) for x in (1.0, 1e-9)],
        *[("sqrt(x + 1) - sqrt(x)", x) for x in (1e8, 1e30)],
        *[("log(1 + x)", x) for x in (1e-7, 1e-20)],
        *[("1 - tanh(x)^2", x) for x in (8.0, 30.0)],
        *[("sin(x) - sin(x + 1e-12)", x) for x in (1.0, 0.5)],
    ],
)
def test_float64_is_told_where_it_is_of_use(text: str, x: float) -> None:
    """Held against float64 itself, and that against exact numbers."""
    wide = whole(text, {"x": x}, "float64")
    assert wide.value is not None
    assert wide.truth is not None
    exact = wide.truth.value[0]
    assert exact
    remedy = lost(whole(text, {"x": x}, "float32"))[0].remedy
    assert ("mpmath" in remedy) == (abs(wide.value.numbers[0] / exact - 1) > 1e-3)


@pytest.mark.parametrize(("text", "at", "never"), OTHERS)
def test_what_is_of_no_use_is_not_told(text: str, at: At, never: tuple[str, ...]) -> None:
    found = lost(whole(text, at, "float32"))
    assert found
    assert not any(word in one.remedy for one in found for word in never)


@pytest.mark.parametrize(
    ("text", "x", "is_exact"),
    [
        ("log_ndtr(-x)", 30.0, True),
        ("log_ndtr(2x)", -15.0, True),
        ("erfcx(2x)", 16.0, True),
        ("sinc(x/2)", 0.0078125, True),
        ("sin(x^2)", 1000.1, False),
        ("tanh(x*x)", 2.7, False),
    ],
)
def test_an_exact_operand_is_not_blamed(text: str, x: float, is_exact: bool) -> None:
    snapshot = whole(text, {"x": x}, "float32")
    (first,) = lost(snapshot)
    assert ("error" in first.text) != is_exact


@pytest.mark.parametrize(("text", "at", "dtype", "place", "remedy"), LOSSES, ids=str)
def test_the_node_and_the_remedy(text: str, at: At, dtype: Dtype, place: str, remedy: str) -> None:
    snapshot = whole(text, at, dtype)
    (first, *_) = lost(snapshot)
    assert named(snapshot, first) == place
    assert remedy in first.remedy
    assert ("float64" in first.remedy) == (dtype == "float32") or "mpmath" in first.remedy
    assert first.evidence


COLUMN = (0.03, -1.31, -1.5, 2.46, 2.41, 0.7, -0.2)
SQUARES = sum(x * x for x in COLUMN)


@pytest.mark.parametrize(
    ("text", "place", "w"),
    [
        ("sum((w + x)^2)", "w + x", -sum(COLUMN) / len(COLUMN)),
        ("mean((0.37 - (x - w))^2)", "x - w", sum(COLUMN) / len(COLUMN) - 0.37 + 1e-7),
        ("mean((w*x - 1)^2)", "w*x", sum(COLUMN) / SQUARES),
        ("sum((x/w - 1)^2)", "x/w", SQUARES / sum(COLUMN)),
    ],
)
def test_elements_that_cancel_where_they_are_added_up(text: str, place: str, w: float) -> None:
    """At the least value. With a w of its own each element has all its digits: its slope loses none."""
    snapshot = whole(text, {"w": w, "x": COLUMN}, "float32")
    (found,) = lost(snapshot)
    assert named(snapshot, found) == place
    assert f"{len(COLUMN)} elements" in found.text
    assert not lost(whole(text, {"w": (w,) * len(COLUMN), "x": COLUMN}, "float32"))


@pytest.mark.parametrize(("text", "better", "x"), BETTER, ids=[text for text, _, _ in BETTER])
def test_the_remedy_keeps_the_digits(text: str, better: str, x: float) -> None:
    before, after = whole(text, {"x": x}, "float32"), whole(better, {"x": x}, "float32")
    assert value_check(before).right is None
    assert value_check(after).right is True
    assert check(after, "x").autograd is True
    assert not lost(after)


def test_one_finding_for_f_and_its_gradient() -> None:
    (only,) = lost(whole("(e^x - 1)/x", {"x": 1e-5}, "float32"))
    assert (only.phase, only.node) == ("forward", 1)
    assert "f has" in only.text
    assert "f'(x) has" in only.text


def test_one_finding_for_all_variables() -> None:
    (only,) = lost(whole("y*(1 - cos(x))", {"x": 1e-4, "y": 2.0}, "float32"))
    assert "∂f/∂y has" in only.text


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_nothing_where_nothing_is_lost(formula: dict[str, Any], dtype: Dtype) -> None:
    """Every formula at its ordinary places: a finding where the gradient has no tick, or f lost half its digits, else none."""
    for case in formula["checks"][:1]:
        snapshot = whole(formula["expr"], case["at"], dtype)
        value, spoilt = value_check(snapshot), any(check(snapshot, name).lost for name in snapshot.variables)
        few = value.digits is not None and value.digits <= {"float32": 3, "float64": 8}[dtype]
        assert bool(lost(snapshot)) == (spoilt or few)


def test_another_finding_says_it_already() -> None:
    told = findings(whole("tanh(x)", {"x": 20.0}, "float32"))
    assert [one.kind for one in told] == ["saturated"]


def test_of_an_experiment_nothing_is_said() -> None:
    request = Request(1, "(e^x - 1)/x", {"x": 1e-5}, experiments=(Experiment(0, factor=0.5),))
    assert not lost(replace(evaluate(request), derivative=derivatives(request), truth=truth(request)))


def test_a_text_that_is_read_twice_has_no_place() -> None:
    """Pieces that stand at the same place cannot be told apart: nothing is measured there, and nothing goes wrong."""
    snapshot = whole("(e^x - 1)/x", {"x": 1e-5}, "float32")
    assert snapshot.truth is not None
    pieces = tuple(piece if piece.variable else replace(piece, start=0, end=1) for piece in snapshot.truth.pieces)
    assert not lost(replace(snapshot, truth=replace(snapshot.truth, pieces=pieces)))


def test_pieces_of_another_shape_do_no_harm() -> None:
    """As from a file that someone made."""
    snapshot = whole("sum((1 - cos(x))/x)", {"x": (1.0, 1e-3)}, "float32")
    assert snapshot.truth is not None
    for numbers in ((), (1.0,), (None, None), (float("nan"),) * 3):
        pieces = tuple(
            replace(piece, value=numbers, gradient=numbers, sent=tuple(numbers for _ in piece.operands))
            for piece in snapshot.truth.pieces
        )
        lost(replace(snapshot, truth=replace(snapshot.truth, pieces=pieces)))


@pytest.mark.parametrize(
    ("text", "x", "dtype", "form"),
    [
        ("1/x^2", 1e12, "float32", "x^-2"),
        ("1/(x*x)", 1e12, "float32", "x^-2"),
        ("1/x^3", 1e10, "float32", "float64"),
        ("x/x^2", 1e15, "float32", "float64"),
        ("1/exp(x)", 80.0, "float32", "exp(-x)"),
        ("1/(1 + exp(x))", 60.0, "float32", "sigmoid(-x)"),
        ("(x*1e-25)^2*1e30", 1.0, "float32", "float64"),
        ("x^2/x", 1e-30, "float32", "float64"),
        ("exp(-x)*1e30", 100.0, "float32", "float64"),
    ],
)
def test_what_is_too_small_for_the_dtype_is_told_as_that(text: str, x: float, dtype: Dtype, form: str) -> None:
    """f'(1e12) of 1/x^2 is 0 in float32, though -2e-36 is none: it is made of 1/x^4 = 1e-48. No operand had an error."""
    finding = lost(whole(text, {"x": x}, dtype))[0]
    assert f"less than {dtype} holds" in finding.text
    assert form in finding.remedy
    assert ("float64" in finding.remedy.partition("than a ")[0]) is (dtype == "float32")


@pytest.mark.parametrize("text", ["log(1 + x)", "1 - cos(x)", "(x + 1) - 1"])
def test_a_0_of_rounding_is_not_too_small(text: str) -> None:
    assert "holds" not in lost(whole(text, {"x": 1e-9}, "float32"))[0].text
