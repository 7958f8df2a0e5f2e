"""Σ v̄·v̇ over every cut of the graph is f'(x), forward mode agrees with differences, paths sum to the gradient."""

from __future__ import annotations

import math
import tracemalloc

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.engine.typed import forward
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression.functions import TABLE, Function
from gradtui.expression.parser import parse
from gradtui.graph import ledger, paths
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Edge, Graph, Node, Request, Values
from tests.graph.functions import At, by_numbers, places, snapshot, texts


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(texts, places, places, st.sampled_from([("x", 0), ("v", 0), ("v", 2)]))
def test_every_cut_carries_the_derivative(text: str, x: float, y: float, along: tuple[str, int]) -> None:
    """In float64, to 1e-9 of the terms of the cut."""
    at: At = {"x": x, "y": y, "v": (0.5, -1.5, 1.25)}
    found = snapshot(f"x*v[0] + {text}".replace("v[0]", "dot(v, [1, 0, 0])"), at, along)
    derivative = found.variables[along[0]].grad.numbers[along[1]]
    assume(math.isfinite(derivative))
    replay = Replay(found.graph)
    assert len(replay.order) == len(found.graph.nodes)
    for done in range(len(replay.order) + 1):
        cut = ledger.cut(replay, done)
        assert cut is not None, f"no tangents for {text}"
        size = by_numbers([entry.product for entry in cut])
        assert ledger.total(cut) == pytest.approx(derivative, abs=1e-9 * size)


@pytest.mark.long
@pytest.mark.parametrize("along", [("x", 0), ("y", 0), ("v", 1)])
@pytest.mark.parametrize(
    "text",
    [
        "x^2 + 3x + 1",
        "sin(x^2)*exp(-x)",
        "a = x^2; b = sin(a); a*b + y",
        "softmax(x*v)",
        "v/norm(v)*x",
        "sum(v^2)*y",
        "where(v > x, v*x, y)",
        "1/(1 + exp(-x*y))",
        "std(v)*x + max(v) + cumsum(v)",
        "[x, y, x*y]*v",
    ],
)
def test_tangents_are_how_fast_values_move(text: str, along: tuple[str, int]) -> None:
    """Against central differences of the recorded forward value of every node."""
    at: At = {"x": 1.2, "y": -0.4, "v": (2.1, 0.4, 3.2)}
    name, element = along
    found = snapshot(f"{text} + 0*x*y*sum(v)", at, along)

    def values(step: float) -> list[tuple[float, ...]]:
        leaves = {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in at.items()}
        with torch.no_grad():
            leaves[name].view(-1)[element] += step
        recorded = forward.run(parse(found.expression, tuple(at)), leaves).recorded
        first = min(recorded)
        return [tuple(recorded[number].reshape(-1).tolist()) for number in sorted(recorded) if number >= first]

    operations = sorted((node for node in found.graph.nodes if node.edges), key=lambda node: node.sequence or 0)
    low, here, high = values(-1e-6), values(0.0), values(1e-6)
    by_value = {row[1]: row for row in zip(low, here, high, strict=True)}
    for node in operations:
        assert node.value is not None
        assert node.tangent is not None
        below, _, above = by_value[node.value.numbers]
        slopes = [(b - a) / 2e-6 for a, b in zip(below, above, strict=True)]
        assert list(node.tangent.numbers) == pytest.approx(slopes, rel=1e-6, abs=1e-7)


def test_eleven() -> None:
    """11 = 8 by way of x^2 + 3 by way of 3x, and 1·11 where nothing has run yet."""
    found = snapshot("x^2 + 3x + 1", {"x": 4.0}, ("x", 0))
    ways = paths.paths(found.graph, 4)
    assert ways is not None
    assert [(path.nodes, path.product) for path in ways] == [((0, 1, 3, 4), 8.0), ((0, 1, 2, 4), 3.0)]
    replay = Replay(found.graph)
    cuts = [[(e.node, e.adjoint, e.tangent) for e in ledger.cut(replay, done) or ()] for done in range(6)]
    assert cuts == [
        [(0, (1.0,), (11.0,))],
        [(1, (1.0,), (11.0,))],
        [(2, (1.0,), (3.0,)), (3, (1.0,), (8.0,))],
        [(3, (1.0,), (8.0,)), (4, (3.0,), (1.0,))],
        [(4, (11.0,), (1.0,))],
        [(4, (11.0,), (1.0,))],
    ]


def test_only_when_asked() -> None:
    plain = evaluate(Request(1, "x^2", {"x": 4.0}))
    assert all(node.tangent is None for node in plain.graph.nodes)
    assert ledger.cut(Replay(plain.graph), 1) is None


@pytest.mark.long
@pytest.mark.parametrize("function", TABLE, ids=lambda function: function.name)
def test_every_function_has_tangents(function: Function) -> None:
    text = f"{function.name}({', '.join('xyz'[: function.least])})"
    text = {
        "where": "where(x > 0, y*x, z)",
        "threshold": "threshold(x, 0.2, 0)",
        "acosh": "acosh(1 + x)",
        "nll_loss": "nll_loss(x, 1)",
    }.get(function.name, text)
    at: At = {"x": (0.4, 0.2), "y": (0.3, 0.1)} if function.kind == "reduction" else {"x": 0.4, "y": 0.3, "z": 0.6}
    found = snapshot(text, at, ("x", 0))
    derivative = found.variables["x"].grad.numbers[0]
    replay = Replay(found.graph)
    for done in range(len(replay.order) + 1):
        cut = ledger.cut(replay, done)
        assert cut is not None
        assert ledger.total(cut) == pytest.approx(derivative, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("along", [("z", 0), ("x", 1), ("x", -1)])
def test_no_such_variable(along: tuple[str, int]) -> None:
    """The screen may ask along a variable that the newly typed f no longer has."""
    found = evaluate(Request(1, "x^2", {"x": 4.0}, along=along))
    assert found.problem is None
    assert found.along is None
    assert all(node.tangent is None for node in found.graph.nodes)


@pytest.mark.parametrize(("text", "v"), [("sum(v*v)/v", (0.0, 0.0, 1e30)), ("v*1e200*1e200", (1e300, -1e300, 1.0))])
def test_cuts_of_what_is_not_finite(text: str, v: tuple[float, ...]) -> None:
    """No answer, and no error either."""
    found = snapshot(text, {"v": v}, ("v", 0))
    replay = Replay(found.graph)
    for done in range(len(replay.order) + 1):
        cut = ledger.cut(replay, done)
        assert cut is not None
        assert isinstance(ledger.total(cut), float)


def test_the_first_cut_of_a_huge_output() -> None:
    """Of which no tangent is known, nor a number: nothing of its size is made."""
    node = Node(0, "MulBackward0", (10**6, 10**6), "f", "cpu", 0, 0, (Edge(1),))
    leaf = Node(1, "AccumulateGrad", (), "f", "cpu", None, 1, (), variable="x")
    tracemalloc.start()
    assert ledger.cut(Replay(Graph((node, leaf))), 0) is None
    assert ledger.cut(Replay(Graph((replace(node, tangent=Values((), (1.0,))), leaf))), 0) is None
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()
