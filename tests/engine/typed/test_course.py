"""What a course writes, against torch: the graph, the values and the gradients of the same line of PyTorch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression import parse
from gradtui.grad_fns.rule_of_node import rule_of
from gradtui.graph.agreement import check
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests.engine.oracle import leaves, line, numbers, ours, ran, values

At = Mapping[str, float | Sequence[float]]
CASES = json.loads((Path(__file__).parents[2] / "cases" / "course.json").read_text(encoding="utf-8"))
X: At = {"x": (0.3, -1.5, 0.75), "y": (0.5, 0.25, 2.0), "p": (0.2, 0.9, 0.4), "t": (0.1, 0.7, 0.2), "a": 1.25}

pytestmark = pytest.mark.filterwarnings(
    "ignore:reduction", "ignore:Using a target size"
)  # what torch says of these lines


def told(text: str, at: At) -> Snapshot:
    names = parse(text, tuple(at)).variables
    given = {name: value if isinstance(value, float) else tuple(value) for name, value in at.items() if name in names}
    return evaluate(Request(1, text, given, "float64"))


def assert_same(text: str, python: str, at: At = X) -> None:
    """Nodes, edges, order and gradients to the last bit."""
    snapshot = told(text, at)
    assert snapshot.problem is None, snapshot.problem
    variables = leaves({name: at[name] for name in snapshot.variables}, torch.float64)
    output = line(python, variables)
    assert values(snapshot.value) == numbers(output.detach())
    assert ours(snapshot.graph) == ran(output)
    for name, leaf in variables.items():
        assert values(snapshot.variables[name].grad) == numbers(
            torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["typed"][:40])
def test_public_cases(case: dict[str, Any]) -> None:
    snapshot = told(case["typed"], case["at"])
    assert snapshot.problem is None, snapshot.problem
    assert snapshot.value is not None
    assert math.isclose(sum(snapshot.value.numbers), case["value"], rel_tol=1e-12)
    for name, right in case["grads"].items():
        assert snapshot.variables[name].grad.numbers == pytest.approx(
            right if isinstance(right, list) else [right], rel=1e-12
        )


LINES = [
    ("x[0]", "x[0]"),
    ("x[-1]^2", "x[-1]**2"),
    ("sum(x[1:]*x[:-1])", "sum(x[1:]*x[:-1])"),
    ("sum(x[::2])", "sum(x[::2])"),
    ("sum(x[:] + x[0:2:2])", "sum(x[:] + x[0:2:2])"),
    ("softmax(x)[1]", "softmax(x, dim=-1)[1]"),
    ("(x + 1)[1:].sum()", "(x + 1)[1:].sum()"),
    ("[a, a^2, 3][1]", "stack([a, a**2, tensor(3.0, dtype=float64)])[1]"),
    ("mse_loss(x, y)", "F.mse_loss(x, y)"),
    ("mse_loss(a, 2)", "F.mse_loss(a, tensor(2.0, dtype=float64))"),
    ("F.mse_loss(input=x, target=y)", "F.mse_loss(x, y)"),
    ("nn.functional.l1_loss(x, y, reduction='sum')", "F.l1_loss(x, y, reduction='sum')"),
    ('sum(l1_loss(x, y, reduction="none"))', "sum(F.l1_loss(x, y, reduction='none'))"),
    ("huber_loss(x, y, delta=0.5)", "F.huber_loss(x, y, delta=0.5)"),
    ('huber_loss(x, y, "sum", 1/2)', "F.huber_loss(x, y, 'sum', 0.5)"),
    ("smooth_l1_loss(x, y, beta=2)", "F.smooth_l1_loss(x, y, beta=2)"),
    ("smooth_l1_loss(x, y, beta=0)", "F.smooth_l1_loss(x, y, beta=0)"),
    ("cross_entropy(x, 1)", "F.cross_entropy(x, tensor(1))"),
    ("cross_entropy(x, 2, label_smoothing=0.1)", "F.cross_entropy(x, tensor(2), label_smoothing=0.1)"),
    ("cross_entropy(x, 0, [1, 2, 3])", "F.cross_entropy(x, tensor(0), tensor([1.0, 2.0, 3.0], dtype=float64))"),
    ("cross_entropy(x, softmax(y))", "F.cross_entropy(x, softmax(y, dim=-1))"),
    ("cross_entropy(x, [0, 1, 0])", "F.cross_entropy(x, tensor([0.0, 1.0, 0.0], dtype=float64))"),
    ("nll_loss(log_softmax(x), 1)", "F.nll_loss(log_softmax(x, dim=-1), tensor(1))"),
    ("binary_cross_entropy(p, t)", "F.binary_cross_entropy(p, t)"),
    ("binary_cross_entropy_with_logits(x, t)", "F.binary_cross_entropy_with_logits(x, t)"),
    (
        "binary_cross_entropy_with_logits(x, t, pos_weight=2)",
        "F.binary_cross_entropy_with_logits(x, t, pos_weight=tensor(2.0, dtype=float64))",
    ),
    ("kl_div(x, t)", "F.kl_div(x, t)"),
    ('kl_div(x, y, reduction="batchmean", log_target=True)', "F.kl_div(x, y, reduction='batchmean', log_target=True)"),
    ("g(t) = t^2; sum(g(3x) + g(x))", "sum((3*x)**2 + x**2)"),
    ("h(u, v) = u*v + u; h(a, a^2)", "(lambda u, v: u*v + u)(a, a**2)"),
    ("h(u, v) = u*v + u; h(a + 1, a)", "(lambda u, v: u*v + u)(a + 1, a)"),
    ("g(t) = sin(t); h(t) = g(t)*t; h(h(a))", "(lambda h: h(h(a)))(lambda t: sin(t)*t)"),
    (
        "def f(a):\n  y = torch.sin(a)\n  y = y*y\n  return y**2 + y",
        "(lambda y: y**2 + y)((lambda y: y*y)(torch.sin(a)))",
    ),
    ("lambda a: a**2 + 3*a + 1", "a**2 + 3*a + 1"),
    ("return (a * a) + 1", "(a * a) + 1"),
    (r"\frac{a^{2}+1}{a-1}", "(a**2 + 1)/(a - 1)"),
    (r"\sqrt{a} \cdot \ln(a)", "sqrt(a) * log(a)"),
    ("a mod 2", "a % 2"),
    ("7 mod a", "torch.remainder(tensor(7.0, dtype=float64), a)"),
    ("a squared + 1", "a**2 + 1"),
    ("log(a, 2) + log(a, 10)", "log2(a) + log10(a)"),
    ("σ(2a)", "sigmoid(2*a)"),
    ("cbrt(a)", "sign(a) * abs(a)**(1/3)"),
]


@pytest.mark.long
@pytest.mark.parametrize(("text", "python"), LINES)
def test_the_same_line_of_pytorch(text: str, python: str) -> None:
    assert_same(text, python)


@pytest.mark.long
@pytest.mark.parametrize(("text", "python"), LINES)
def test_each_has_rules_a_curve_and_a_symbolic_derivative(text: str, python: str) -> None:
    snapshot = told(text, X)
    assert [node.name for node in snapshot.graph.nodes if rule_of(node) is None] == []
    assert all(node.source is not None for node in snapshot.graph.nodes)
    at = {
        name: state.value.numbers if state.value.shape else state.value.numbers[0]
        for name, state in snapshot.variables.items()
    }
    for name in at:
        request = Request(1, text, at, "float64", curve=CurveRequest(name, (-1.0, 1.0), 20))
        full = replace(evaluate(request), derivative=derivatives(request))
        assert full.curve is not None
        assert any(map(math.isfinite, full.curve.f))
        assert check(full, name).calculus is True, full.derivative
        assert check(full, name).differences is not False


def of(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Of a text of the language and the same line of Python, both vectors of three, a larger one."""

    def made(ours: str, python: str, count: int) -> st.SearchStrategy[tuple[str, str]]:
        return st.tuples(*[inner] * count).map(
            lambda given: (ours.format(*(one for one, _ in given)), python.format(*(two for _, two in given)))
        )

    return st.one_of(
        made("({} + {})", "({} + {})", 2),
        made("({}*{})", "({}*{})", 2),
        made(r"\frac{{{}}}{{3}}", "({}/3)", 1),
        made(r"\sin\left({}\right)", "sin({})", 1),
        made("({})[0]*y", "({})[0]*y", 1),
        made("y*sum(({})[1:]*({})[:-1])", "y*sum(({})[1:]*({})[:-1])", 2),
        made("y*mse_loss({}, {})", "y*F.mse_loss({}, {})", 2),
        made('huber_loss({}, {}, reduction="none")', "F.huber_loss({}, {}, reduction='none')", 2),
        made("x*cross_entropy({}, 1)", "x*F.cross_entropy({}, tensor(1))", 1),
        made("g({})", "(lambda t: t*t + t)({})", 1),
        made("h({}, {})", "(lambda u, v: u - v*u)({}, {})", 2),
        made("({} mod 2)", "({} % 2)", 1),
        made("({}) squared", "({})**2", 1),
    )


combined = st.recursive(st.sampled_from([("x", "x"), ("y", "y"), ("(2x)", "(2*x)")]), of, max_leaves=6)


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(combined)
def test_random_combinations(pair: tuple[str, str]) -> None:
    text, python = pair
    text = f"g(t) = t*t + t; h(u, v) = u - v*u; sum({text})"
    if "x" not in python:
        text, python = f"{text} + sum(x)", f"{python} + x"
    assert_same(text, f"sum({python})" if "+ x" not in python[-3:] else f"sum({python[:-4]}) + sum(x)")


REFUSED = [
    ("x[3]", (0, 4), "3 elements"),
    ("1 + x[-4]", (4, 9), "3 elements"),
    ("sum(x[5:])", (4, 9), "no elements"),
    ("a[0]", (0, 4), "one number"),
    ("(2a)[1:]", (0, 8), "one number"),
    ("1 + cross_entropy(x, 3)", (4, 23), "0 to 2"),
    ("cross_entropy(a, 0)", (0, 19), "vector"),
    ("cross_entropy(x, a)", (0, 19), "whole number"),
    ("cross_entropy(x, [1, 2])", (0, 24), "3 classes"),
    ("nll_loss(x, 7)", (0, 14), "0 to 2"),
    ("mse_loss(x, [1, 2])", (0, 19), ""),
    ("binary_cross_entropy(p, a)", (0, 26), "same size"),
    ("huber_loss(x, y, delta=0)", (0, 25), "delta"),
    ("cross_entropy(x, 0, label_smoothing=2)", (0, 38), "label_smoothing"),
    ("cross_entropy(x, 0, weight=[1, 2])", (0, 34), "2 elements"),
    ("binary_cross_entropy(x, t)", (0, 26), "between 0 and 1"),
]


@pytest.mark.parametrize(("text", "place", "said"), REFUSED)
def test_what_has_no_value_is_told_with_its_place(text: str, place: tuple[int, int], said: str) -> None:
    problem = told(text, X).problem
    assert problem is not None
    assert (problem.kind, problem.start, problem.end) == ("domain", *place)
    assert said in problem.message
