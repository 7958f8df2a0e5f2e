"""Paths sum to the gradient, and each has a name of its own."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from msgspec.structs import replace

from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph import paths
from gradtui.snapshot.model import Edge, Graph, Node, Request
from tests.graph.functions import by_numbers, places, snapshot, texts


@pytest.mark.long
@settings(max_examples=70, deadline=None)
@given(texts.filter(lambda text: "v" not in text), places, places)
def test_paths_sum_to_the_gradient(text: str, x: float, y: float) -> None:
    found = snapshot(f"x + {text}", {"x": x, "y": y}, ("x", 0))
    leaf = next(node.id for node in found.graph.nodes if node.variable == "x")
    ways = paths.paths(found.graph, leaf)
    assume(ways is not None)
    assert ways is not None
    assert 1 <= len(ways) <= paths.MOST_PATHS
    derivative = found.variables["x"].grad.numbers[0]
    products = [path.product for path in ways]
    assert math.fsum(products) == pytest.approx(derivative, abs=1e-12 * by_numbers(products))
    for path in ways:
        assert (path.nodes[0], path.nodes[-1]) == (0, leaf)
        assert math.prod(path.factors) == path.product


def test_too_many_paths_are_not_listed() -> None:
    """x = x*x doubles them."""
    text = "a = x*x; b = a*a; c = b*b; d = c*c; d*d"
    found = snapshot(text, {"x": 1.1}, ("x", 0))
    leaf = found.graph.nodes[-1].id
    assert paths.paths(found.graph, leaf) is None
    assert len(paths.paths(found.graph, leaf, most=32) or ()) == 32


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("x^2 + 3x + 1", 4.0, "11 = 8 by way of x^2 + 3 by way of 3x"),
        ("x^2 - 3x", 4.0, "5 = 8 by way of x^2 - 3 by way of 3x"),
        ("x*x", 3.0, "6 = 3 by way of operand 1 of x*x + 3 by way of operand 2 of x*x"),
        ("(3x)^2", 2.0, "36 = 12·3 along the only path"),
        ("-x^2", 2.0, "-4 = (-1)·4 along the only path"),
        ("x", 2.0, "1 along the only path"),
        ("a = x*x; b = x + a; b*a + a", 1.0, None),
        ("a = x*x; b = a*a; c = b*b; d = c*c; d*d", 1.0, ""),
        ("7", 1.0, ""),
    ],
)
def test_sentences(text: str, at: float, told: str | None) -> None:
    found = evaluate(Request(1, text, {"x": at}))
    if told is not None:
        assert paths.sentence(found, "x") == told
    ways = paths.paths(found.graph, found.graph.nodes[-1].id) if found.graph.nodes else ()
    if ways and len(ways) > 1:
        assert len(set(paths.ways(found.graph, ways))) == len(ways), "each way has its own name"


def test_no_name_is_cut_where_there_is_room() -> None:
    """Of two sums of the same beginning, which are told apart by their ends."""
    same = " + ".join(["x", *map(str, range(1, 12))])
    found = evaluate(Request(1, f"sin({same} + 12) * cos({same} + 13)", {"x": 1.0}))
    assert "…" in paths.sentence(found, "x")
    whole = paths.sentence(found, "x", longest=1000)
    assert "…" not in whole
    assert f"sin({same} + 12)" in whole


def test_paths_where_edges_lead_to_what_stands_before() -> None:
    """Twenty forks one after the other, numbered from the leaf on: a million paths, counted and not walked."""
    nodes = [Node(0, "MulBackward0", (), "f", "cpu", 0, None, (Edge(20, local=1.0), Edge(20, local=1.0)))]
    nodes.append(Node(1, "AccumulateGrad", (), "f", "cpu", None, None, (), variable="x"))
    nodes += [
        Node(id, "MulBackward0", (), "f", "cpu", id, None, (Edge(id - 1, local=1.0), Edge(id - 1, local=1.0)))
        for id in range(2, 21)
    ]
    assert paths.paths(Graph(tuple(nodes)), 1) is None
    assert paths.paths(Graph(tuple(nodes)), 1, 2**20 - 1) is None
    few = Graph((replace(nodes[0], edges=(Edge(3, local=2.0),)), *nodes[1:4]))
    assert [path.product for path in paths.paths(few, 1) or ()] == [2.0] * 4


def test_a_long_sum_is_told_in_fewer_words() -> None:
    """d/dx of each term of x^3 + x^2 + 5x + 1/x at 2 is 12, 4, 5 and -1/4: the largest is named, with how many there are."""
    found = evaluate(Request(1, "x^3 + x^2 + 5x + 1/x", {"x": 2.0}, "float64"))
    longer, shorter = paths.summary(found, "x")
    assert "4 ways" in shorter
    assert shorter in longer
    assert "12 by way of x^3" in longer
    assert paths.summary(evaluate(Request(1, "sin(x^2)", {"x": 2.0})), "x") == ()
