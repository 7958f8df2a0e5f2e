"""Each trap gets its sentence: the place, the true cause, what people do about it; ordinary functions get none."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.graph.operands import is_finite
from gradtui.report.steps import steps
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Dtype, Experiment, Request, Snapshot
from tests.torch_version import VERSION

At = dict[str, float | tuple[float, ...]]

GOTCHAS = json.loads((Path(__file__).parent.parent / "cases" / "gotchas.json").read_text())
NOTE, FINE = "note", "fine"
FROM_2_14 = VERSION >= (2, 14)

DESERVED: dict[tuple[str, float], tuple[str, str]] = {
    ("abs(x)", 0): (NOTE, "torch takes 0"),
    ("relu(x)", 0): (NOTE, "torch takes 0"),
    ("max(x, -x)", 0): (NOTE, "tie"),
    ("clamp(x, 0, 1)", 0): ("clamped", "at or outside") if FROM_2_14 else (NOTE, "torch takes 1"),
    ("clamp(x, 0, 1)", 1): ("clamped", "at or outside") if FROM_2_14 else (NOTE, "torch takes 1"),
    ("sqrt(x)", 0): ("vertical", "1/(2*sqrt(0)) is infinite, a vertical tangent"),
    ("x**0.5", 0): ("vertical", "0.5*0^(0.5 - 1) is infinite, a vertical tangent"),
    ("x**(1/3)", 0): ("vertical", "a vertical tangent"),
    ("0*sqrt(x)", 0): ("zero_times_inf", "a gradient of 0 comes in from 0*sqrt(x)"),
    ("where(x > 0, sqrt(x), 0*x)", 0): ("branch", "the branch sqrt(x) is not taken"),
    ("where(x > 0, x*log(x), 0*x)", 0): ("branch", "the branch x*log(x) is not taken"),
    ("x*log(x)", 0): ("pole", "the logarithm of 0 is -inf"),
    ("log(-x)", 1): (
        "domain",
        "no real logarithm of a negative number, -1; the finite gradient that torch gives is no derivative",
    ),
    ("floor(x)", 1.5): ("flat", "its derivative is 0 everywhere"),
    ("floor(x)", 2): ("flat", "its derivative is 0 everywhere"),
    ("round(x)", 0.5): ("flat", "its derivative is 0 everywhere"),
    ("sign(x)", 0): ("flat", "its derivative is 0 everywhere"),
    ("x**x", 0): ("convention", "at 0^0 torch takes 0"),
    ("x**2", 0): (FINE, ""),
    ("x**0", 0): ("constant", "1 whatever x"),
    ("x**(-1)", 0): ("pole", "a pole"),
    ("1/x", 0): ("pole", "1/0 is infinite, a pole"),
    ("tan(x)", 1.5707963267948966): ("pole", "its pole is nearer than the next float"),
    ("asin(x)", 1): ("vertical", "1/sqrt(1 - x^2) divides by 0, a vertical tangent"),
    ("acos(x)", 1): ("vertical", "a vertical tangent"),
    ("atanh(x)", 1): ("pole", "it is infinite at 1"),
    ("sinc(x)", 0): (FINE, ""),
    ("sin(x)/x", 0): ("zero_by_zero", "0/0 has no value"),
    ("leaky_relu(x)", 0): (NOTE, "torch takes 0.01"),
    ("elu(x)", 0): (FINE, ""),
    ("hardtanh(x)", 1): (NOTE, "torch takes 0"),
    ("relu6(x)", 6): (NOTE, "torch takes 0"),
    ("exp(x)", 1000): ("overflow", "it overflows"),
    ("exp(-x)", 1000): ("underflow", "it underflows to 0"),
    ("sigmoid(x)", 100): ("saturated", "saturated at 1, its derivative is 0"),
    ("sigmoid(sigmoid(sigmoid(sigmoid(x))))", 10): ("shrinking", "0.22·0.22·0.2·4.5e-5 = 4.4e-7"),
    ("log1p(exp(x))", 100): ("overflow", "it overflows"),
    ("softplus(x)", 100): (FINE, ""),
    ("tanh(x)", 20): ("saturated", "saturated at 1, its derivative is 0"),
    ("x - floor(x)", 1): (NOTE, "jumps here"),
    ("erf(x)", 5): ("saturated", "its derivative is 1.6e-11"),
    ("hypot(x, x)", 0): ("corner", "0/0 at the origin, a corner"),
    ("atan2(x, x)", 0): (NOTE, "no limit here") if VERSION > (2, 6) else ("zero_by_zero", "0/0 at the origin"),
}
"""What each row of the gotchas should be told, written from its `why`."""


def snapshot(text: str, at: At, dtype: Dtype = "float32", *experiments: Experiment) -> Snapshot:
    found = evaluate(Request(1, text, at, dtype, experiments=experiments))
    assert found.problem is None, found.problem
    return found


def told(text: str, at: At | float, dtype: Dtype = "float32") -> list[Finding]:
    return list(findings(snapshot(text, at if isinstance(at, dict) else {"x": at}, dtype)))


@pytest.mark.parametrize("row", GOTCHAS, ids=lambda row: f"{row['expression']} at {row['at']['x']}")
def test_every_gotcha_gets_its_sentence(row: dict[str, object]) -> None:
    expression, at = str(row["expression"]), row["at"]
    assert isinstance(at, dict)
    kind, phrase = DESERVED[expression, at["x"]]
    found = snapshot(expression, at)
    got = findings(found)
    if kind == NOTE:
        assert got == ()
        assert any(phrase in note.text for note in found.notes)
    elif kind == FINE:
        assert got == ()
        assert found.notes == ()
    else:
        assert [finding.kind for finding in got if phrase in finding.text] == [kind], got
        assert all(finding.remedy for finding in got)


@pytest.mark.parametrize(
    ("text", "at", "phase", "kind", "node", "remedy"),
    [
        ("x*log(x)", 0, "forward", "pole", "log(x)", "xlogy"),
        ("log1p(exp(x))", 100, "forward", "overflow", "exp(x)", "softplus(x)"),
        ("log1p(exp(x))", 100, "backward", "zero_times_inf", "exp(x)", "softplus(x)"),
        ("log(1 + exp(x))", 100, "forward", "overflow", "exp(x)", "softplus(x)"),
        ("1/(1 + exp(-x))", -1000, "forward", "overflow", "exp(-x)", "sigmoid(x)"),
        ("log(sigmoid(x))", -200, "forward", "pole", "log(sigmoid(x))", "logsigmoid(x)"),
        ("log(softmax(x))", {"x": (200.0, 2.0)}, "forward", "pole", "log(softmax(x))", "log_softmax(x)"),
        ("log(sum(exp(x)))", {"x": (1000.0, 2.0)}, "forward", "overflow", "exp(x)", "logsumexp(x)"),
        ("exp(x)/sum(exp(x))", {"x": (1000.0, 2.0)}, "forward", "overflow", "exp(x)", "softmax(x)"),
        ("sin(x)/x", 0, "backward", "zero_by_zero", "sin(x)/x", "sinc(x/pi)"),
        ("(1 - cos(x))/x^2", 0, "forward", "zero_by_zero", "(1 - cos(x))/x^2", "first terms of the series"),
        ("x/norm(x)", {"x": (0.0, 0.0)}, "forward", "zero_by_zero", "x/norm(x)", "norm(x) + 1e-6"),
        ("sqrt(sum(x^2))", {"x": (0.0, 0.0)}, "backward", "vertical", "sqrt(sum(x^2))", "norm"),
        ("x^(1/3)", -8, "forward", "domain", "x^(1/3)", "sign(x)*abs(x)^p"),
        ("(-2)^x", 2, "backward", "domain", "(-2)^x", "keep the base above 0"),
        ("2^x", 2000, "forward", "overflow", "2^x", "float64"),
        ("exp(x)*exp(x)", 60, "forward", "overflow", "exp(x)*exp(x)", "float64"),
        ("acos(x)", 2, "forward", "domain", "acos(x)", "range"),
        ("digamma(x)", 0, "forward", "pole", "digamma(x)", "above 0"),
        ("binary_cross_entropy(x, 1)", 1, "backward", "convention", "binary_cross_entropy(x, 1)", "with_logits"),
        ("binary_cross_entropy(x, 0)", 0, "backward", "convention", "binary_cross_entropy(x, 0)", "with_logits"),
        ("sum(x^x)", {"x": (2.0, 1.0, 0.0)}, "backward", "convention", "x^x", "clamp"),
        ("fmod(x, 0)", 1, "forward", "domain", "fmod(x, 0)", "cannot be 0"),
        ("xlogy(x, x)", 0, "backward", "pole", "xlogy(x, x)", "above 0"),
        ("log(x)", math.inf, "forward", "input", "x", "finite"),
        ("log(0)*x", 1, "forward", "input", "log(0)*x", "finite"),
        ("sqrt(x)*sqrt(x)", 0, "backward", "zero_times_inf", "sqrt(x)", "sqrt(x + 1e-12)"),
        ("sqrt(x)[:-1]", {"x": (1.0, 1.0, 0.0)}, "backward", "zero_times_inf", "sqrt(x)", "sqrt(x + 1e-12)"),
        ("relu(sqrt(x)[::2])", {"x": (1.0, 0.0, 2.0)}, "backward", "zero_times_inf", "sqrt(x)", "sqrt(x + 1e-12)"),
        ("sum(sqrt(x)[1:]^2)", {"x": (1.0, 0.0, 1.0, 0.0)}, "backward", "zero_times_inf", "sqrt(x)", "sqrt(x + 1e-12)"),
        ("tanh(w*x)", {"w": 30.0, "x": 2.0}, "backward", "saturated", "tanh(w*x)", "scale"),
        ("dot(softmax(x), [1, 0])", {"x": (100.0, 2.0)}, "backward", "saturated", "softmax(x)", "temperature"),
        ("softmax(x)", {"x": (1.0, 2.0)}, "backward", "constant", "softmax(x)", "log_softmax"),
        ("gelu(x)", -9, "backward", "saturated", "gelu(x)", "scale"),
        ("relu(x) + 1", -2, "backward", "dead", "relu(x)", "leaky_relu"),
        ("clamp(x, 0, 1)", 3, "backward", "clamped", "clamp(x, 0, 1)", "clamp"),
        ("hardtanh(x)", -3, "backward", "clamped", "hardtanh(x)", "tanh"),
        ("max(0, 1 - x)", 3, "backward", "masked", "max(0, 1 - x)", "no fault"),
        ("where(x > 0, x^2, 3)", -1, "backward", "masked", "where(x > 0, x^2, 3)", "no fault"),
        ("x*[1, 0]", {"x": (1.0, 2.0)}, "backward", "masked", "x*[1, 0]", "mask"),
        ("x^2*0", 3, "backward", "masked", "x^2*0", "mask"),
    ],
)
def test_cause_place_and_remedy(text: str, at: At | float, phase: str, kind: str, node: str, remedy: str) -> None:
    found = snapshot(text, at if isinstance(at, dict) else {"x": float(at)})
    (finding,) = (finding for finding in findings(found) if finding.phase == phase)
    assert finding.node is not None
    source = found.graph.nodes[finding.node].source
    assert (finding.kind, source and source.text) == (kind, node)
    assert remedy in finding.remedy
    assert finding.text.startswith(node)


def test_the_value_of_one_that_is_spread_over_a_vector() -> None:
    found = findings(snapshot("prod(x[1:])/x", {"x": (0.0, 0.0, 2.0)}))
    assert any("its value is nan" in finding.text for finding in found)
    assert not any("its value is ," in finding.text for finding in found)


HEALTHY: list[tuple[str, At]] = [
    ("x^2 + 3x + 1", {"x": 4.0}),
    ("x^2", {"x": 0.0}),
    ("x^2", {"x": 1e-9}),
    ("cos(x)", {"x": 0.0}),
    ("sin(x)*exp(-x^2)", {"x": 1.2}),
    ("x^3", {"x": 0.0}),
    ("x*y", {"x": 0.0, "y": 0.0}),
    ("(w*x + b - y)^2", {"w": 0.5, "x": 2.0, "b": 0.0, "y": 1.0}),
    ("x - x", {"x": 3.0}),
    ("sinc(x)", {"x": 0.0}),
    ("softplus(x)", {"x": -5.0}),
    ("sigmoid(x)", {"x": 3.0}),
    ("tanh(tanh(tanh(x)))", {"x": 1.0}),
    ("x + tanh(100x)", {"x": 3.0}),
    ("silu(x)", {"x": -1.2784645427610738}),
    ("gelu(x)", {"x": -0.7517915}),
    ("x^2*sigmoid(y)", {"x": 0.0, "y": 1.0}),
    ("where(x > 0, x^2, -x)", {"x": 1.0}),
    ("max(x, y)*min(x, y)", {"x": 1.0, "y": 2.0}),
    ("relu(x) - relu(-x)", {"x": -2.0}),
    ("x - floor(x)", {"x": 1.5}),
    ("1/x", {"x": 1e-6}),
    ("1e-9*x", {"x": 1.0}),
    ("x/1e12", {"x": 1.0}),
    ("tan(x)", {"x": 1.5}),
    ("exp(-x)", {"x": 30.0}),
    ("log(x)", {"x": 1e20}),
    ("norm(x)", {"x": (3.0, 4.0)}),
    ("x/norm(x)", {"x": (3.0, 4.0)}),
    ("-log_softmax(x)*[1, 0]", {"x": (3.0, 4.0)}),
    ("logsumexp(x)", {"x": (1000.0, 2.0)}),
    ("max(x)", {"x": (1.0, 5.0, 2.0)}),
    ("var(x)", {"x": (1.0, 1.0, 1.0)}),
    ("sum(x)*0.5", {"x": (1.0, 2.0)}),
    ("atan2(y, x)", {"x": 1.0, "y": 2.0}),
    ("clamp(x, 0, 1)*y", {"x": 0.5, "y": 2.0}),
    ("prod(x)", {"x": (0.0, 2.0)}),
    ("7", {}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("text", "at"), HEALTHY, ids=[text for text, _ in HEALTHY])
def test_nothing_on_healthy_functions(text: str, at: At, dtype: Dtype) -> None:
    assert findings(snapshot(text, at, dtype)) == ()


@pytest.mark.parametrize(
    ("text", "x", "derivative"),
    [
        ("where(x > 0, sqrt(x), 0*x)", 0.0, 0.0),
        ("where(x > 0, sqrt(x), 5x)", -1.0, 5.0),
        ("where(x > 0, x*log(x), 3x)", 0.0, 3.0),
        ("where(x <= 1, x, 1/(x - 1))", 1.0, 1.0),
        ("where(x == 0, x, sin(x)/x)", 0.0, 1.0),
        ("where(x < 1, asin(x), 2x)", 1.0, 2.0),
        ("where(x > 0, (x^2)^0.25, 4x)", 0.0, 4.0),
        ("where(x < 50, exp(x), x)", 100.0, 1.0),
        ("torch.where(x > 0, x**0.5, x)", 0.0, 1.0),
        ("2*where(x > max(0, -1), log(x + 0), x)", 0.0, 2.0),
    ],
)
def test_the_double_where_works(text: str, x: float, derivative: float) -> None:
    """The remedy, followed to the letter, gives the derivative of the branch that is taken."""
    finding = next(finding for finding in told(text, x) if finding.phase == "backward")
    assert finding.kind == "branch"
    said = re.fullmatch(r"the double where: write (.+) for (.+)", finding.remedy)
    assert said is not None
    mended = text.replace(said[2], said[1])
    assert mended != text
    assert snapshot(mended, {"x": x}).variables["x"].grad.numbers == (derivative,)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("where(x > 0, log(x)/x, 3)", 0.0),
        ("where(x > 0, 1/sqrt(x), 3)", 0.0),
        ("where(x > 0, log(sqrt(x)), 3)", 0.0),
        ("where(x > 0, sqrt(sqrt(x)), 3)", 0.0),
        ("where(x > 0, sqrt(x)*log(x), 3)", 0.0),
        ("where(x < 10, sinh(x)/cosh(x), 3)", 100.0),
        ("where(x < 10, exp(x)/(1 + exp(x)), 3)", 100.0),
        ("sum(where(x > 0, log(x)/x, 3))", (0.0, 1.0)),
    ],
)
def test_where_several_pieces_are_singular_all_of_the_branch_gets_a_safe_operand(
    text: str, x: float | tuple[float, ...]
) -> None:
    finding = next(finding for finding in told(text, {"x": x}) if finding.kind == "branch")
    assert "write" not in finding.remedy
    start, end = text.index(", "), text.rindex(", 3")
    condition = text[text.index("where(") + 6 : start]
    branch = text[start + 2 : end]
    mended = text[: start + 2] + re.sub(r"\bx\b", f"where({condition}, x, 1)", branch) + text[end:]
    grad = snapshot(mended, {"x": x}).variables["x"].grad
    assert all(map(math.isfinite, grad.numbers))


ANY = ["sin", "log", "sqrt", "exp", "tanh", "relu", "floor", "1/", "abs", "asin", "sigmoid", "softplus", "lgamma"]
OF_A_VECTOR = ["sum", "norm", "softmax", "log_softmax", "prod", "max", "std", "cumsum"]
wild_texts = st.recursive(
    st.sampled_from(["x", "y", "v", "0", "2", "0.5", "1e30", "[1, 0, 2]"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/^"), inner),
        st.builds("{}(x*{})".format, st.sampled_from(ANY), inner),
        st.builds("{}(v*{})".format, st.sampled_from(OF_A_VECTOR), inner),
        st.builds("where(x > y, {}, {})".format, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("clamp({}, 0, 1)".format, inner),
        st.builds("hypot({}, {})".format, inner, inner),
    ),
    max_leaves=8,
)
wild_places = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 1000.0, -1000.0, 1e-30, 1e30])


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(wild_texts, wild_places, wild_places, st.tuples(wild_places, wild_places, wild_places))
def test_a_finding_wherever_something_is_not_finite(text: str, x: float, y: float, v: tuple[float, ...]) -> None:
    """And never an error, nor an empty sentence, nor a report that is too wide."""
    found = evaluate(Request(1, f"x*y + {text}", {"x": x, "y": y, "v": v}, along=("x", 0)))
    assume(found.problem is None)
    got = findings(found)
    sent = [edge.grad for node in found.graph.nodes for edge in node.edges]
    made = [node.value for node in found.graph.nodes]
    if not all(map(is_finite, made)):
        assert [finding.phase for finding in got].count("forward") == 1
    blamed = {"saturated", "shrinking", "underflow", "flat", "dead", "clamped", "masked", "constant", "convention"}
    assert all(map(is_finite, sent)) == all(f.kind in blamed for f in got if f.phase == "backward")
    for finding in got:
        assert finding.remedy
        assert ": " in finding.text
        assert finding.node is not None
        assert len(finding.text) < 300
    assert max(map(len, steps(found).splitlines())) <= 80


def test_elements_are_named() -> None:
    (dead,) = told("sum(relu(v))", {"v": (-2.0, 3.0, -1.0)})
    assert dead.text.startswith("relu(v), elements 0, 2: v = -2")
    (forward, backward) = told("sqrt(v)", {"v": (4.0, 0.0, -1.0)})
    assert forward.text.startswith("sqrt(v), element 2: ")
    assert backward.text.startswith("sqrt(v), element 1: ")


def test_the_smallest_factor_is_named() -> None:
    found = snapshot("tanh(sigmoid(5*tanh(x + 2)))", {"x": 3.0}, "float64")
    (finding,) = findings(found)
    assert finding.node is not None
    node = found.graph.nodes[finding.node]
    assert node.source is not None
    assert node.source.text == "tanh(x + 2)"
    local = [edge.local for edge in node.edges]
    assert local == [pytest.approx(1 - math.tanh(5) ** 2, rel=1e-9)]


def test_a_nodes_name_stands_for_its_text() -> None:
    found = snapshot("log(x)", {"x": 0.0})
    nodes = tuple(replace(node, source=None) for node in found.graph.nodes)
    got = findings(replace(found, graph=replace(found.graph, nodes=nodes)))
    assert got[0].text.startswith("LogBackward0: ")


def _of_many(text: str, number: float, others: float) -> list[Finding]:
    """Of a vector of which first numbers and a summary are kept; `number` is not among the first."""
    return told(text, {"x": (*[others] * 4000, number, *[others] * 999), "y": 0.0})


@pytest.mark.parametrize(
    ("text", "number", "others", "phase", "kind", "words"),
    [
        ("sum(sqrt(x))", 0, 1, "backward", "vertical", "vertical tangent"),
        ("sum(log(x))", -1, 1, "forward", "domain", "negative number, -1"),
        ("sum(1/x)", 0, 2, "forward", "pole", "a pole"),
        ("sum(asin(x))", 1, 0.5, "backward", "vertical", "vertical tangent"),
        ("sum(log1p(exp(x)))", 100, 1, "forward", "overflow", "exp(x)"),
        ("sum(1/(1 + exp(-x)))", -1000, 1, "forward", "overflow", "exp(-x)"),
        ("sum(where(x > 0, sqrt(x), 0*x))", 0, 1, "backward", "branch", "is not taken"),
        ("sum(where(x > 0, x*log(x), 0*x))", 0, 1, "forward", "pole", "does not take"),
        ("sum(relu(x))", -1, -2, "backward", "dead", "flat side"),
        ("sum(sigmoid(x))", 200, 300, "backward", "saturated", "saturated"),
        ("softmax(x)", 1, 2, "backward", "constant", "softmax(x)"),
    ],
)
def test_the_cause_where_not_all_numbers_are_kept(
    text: str, number: float, others: float, phase: str, kind: str, words: str
) -> None:
    (finding,) = _of_many(text, number, others)
    assert (finding.phase, finding.kind) == (phase, kind), finding
    assert words in finding.text
    assert "element 0" not in finding.text


@pytest.mark.parametrize(
    "text",
    ["sum(x^2)", "sum(exp(8x))", "sum(1e6*x)", "sum(x*y)", "sum(sin(x)^2 + cos(x)^2)", "sum(x)", "f(x, y) = sum(x)"],
)
def test_nothing_on_healthy_functions_of_many_numbers(text: str) -> None:
    assert _of_many(text, 1, 2) == []


def test_it_is_told_that_not_all_elements_are_checked() -> None:
    of = [(note.kind, note.text) for count in (5000, 4096) for note in snapshot("sum(x)", {"x": (1.0,) * count}).notes]
    assert of == [("vector", "x has 5000 elements: the first 8 of its gradient are checked")]


def test_an_experiment_is_no_finding() -> None:
    """Its gradients are changed on purpose; its values are not."""
    assert findings(snapshot("x^2", {"x": 3.0}, "float32", Experiment(0))) == ()
    (finding,) = findings(snapshot("x + log(x)", {"x": 0.0}, "float32", Experiment(0)))
    assert finding.phase == "forward"


def test_remedies_of_other_causes_are_not_given() -> None:
    """x*log(x) below 0 is no case for xlogy."""
    assert "xlogy" not in told("x*log(x)", -1)[0].remedy
