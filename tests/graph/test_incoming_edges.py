"""The pieces that a gradient is the sum of."""

from __future__ import annotations

import math
import random

import pytest

from gradtui.graph.incoming_edges import above, as_sum, contributions, has_run, uses, uses_of
from gradtui.snapshot.model import Graph, Snapshot, Values
from tests import examples
from tests.graph.graphs import tangled


def numbers(values: Values | None) -> tuple[float, ...] | None:
    return None if values is None else values.numbers


def test_first_example() -> None:
    """The 11 is 8 by way of x^2 and 3 by way of 3x, in the order of the text."""
    graph = examples.quadratic().graph
    found = [(piece.node, piece.edge, numbers(piece.grad)) for piece in contributions(graph, 4)]
    assert found == [(3, 0, (8.0,)), (2, 0, (3.0,))]


@pytest.mark.parametrize("example", [examples.quadratic(), examples.vector_quadratic(), examples.two_variables()])
def test_they_sum_to_the_gradient(example: Snapshot) -> None:
    for node in example.graph.nodes[1:]:
        pieces = [numbers(piece.grad) or () for piece in contributions(example.graph, node.id)]
        assert numbers(node.grad_output) == pytest.approx([math.fsum(column) for column in zip(*pieces, strict=True)])


def test_output_is_used_by_nobody() -> None:
    assert contributions(examples.quadratic().graph, 0) == []
    assert uses(Graph()) == []


@pytest.mark.parametrize("seed", range(20))
def test_those_of_one_node_are_those_of_all(seed: int) -> None:
    graph = tangled(random.Random(seed)).graph
    assert [uses_of(graph, node.id) for node in graph.nodes] == uses(graph)


def test_what_has_not_run_has_sent_nothing() -> None:
    """After three nodes, 3x has sent its 3, and x^2 nothing yet: None, never 0."""
    graph = examples.quadratic().graph
    assert [numbers(piece.grad) for piece in contributions(graph, 4, steps_done=3)] == [None, (3.0,)]
    assert [has_run(graph, node, 3) for node in range(5)] == [True, True, True, False, False]
    assert all(has_run(graph, node, None) for node in range(5))


def test_above() -> None:
    used = uses(examples.two_variables().graph)
    assert [above(used, node) for node in range(5)] == [set(), {0}, {0}, {0, 2}, {0, 1, 2}]


def test_as_sum() -> None:
    assert as_sum(["8", "3"]) == "8 + 3"
    assert as_sum(["8", "-3", "–"]) == "8 - 3 + –"
    assert as_sum(["-8"]) == "-8"
    assert as_sum(["–", "-3", "-2"]) == "– + (-3) - 2"
