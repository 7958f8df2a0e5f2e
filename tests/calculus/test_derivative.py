"""The symbolic derivative: right by torch and by 30-digit references, in words that a teacher would write."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import sympy
import torch
from hypothesis import assume, given, settings

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.functions import COUNTERPARTS
from gradtui.engine.typed import forward
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression import ExpressionError, parse
from gradtui.expression.functions import TABLE, Function
from gradtui.snapshot.model import Request
from gradtui.snapshot.truth import Derivative

CASES = Path(__file__).parents[1] / "cases"
FORMULAS: list[dict[str, Any]] = json.loads((CASES / "formulas.json").read_text())
HOSTILE: list[dict[str, Any]] = json.loads((CASES / "hostile.json").read_text())

At = dict[str, float | tuple[float, ...]]

TAUGHT = {
    "x^2 + 3x + 1": "2*x + 3",
    "(x * x) + (3 * x) + 1": "2*x + 3",
    "x^3/3 - x": "x^2 - 1",
    "x*(x - 1)*(x + 1)": "3*x^2 - 1",
    "-x^4 + x^2": "-4*x^3 + 2*x",
    "(x + 1)^5": "5*(x + 1)^4",
    "1/x": "-1/x^2",
    "sqrt(x)": "1/(2*sqrt(x))",
    "sqrt(1 + x^2)": "x/sqrt(x^2 + 1)",
    "x^(1/3)": "1/(3*x^(2/3))",
    "x/(1 + x^4)": "(1 - 3*x^4)/(x^4 + 1)^2",
    "log(x^2 + 1)": "2*x/(x^2 + 1)",
    "log10(x)": "1/(x*log(10))",
    "2^x": "2^x*log(2)",
    "x^x": "x^x*(log(x) + 1)",
    "e^(-x^2)": "-2*x*e^(-x^2)",
    "x^2*exp(-x)": "x*(2 - x)*exp(-x)",
    "sin(x)*exp(-x^2)": "(cos(x) - 2*x*sin(x))*exp(-x^2)",
    "sin(x^2)*exp(-x)": "(2*x*cos(x^2) - sin(x^2))*exp(-x)",
    "sin(1.25*x)*exp(-0.5*x)": "(1.25*cos(1.25*x) - 0.5*sin(1.25*x))*exp(-0.5*x)",
    "x*exp(-0.123*x)": "(1 - 0.123*x)*exp(-0.123*x)",
    "x*exp(-1.2345*x) + x^2": "2*x - 1.2345*x*exp(-1.2345*x) + exp(-1.2345*x)",
    "x^3.14159 + x^2": "3.14159*x^2.14159 + 2*x",
    "sin(x)/x": "(x*cos(x) - sin(x))/x^2",
    "sin(x)/(1 + cos(x))": "1/(cos(x) + 1)",
    "cos(x)^2": "-2*sin(x)*cos(x)",
    "0.3*x*sin(2*pi*x)": "0.6*pi*x*cos(2*pi*x) + 0.3*sin(2*pi*x)",
    "1/(1 + exp(-x))": "exp(-x)/(1 + exp(-x))^2",
    "sigmoid(x)": "sigmoid(x)*(1 - sigmoid(x))",
    "softplus(x)": "sigmoid(x)",
    "tanh(x)": "1 - tanh(x)^2",
    "erf(x)": "2*exp(-x^2)/sqrt(pi)",
    "gelu(x)": "x*exp(-x^2/2)/sqrt(2*pi) + ndtr(x)",
    "abs(x)": "sign(x)",
    "relu(x)": "where(x > 0, 1, 0)",
    "relu(2x - 1)": "where(2*x - 1 > 0, 2, 0)",
    "leaky_relu(x, 0.2)": "where(x > 0, 1, 0.2)",
    "max(x^2, x)": "where(x^2 > x, 2*x, 1)",
    "floor(x)": "0",
    "a = x^2; a + sin(a)": "2*x*cos(x^2) + 2*x",
    "pi": "",
}


def of_x(text: str, x: float | tuple[float, ...] = 4.0) -> Derivative:
    return derivatives(Request(1, text, {"x": x}, "float64"))["x"]


def autograd(text: str, at: At) -> dict[str, list[float]]:
    """What torch says, in float64."""
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in at.items()}
    output = forward.run(parse(text, at), leaves).output
    assert isinstance(output, torch.Tensor)
    grads = torch.autograd.grad(output.sum(), list(leaves.values()), allow_unused=True)
    return {
        name: [0.0] * leaf.numel() if grad is None else grad.reshape(-1).tolist()
        for (name, leaf), grad in zip(leaves.items(), grads, strict=True)
    }


def value(text: str, at: At) -> torch.Tensor:
    """The text, read again and evaluated by torch."""
    leaves = {name: torch.tensor(number, dtype=torch.float64) for name, number in at.items()}
    return torch.as_tensor(forward.run(parse(text, at), leaves, dtype=torch.float64).output, dtype=torch.float64)


@pytest.mark.parametrize(("text", "taught"), TAUGHT.items())
def test_reads_as_a_teacher_writes_it(text: str, taught: str) -> None:
    answer = derivatives(Request(1, text))
    assert (answer["x"].text if answer else "") == taught


def test_several_variables_keep_their_order() -> None:
    answer = derivatives(Request(1, "(w*x + b - y)^2"))
    assert {name: derivative.text for name, derivative in answer.items()} == {
        "w": "2*x*(w*x + b - y)",
        "x": "2*w*(w*x + b - y)",
        "b": "2*(w*x + b - y)",
        "y": "-2*(w*x + b - y)",
    }


@pytest.mark.long
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_formulas(formula: dict[str, Any]) -> None:
    """Numbers and words agree with 30-digit references, every partial derivative of every formula."""
    for check in formula["checks"]:
        at: At = check["at"]
        answer = derivatives(Request(1, formula["expr"], at, "float64"))
        for name, reference in check["grads"].items():
            derivative = answer.get(name, Derivative("0", (0.0,)))
            assert derivative.numbers[0] == pytest.approx(float(reference), rel=1e-12, abs=1e-300)
            assert derivative.text is not None
            assert value(derivative.text, at).item() == pytest.approx(float(reference), rel=1e-9, abs=1e-12)


ORDINARY: dict[str, str] = {
    "acosh": "acosh(x + 2)",
    "where": "where(x > 0, x^2, -x)",
    "clamp": "clamp(x, 0, x + 1)",
    "lerp": "lerp(x, x^2, 0.3)",
    "threshold": "threshold(x, 0.1, 5)",
    "nll_loss": "nll_loss(x, 1)",
    "binary_cross_entropy": "binary_cross_entropy(x, 0.5*x + 0.2)",
}


def called(row: Function) -> str:
    return ORDINARY.get(row.name) or f"{row.name}({', '.join(('x', '1.3*x + 0.2')[: row.least])})"


def precision(row: Function) -> float:
    """torch rounds the 1/6 of hardsigmoid's derivative to float32, in float64 too."""
    return 1e-7 if row.name == "hardsigmoid" else 1e-9


@pytest.mark.long
@pytest.mark.parametrize("row", [row for row in TABLE if not row.operator], ids=lambda row: row.name)
def test_every_function_agrees_with_torch(row: Function) -> None:
    at: At = {"x": (0.31, 0.72, 0.55)} if row.kind == "reduction" else {"x": 0.31}
    text = called(row)
    derivative = derivatives(Request(1, text, at, "float64"))["x"]
    expected = autograd(text, at)["x"]
    assert derivative.numbers == pytest.approx(expected, rel=precision(row), abs=1e-12)
    if derivative.text is None:
        assert derivative.note
    else:
        again = value(derivative.text, at).broadcast_to(len(expected)).tolist()
        assert again == pytest.approx(expected, rel=precision(row), abs=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("x", [-2.3, -0.4, 0.9, 7.3])
@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.kind == "elementwise" and not row.operator],
    ids=lambda row: getattr(row, "name", None),
)
def test_every_function_agrees_everywhere(row: Function, x: float) -> None:
    """On both sides of every corner; where torch has no finite answer, calculus has none."""
    text, at = called(row), {"x": x}
    number = derivatives(Request(1, text, {"x": x}, "float64"))["x"].numbers[0]
    if math.isfinite(value(text, {"x": x}).item()):
        assert number == pytest.approx(autograd(text, dict(at))["x"][0], rel=1e-7, abs=1e-12)
    else:
        assert number is None


def test_counterparts_cover_the_table() -> None:
    assert set(COUNTERPARTS) == {row.name for row in TABLE if not row.operator}


VECTORS: list[tuple[str, At, dict[str, str | None]]] = [
    ("x^2 + 3x + 1", {"x": (2.1, 5.4, 3.2)}, {"x": "2*x + 3"}),
    ("w*x + b", {"x": (2.1, 5.4, 3.2), "w": 2.0, "b": 1.0}, {"w": "sum(x)", "x": "w", "b": "3"}),
    ("sum(x^2)", {"x": (1.0, 2.0)}, {"x": "2*x"}),
    ("norm(x)", {"x": (3.0, 4.0)}, {"x": "x/norm(x)"}),
    ("mean((w*x - y)^2)", {"x": (1.0, 2.0), "y": (2.0, 3.0), "w": 0.5}, {}),
    ("logsumexp(x)", {"x": (1.0, 2.0, 3.0)}, {"x": "softmax(x)"}),
    ("softmax(x)", {"x": (1.0, 2.0, 3.0)}, {"x": "0"}),
    ("softmax(x)*[1, 2, 3]", {"x": (2.1, 5.4, 3.2)}, {}),
    ("softmax(softmax(x)*x)*x", {"x": (2.1, 5.4, 3.2)}, {}),
    ("log_softmax(x)*x", {"x": (2.1, 5.4, 3.2)}, {}),
    ("cumsum(x^2)*x", {"x": (2.1, 5.4, 3.2)}, {"x": None}),
    ("dot(x, [1, 2, 3])", {"x": (2.1, 5.4, 3.2)}, {"x": "[1, 2, 3]"}),
    ("[x, 2x, x^2]*[3, 4, 5]", {"x": 2.0}, {"x": "10*x + 11"}),
    ("var(x) + std(x)", {"x": (2.1, 5.4, 3.2)}, {}),
    ("max(x)*w", {"x": (2.1, 5.4, 3.2), "w": (1.0, 2.0, 3.0)}, {}),
    ("prod(x)", {"x": (0.0, 5.4, 3.2)}, {"x": "prod(x)/x"}),
    ("sum(w*x^2)/norm(x)", {"x": (2.1, 5.4, 3.2), "w": 2.0}, {}),
    ("5x", {"x": (3.0,)}, {"x": "5"}),
]


@pytest.mark.parametrize(("text", "at", "words"), VECTORS, ids=[text for text, _, _ in VECTORS])
def test_vectors(text: str, at: At, words: dict[str, str | None]) -> None:
    answer = derivatives(Request(1, text, at, "float64"))
    for name, expected in autograd(text, at).items():
        assert answer[name].numbers == pytest.approx(expected, rel=1e-9, abs=1e-12)
        if name in words:
            assert answer[name].text == words[name]


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(x)", 0.0),
        ("abs(x - 4.3)", 4.3),
        ("relu(x)", 0.0),
        ("max(x, -x)", 0.0),
        ("clamp(x, 0, 1)", 1.0),
        ("floor(x)", 2.0),
        ("x - floor(x)", 1.0),
        ("1/x", 0.0),
        ("sqrt(x)", 0.0),
        ("log(-x)", 1.0),
        ("sin(x)/x", 0.0),
        ("atan2(x, x)", 0.0),
        ("(x - 5)^(1/3)", 0.0),
        ("sign(x)^2", 0.0),
        ("ceil(x) - floor(x)", 2.0),
        ("x + 1e-10*floor(x)", 2.0),
    ],
)
def test_no_number_where_there_is_no_derivative(text: str, x: float) -> None:
    derivative = of_x(text, x)
    assert derivative.numbers == (None,)
    assert derivative.text is not None


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("sqrt(x)^2", -2.4),
        ("sqrt(x)*sqrt(x)", -2.4),
        ("(x^0.5)^2 + x", -2.4),
        ("exp(log(x))", -2.4),
        ("exp(log1p(x))", -2.4),
        ("sin(asin(x))", 1.5),
        ("x*log(x)/log(x)", -2.4),
        ("0*log(x) + x", -2.4),
        ("x/x", 0.0),
        ("a = sin(x); a/a", 0.0),
        ("log(x) - log(x) + x", -1.0),
        ("sum(sqrt([x, 1])^2)", -1.0),
        ("where(x < 0, sqrt(x)^2, 1)", -1.0),
    ],
)
def test_what_cancels_in_algebra_has_no_value_there_either(text: str, x: float) -> None:
    """sqrt(x)^2 is x to algebra, and f of a negative number is none: torch has nan."""
    assert math.isnan(value(text, {"x": x}).item())
    assert of_x(text, x).numbers == (None,)
    assert of_x(text, 0.5).numbers != (None,)


@pytest.mark.parametrize(
    ("text", "x", "slope"), [("where(x > 0, log(x), x^2)", -2.0, -4.0), ("xlogy(0, x) + x", 0.0, 1.0)]
)
def test_a_branch_that_is_not_taken_needs_no_value(text: str, x: float, slope: float) -> None:
    assert of_x(text, x).numbers == (slope,)


def test_of_a_vector_the_elements_that_have_a_value_have_a_derivative() -> None:
    assert of_x("sqrt(x)^2", (-1.0, 4.0)).numbers == (None, 1.0)
    assert of_x("sum(sqrt(x)^2)", (-1.0, 4.0)).numbers == (None, None)


@pytest.mark.parametrize(("text", "x", "slope"), [("x*abs(x)", 0.0, 0.0), ("elu(x)", 0.0, 1.0), ("sinc(x)", 0.0, 0.0)])
def test_a_number_where_a_corner_is_smooth(text: str, x: float, slope: float) -> None:
    assert of_x(text, x).numbers == (slope,)


@pytest.mark.parametrize(
    "text",
    [
        "3*exp(-12.345*x) + x",
        "erf(9.313225746154785e-10*x)",
        "x*0.5^(1000003*x) + 2^x",
        "x^(5/3)*exp(0.5 - 1073741824*x)",
    ],
)
def test_algebra_is_given_no_power_of_thousands(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """exp(-12.345*x) would be a polynomial of degree 2469: none of these came to an end."""
    given: list[Any] = []

    def factor(expression: Any) -> Any:
        given.append(expression)
        return expression

    monkeypatch.setattr("sympy.factor", factor)
    (told,) = of_x(text, 2.0).numbers
    assert told == pytest.approx(
        sympy.diff(sympy.sympify(text.replace("^", "**")), "x").subs("x", 2.0).evalf(), abs=1e-300
    )
    numbers = [
        one for each in given for power in each.atoms(sympy.Pow, sympy.exp) for one in power.exp.atoms(sympy.Rational)
    ]
    assert given
    assert all(max(abs(one.p), one.q) < 100 for one in numbers)


@pytest.mark.parametrize("width", [1e-25, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("height", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [
        ("abs(x)", 0.0, None),
        ("relu(x)", 0.0, None),
        ("max(2*x, x)", 0.0, None),
        ("sign(x)", 0.0, None),
        ("abs(x)", 2.0, 1.0),
        ("abs(x)^3", 0.0, 0.0),
        ("x*abs(x)", -2.0, 4.0),
        ("sqrt(abs(x))", 4.0, 0.25),
        ("relu(x - 3)", 4.0, 1.0),
        ("abs(sin(x))", 4.0, -math.cos(4.0)),
        ("abs(1/x)", 0.5, -4.0),
    ],
)
def test_a_corner_at_any_scale(text: str, at: float, slope: float | None, width: float, height: float) -> None:
    """Drawn wider or higher a corner stays one, and what is none stays none."""
    wider = re.sub(r"\bx\b", f"(x/{width!r})", text)
    (told,) = of_x(f"{height!r}*({wider})", at * width).numbers
    assert told == (None if slope is None else pytest.approx(slope * height / width, rel=1e-12, abs=0))


def test_only_the_elements_at_a_corner_have_none() -> None:
    assert of_x("abs(x)", (0.0, 2.0, -1.0)).numbers == (None, 1.0, -1.0)


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("x - x", 0),
        ("tanh(x)*x/x", lambda x: 1 - math.tanh(x) ** 2),
        ("x/x + x^2", lambda x: 2 * x),
        ("softmax(x - x)*x", 1 / 3),
    ],
)
def test_where_a_vector_is_a_number_to_algebra(text: str, slope: Any) -> None:
    """To it x - x is 0, however many x are: then each element is written out."""
    x = (1.5, 2.0, -3.0)
    expected = [slope(one) if callable(slope) else slope for one in x]
    assert of_x(text, x).numbers == pytest.approx(expected)


def test_more_digits_than_a_float_has() -> None:
    """(1 - cos(x))/x^2 loses all digits at 1e-9 in floating point; its slope there is -x/12."""
    assert of_x("(1 - cos(x))/x^2", 1e-9).numbers[0] == pytest.approx(-1e-9 / 12, rel=1e-6)


def test_names_that_are_constants_elsewhere() -> None:
    answer = derivatives(Request(1, "e*exp(x) + erf(x)*pi", {"e": 2.0, "pi": 3.0, "x": 0.5}))
    text = answer["x"].text
    assert text is not None
    assert value(text, {"e": 2.0, "pi": 3.0, "x": 0.5}).item() == pytest.approx(answer["x"].numbers[0])
    assert answer["e"].text == "exp(x)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("+".join(f"sin({k}*x)" for k in range(600)), "too large"),
        ("sin(" * 190 + "x" + ")" * 190, "too large"),
        ("a = x + 1; " + "".join(f"a{k} = a*a + a; a = a{k}; " for k in range(9)) + "a", ""),
        ("10^(10^10)*x", "too large"),
        ("gelu(" * 8 + "x" + ")" * 8, "too long"),
        ("digamma(x)", "trigamma"),
        ("dot(x, x)", "two vectors"),
        ("var(x)", "single number"),
    ],
)
def test_a_sentence_where_there_are_no_words(text: str, why: str) -> None:
    for derivative in derivatives(Request(1, text)).values():
        assert derivative.text is None
        assert why in derivative.note


def test_long_sums_are_no_trouble() -> None:
    assert of_x("+".join(["x"] * 2000)).text == "2000"


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["source"][:20])
def test_hostile_texts(case: dict[str, Any]) -> None:
    for derivative in derivatives(Request(1, case["expr"])).values():
        assert derivative.text is not None or derivative.note


def test_what_is_no_expression_has_no_derivative() -> None:
    assert derivatives(Request(1, "x +")) == {}


numbers = st.one_of(st.integers(1, 5).map(str), st.sampled_from(["0.5", "1.5", "pi", "1/3"]))
expressions = st.recursive(
    st.one_of(st.sampled_from(["x", "y"]), numbers),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", "*", "/"]), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        st.tuples(inner, st.integers(-2, 3)).map(lambda t: f"({t[0]})^({t[1]})"),
        st.tuples(st.sampled_from(["sin", "exp", "tanh", "abs", "relu", "sqrt", "sigmoid", "atan", "gelu"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
    ),
    max_leaves=6,
)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(text=expressions, x=st.floats(0.3, 2.7), y=st.floats(-2.5, -0.3))
def test_words_numbers_and_torch_agree(text: str, x: float, y: float) -> None:
    at: At = {"x": x, "y": y}
    answer = derivatives(Request(1, text, at, "float64"))
    assume(answer)
    try:
        expected = autograd(text, at)
    except ExpressionError:
        return
    for name, derivative in answer.items():
        number, slope = derivative.numbers[0], expected[name][0]
        if number is None or not math.isfinite(slope) or abs(slope) > 1e6:
            continue
        assert number == pytest.approx(slope, rel=1e-6, abs=1e-8)
        if derivative.text is not None:
            assert value(derivative.text, at).item() == pytest.approx(slope, rel=1e-6, abs=1e-8)


X = sympy.Symbol("x", real=True)


def _variance(*items: sympy.Expr) -> sympy.Expr:
    mean = sympy.Add(*items) / len(items)
    return sympy.Add(*((item - mean) ** 2 for item in items)) / (len(items) - 1)


OF_LITERALS = {
    "norm([x, 3])": sympy.sqrt(X**2 + 9),
    "norm([x, x, 1])": sympy.sqrt(2 * X**2 + 1),
    "norm([2x, 3x^2])": sympy.sqrt(4 * X**2 + 9 * X**4),
    "std([x, 3])": sympy.sqrt(_variance(X, sympy.Integer(3))),
    "var([x, 2x, 5])": _variance(X, 2 * X, sympy.Integer(5)),
    "norm([x, 3] - [1, 1])": sympy.sqrt((X - 1) ** 2 + 4),
    "mean([x, 3])*norm([x, 1])": (X + 3) / 2 * sympy.sqrt(X**2 + 1),
    "sum([x, 3]/norm([x, 3]))": (X + 3) / sympy.sqrt(X**2 + 9),
    "sum([x, 3]*var([x, 2]))": (X + 3) * _variance(X, sympy.Integer(2)),
    "prod([x, 3, x])": 3 * X**2,
    "logsumexp([x, 3])": sympy.log(sympy.exp(X) + sympy.exp(3)),
    "cross_entropy([x, 3, 1], 0)": sympy.log(sympy.exp(X) + sympy.exp(3) + sympy.exp(1)) - X,
    "sum(softmax([x, 2])*[5, 7])": (5 * sympy.exp(X) + 7 * sympy.exp(2)) / (sympy.exp(X) + sympy.exp(2)),
    "max([x, -9, x^2 - 30])": X,
}


@pytest.mark.parametrize("place", [4.0, -0.75])
@pytest.mark.parametrize("text", OF_LITERALS)
def test_what_a_vector_of_expressions_is_reduced_to_stays_whole(text: str, place: float) -> None:
    """The norm of [x, 3] is not that of x: an element is picked beside it, and not within. Where they mix it is written out."""
    told = derivatives(Request(1, text, {"x": place}, dtype="float64"))["x"].text
    assert told
    value = evaluate(Request(2, told, {"x": place}, dtype="float64")).value
    assert value is not None
    assert value.numbers[0] == pytest.approx(float(sympy.diff(OF_LITERALS[text], X).subs(X, place)), rel=1e-12)
