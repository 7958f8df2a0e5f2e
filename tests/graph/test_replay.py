"""The replay against the rule that torch documents for its engine, simulated on the recorded graph."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph import incoming_edges
from gradtui.graph.replay import SINGLY, Replay
from gradtui.snapshot.model import Edge, Graph, Node, Request, Values
from tests import synthetic
from tests.graph.graphs import tangled

EXPRESSIONS = [
    "x^2 + 3x + 1",
    "sin(x^2)*exp(-x)",
    "a = x^2; b = sin(a); a*b + b",
    "(w*x + b - y)^2",
    "1/(1 + exp(-x))",
    "softsign(x)*x + tanhshrink(x)",
    "sum([x, 2x, x^2])",
    "x*x*x*x",
]


def graph_of(expression: str) -> Graph:
    snapshot = evaluate(Request(id=1, expression=expression, dtype="float64"))
    assert snapshot.problem is None
    return snapshot.graph


def simulate(graph: Graph) -> list[list[int]]:
    """The queue before each step, by counting down how many users of each node have not run yet."""
    users = [0] * len(graph.nodes)
    for node in graph.nodes:
        for edge in node.edges:
            if edge.target is not None:
                users[edge.target] += 1
    queue, queues = [0], []
    while queue:
        queue.sort(key=lambda number: -(graph.nodes[number].sequence or 0) if graph.nodes[number].edges else -1e9)
        queues.append(list(queue))
        for edge in graph.nodes[queue.pop(0)].edges:
            if edge.target is not None:
                users[edge.target] -= 1
                if users[edge.target] == 0:
                    queue.append(edge.target)
    return queues


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_ready_queue(expression: str) -> None:
    replay = Replay(graph_of(expression))
    queues = [list(replay.ready(done)) for done in range(len(replay.order))]
    assert queues == simulate(replay.graph)
    assert replay.ready(len(replay.order)) == ()
    assert [list(queue) for queue in replay.queues()] == queues


def test_what_ran_stands_first() -> None:
    """With two devices the engine may run the older of two ready nodes first: the record tells, not the rule."""
    made = Values((), (1.0,))
    names = (("AddBackward0", 3, (1, 2)), ("SinBackward0", 1, ()), ("CosBackward0", 2, ()))
    nodes = (
        Node(number, name, (), "float64", "cpu", sequence, number, tuple(Edge(to, 0, None, made) for to in edges))
        for number, (name, sequence, edges) in enumerate(names)
    )
    replay = Replay(Graph(tuple(nodes)))
    assert list(replay.queues()) == [(0,), (1, 2), (2,)]
    assert [replay.ready(done) for done in range(3)] == [(0,), (1, 2), (2,)]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_sums_grow_into_grad_outputs(expression: str) -> None:
    replay = Replay(graph_of(expression))
    for done, node in enumerate(replay.order):
        grad_output = replay.graph.nodes[node].grad_output
        assert grad_output is not None
        received = [arrival.grad.numbers for arrival in replay.received(node, done) if arrival.grad is not None]
        total = [sum(terms) for terms in zip(*received, strict=True)] if received else [1.0]
        assert total == pytest.approx(list(grad_output.numbers), rel=1e-12)
        assert replay.received(node, done) == replay.received(node, len(replay.order)), "nothing arrives after it ran"


def test_shared_leaf_grows_step_by_step() -> None:
    """x of x^2 + 3x + 1 at 4: nothing, then 3 by way of 3x, then 3 + 8."""
    replay = Replay(graph_of("x^2 + 3x + 1"))
    leaf = next(node.id for node in replay.graph.nodes if node.variable == "x")
    sums = [[arrival.grad.numbers[0] for arrival in replay.received(leaf, done) if arrival.grad] for done in range(6)]
    assert sums == [[], [], [], [3.0], [3.0, 8.0], [3.0, 8.0]]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_sums_step_by_step(expression: str) -> None:
    """Each sum begins where the one before ended, grows by what was sent, and ends as the node's grad_output."""
    replay = Replay(graph_of(expression))
    so_far: dict[int, Values] = {}
    for sender, sums in zip(replay.order, replay.sums, strict=True):
        for one in sums:
            sent = replay.graph.nodes[sender].edges[one.edge].grad
            assert one.before == so_far.get(one.node)
            assert one.term == 1 or one.before is not None
            assert sent is not None
            assert one.after is not None
            before = one.before.numbers if one.before else (0.0,) * len(sent.numbers)
            assert one.after.numbers == pytest.approx([a + b for a, b in zip(before, sent.numbers, strict=True)])
            so_far[one.node] = one.after
    for node, total in so_far.items():
        assert replay.graph.nodes[node].grad_output == total


@pytest.mark.parametrize("seed", range(20))
def test_order_is_that_of_the_steps(seed: int) -> None:
    """Also where backward never ran some of the nodes, or ids do not count as it ran them."""
    nodes = tangled(random.Random(seed)).graph.nodes
    ran = {node.step: node.id for node in nodes if node.step is not None}
    order = Replay(Graph(nodes)).order
    assert order == tuple(ran[step] for step in range(len(ran)))
    turned = Graph(tuple(replace(node, step=len(nodes) - 1 - node.id) for node in nodes))
    assert Replay(turned).order == tuple(reversed(range(len(nodes))))


def test_a_first_look_does_not_cost_the_whole_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one node after the other is looked at, the uses of all are found, once."""
    replay, calls = Replay(synthetic.bert(1).graph), list[Graph]()
    found = incoming_edges.uses(replay.graph)

    def counted(graph: Graph) -> list[list[incoming_edges.Use]]:
        calls.append(graph)
        return found

    monkeypatch.setattr("gradtui.graph.replay.uses", counted)
    assert [replay.uses_of(node) for node in (0, 1, 0, 1)] == [found[0], found[1]] * 2
    assert not calls
    assert [replay.uses_of(node) for node in range(3 * SINGLY)] == found[: 3 * SINGLY]
    assert len(calls) == 1
