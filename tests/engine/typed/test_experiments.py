"""A what-if gives what torch gives with the same hook set by hand."""

from __future__ import annotations

import pytest
import torch

from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Experiment, Request, Snapshot, Values
from tests.engine import oracle

AT: dict[str, float | tuple[float, ...]] = {"x": 1.3, "y": -0.7, "v": (2.1, 5.4, 3.2)}
LINES = [
    ("x^2 + 3x + 1", "x**2 + 3*x + 1"),
    ("sin(x*y)*exp(-x) + y", "sin(x*y)*exp(-x) + y"),
    ("x*sum(v^2) + softmax(v)*y", "x*torch.sum(v**2) + softmax(v, -1)*y"),
    ("1/(1 + exp(-x))", "1/(1 + exp(-x))"),
    ("where(v > 3, v*x, y)", "torch.where(v > 3, v*x, y)"),
]


def snapshot(text: str, *experiments: Experiment) -> Snapshot:
    return evaluate(Request(1, text, AT, "float64", experiments=experiments))


def in_torch(python: str, experiments: list[Experiment]) -> dict[str, torch.Tensor]:
    """The gradients of the same line with hooks set by hand, on nodes counted in the engine's order."""
    leaves = oracle.leaves(AT, torch.float64)
    order: list[torch.autograd.graph.Node] = []
    output = oracle.line(python, leaves)
    nodes = {output.grad_fn}
    for _ in range(20):
        nodes |= {target for node in nodes if node for target, _ in node.next_functions if target}
    handles = [node.register_prehook(lambda grads, node=node: order.append(node)) for node in nodes if node]
    output.backward(torch.ones_like(output), retain_graph=True)  # type: ignore[no-untyped-call]
    for handle in handles:
        handle.remove()
    for leaf in leaves.values():
        leaf.grad = None
    for experiment in experiments:

        def hook(grads, _, experiment=experiment):  # type: ignore[no-untyped-def]
            wanted = range(len(grads)) if experiment.edge is None else [experiment.edge]
            return tuple(g * experiment.factor if k in wanted and g is not None else g for k, g in enumerate(grads))

        order[experiment.node].register_hook(hook)
    output.backward(torch.ones_like(output))  # type: ignore[no-untyped-call]
    return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


@pytest.mark.parametrize(("text", "python"), LINES)
def test_same_as_a_hook_set_by_hand(text: str, python: str) -> None:
    """Every edge of every graph, and every node, scaled by 0, -1 and 2.5; and two changes at once."""
    plain = snapshot(text)
    edges = [(node.id, number) for node in plain.graph.nodes for number, edge in enumerate(node.edges) if edge.grad]
    single = [[Experiment(node, number, factor)] for node, number in edges for factor in (0.0, -1.0, 2.5)]
    single += [[Experiment(node, None, 0.5)] for node, _ in edges]
    for experiments in [*single, [Experiment(*edges[0], 2.0), Experiment(*edges[-1], 3.0), Experiment(*edges[0], 5.0)]]:
        changed = snapshot(text, *experiments)
        assert changed.problem is None
        assert changed.experiments == tuple(experiments)
        expected = in_torch(python, experiments)
        for name, gradient in expected.items():
            got = changed.variables[name].grad.numbers if name in changed.variables else (0.0,)
            assert got == pytest.approx(gradient.reshape(-1).tolist(), rel=1e-14)


def test_the_record_shows_what_the_engine_then_did() -> None:
    """3x cut off: 11 becomes 8. Ids, values and local derivatives stay the true ones."""
    plain = evaluate(Request(1, "x^2 + 3x + 1", {"x": 4.0}))
    changed = evaluate(Request(1, "x^2 + 3x + 1", {"x": 4.0}, experiments=(Experiment(2, 0),)))
    assert plain.variables["x"].grad.numbers == (11.0,)
    assert changed.variables["x"].grad.numbers == (8.0,)
    for before, after in zip(plain.graph.nodes, changed.graph.nodes, strict=True):
        assert (before.id, before.name, before.step, before.value) == (after.id, after.name, after.step, after.value)
        assert [edge.local for edge in before.edges] == [edge.local for edge in after.edges]
    product, leaf = changed.graph.nodes[2], changed.graph.nodes[4]
    assert product.edges[0].grad == Values((), (0.0,))
    assert leaf.grad_output == Values((), (8.0,))
    received = Replay(changed.graph).received(4, 5)
    assert [arrival.grad.numbers for arrival in received if arrival.grad] == [(0.0,), (8.0,)]


def test_a_cut_stops_nan_and_inf() -> None:
    """0 times nan would be nan: a cut edge carries nothing."""
    text = "x + where(x > 0, sqrt(x), 0*x)"
    plain = evaluate(Request(1, text, {"x": 0.0}))
    root = next(node.id for node in plain.graph.nodes if node.name == "SqrtBackward0")
    assert plain.variables["x"].grad.numbers[0] != plain.variables["x"].grad.numbers[0]
    cut = evaluate(Request(1, text, {"x": 0.0}, experiments=(Experiment(root),)))
    assert cut.variables["x"].grad.numbers == (1.0,)


def test_no_hook_is_left_behind() -> None:
    halved = Request(1, "x^2", {"x": 4.0}, experiments=(Experiment(0, 0, 0.5),))
    assert evaluate(halved).variables["x"].grad.numbers == (4,)
    assert evaluate(Request(2, "x^2", {"x": 4.0})).variables["x"].grad.numbers == (8,)


@pytest.mark.parametrize(
    ("text", "experiment", "why"),
    [
        ("x^2 + 3x + 1", Experiment(7), "no node 7"),
        ("x^2 + 3x + 1", Experiment(-1), "no node -1"),
        ("x^2 + 3x + 1", Experiment(4), "node 4 sends no gradient on"),
        ("x^2 + 3x + 1", Experiment(2, 1), "edge 1"),
        ("x^2 + 3x + 1", Experiment(2, 5), "edge 5"),
        ("7", Experiment(0), "f is constant"),
    ],
)
def test_no_such_edge(text: str, experiment: Experiment, why: str) -> None:
    problem = evaluate(Request(1, text, {"x": 4.0}, experiments=(experiment,))).problem
    assert problem is not None
    assert problem.kind == "domain"
    assert why in problem.message
