"""Names, edges, order and gradients are torch's own for the same line of Python."""

from __future__ import annotations

import gc
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.engine.autograd import backward, graph
from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Graph, Node, Request, Snapshot, Values
from tests.engine import oracle

At = dict[str, float | tuple[float, ...]]

AT: At = {"x": 1.3, "y": -0.7, "v": (2.1, 5.4, 3.2), "w": (0.5, -1.0, 2.0)}

LINES = [
    ("x^2 + 3x + 1", "x**2 + 3*x + 1"),
    ("(x * x) + (3 * x) + 1", "(x * x) + (3 * x) + 1"),
    ("1/(1 + e^(-x))", "1/(1 + e**(-x))"),
    ("1/(1 + exp(-x))", "1/(1 + exp(-x))"),
    ("2 pi x", "2*pi*x"),
    ("sqrt(2pi) x", "2.506628274631000502*x"),
    ("1 - x", "1 - x"),
    ("x - 1", "x - 1"),
    ("2/x", "2/x"),
    ("x/y", "x/y"),
    ("2^x", "2**x"),
    ("x^x", "x**x"),
    ("x^0.5", "x**0.5"),
    ("√(x^2 + y^2)", "sqrt(x**2 + y**2)"),
    ("sin^2(x)", "sin(x)**2"),
    ("|x|", "abs(x)"),
    ("max(x, 0)", "maximum(x, torch.tensor(0.))"),
    ("max(v)", "max(v)"),
    ("min(v, w)", "minimum(v, w)"),
    ("where(x > 0, x^2, -x)", "where(x > 0, x**2, -x)"),
    ("where(v > w, v, 0)", "where(v > w, v, 0)"),
    ("where(x > 0, x, 0)*y", "where(x > 0, x, 0)*y"),
    ("clamp(v, 0, 3)", "clamp(v, 0, 3)"),
    ("clamp(v, x, 3)", "clamp(v, x, torch.tensor(3.))"),
    ("lerp(x, y, 0.3)", "lerp(x, y, 0.3)"),
    ("lerp(0, 1, x)", "lerp(torch.tensor(0.), torch.tensor(1.), x)"),
    ("xlogy(2, x)", "xlogy(2, x)"),
    ("fmod(x, 0.4)", "fmod(x, 0.4)"),
    ("hypot(x, 3)", "hypot(x, torch.tensor(3.))"),
    ("softsign(x) + tanhshrink(y)", "F.softsign(x) + F.tanhshrink(y)"),
    ("leaky_relu(v, 0.2)", "F.leaky_relu(v, 0.2)"),
    ("softplus(x)", "F.softplus(x)"),
    ("sum(v^2)", "torch.sum(v**2)"),
    ("mean(v*w)*x", "torch.mean(v*w)*x"),
    ("x*v + y", "x*v + y"),
    ("v/norm(v)", "v/torch.norm(v)"),
    ("dot(v, w)/(norm(v)*norm(w))", "dot(v, w)/(torch.norm(v)*torch.norm(w))"),
    ("softmax(v)", "softmax(v, -1)"),
    ("log_softmax(x*v)", "log_softmax(x*v, -1)"),
    ("logsumexp(v)", "logsumexp(v, -1)"),
    ("std(v) + var(w)", "std(v) + var(w)"),
    ("prod(v)", "prod(v)"),
    ("cumsum(v)", "cumsum(v, -1)"),
    ("[x, 2x, 1]*v", "torch.stack([x, 2*x, torch.tensor(1.)])*v"),
    ("[1, 2, 3]*v", "torch.tensor([1., 2., 3.])*v"),
    ("a = x^2; b = sin(a); a*b + b", "(lambda a: (lambda b: a*b + b)(sin(a)))(x**2)"),
    ("x sin(x) + floor(y)", "x*sin(x) + floor(y)"),
    ("0*sqrt(x - x)", "0*sqrt(x - x)"),
]


def snapshot(text: str, at: At = AT, dtype: str = "float32") -> Snapshot:
    return evaluate(Request(1, text, at, dtype="float64" if dtype == "float64" else "float32"))


@pytest.mark.parametrize(("text", "python"), LINES)
def test_same_as_torch(text: str, python: str) -> None:
    variables = oracle.leaves(AT, torch.float32)
    output = oracle.line(python, variables)
    found = snapshot(text)
    assert found.problem is None
    assert oracle.ours(found.graph) == oracle.ran(output)
    assert oracle.values(found.value) == oracle.numbers(output.detach())
    for name, leaf in variables.items():
        expected = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        assert oracle.values(found.variables[name].grad) == oracle.numbers(expected)


UNARY = ["sin", "cos", "exp", "tanh", "sigmoid", "F.softsign", "F.softplus", "abs", "sqrt", "log", "floor", "atan"]
leaf_texts = st.sampled_from(["x", "y", "v", "2", "3.5", "0.25", "pi"])
texts = st.recursive(
    leaf_texts,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({})".format, st.sampled_from(UNARY), st.builds("x*{}".format, inner)),
        st.builds("(x + {})**{}".format, inner, st.sampled_from(["2", "3", "0.5", "-1"])),
        st.builds("(-{})".format, inner),
        st.builds("torch.where(x > y, {}, x)".format, st.builds("x*{}".format, inner)),
        st.builds("torch.atan2(x*{}, y)".format, inner),
    ),
    max_leaves=12,
)


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(texts, st.floats(-3, 3, width=32), st.floats(-3, 3, width=32))
def test_random_lines_same_as_torch(text: str, x: float, y: float) -> None:
    """Lines that Python and the language both read."""
    text = f"x*{text}"
    at: At = {"x": x, "y": y, "v": (0.5, -2.0, 1.5)}
    found = snapshot(text, at, "float64")
    try:
        output = oracle.line(text, oracle.leaves(at, torch.float64))
    except ZeroDivisionError:
        assert found.problem is not None
        assert found.problem.kind == "domain"
        return
    assert found.problem is None
    assert oracle.ours(found.graph) == oracle.ran(output)


def numbers(values: Values | None) -> tuple[float, ...] | None:
    return None if values is None else values.numbers


def test_first_example() -> None:
    """FACTS: x^2 + 3x + 1 at 4 is five nodes and five edges, in this order, with these sequence numbers."""
    nodes = snapshot("x^2 + 3x + 1", {"x": 4.0}).graph.nodes
    assert [(node.id, node.name, node.sequence, node.step) for node in nodes] == [
        (0, "AddBackward0", 3, 0),
        (1, "AddBackward0", 2, 1),
        (2, "MulBackward0", 1, 2),
        (3, "PowBackward0", 0, 3),
        (4, "AccumulateGrad", None, 4),
    ]
    assert sum(edge.target is not None for node in nodes for edge in node.edges) == 5
    assert [numbers(node.value) for node in nodes] == [(29,), (28,), (12,), (16,), (4,)]
    assert [numbers(node.grad_output) for node in nodes] == [(1,), (1,), (1,), (1,), (11,)]
    assert [node.source.text for node in nodes if node.source] == ["x^2 + 3x + 1", "x^2 + 3x", "3x", "x^2", "x"]
    product, power, leaf = nodes[2:]
    assert [(edge.target, edge.constant, edge.local) for edge in product.edges] == [(4, None, 3.0), (None, "3", None)]
    assert [(edge.target, edge.local) for edge in power.edges] == [(4, 8.0)]
    assert leaf.variable == "x"
    assert (leaf.dtype, leaf.device, leaf.shape, leaf.edges) == ("float32", "cpu", (), ())


@pytest.mark.parametrize(
    ("text", "node", "edges"),
    [
        ("3x", 0, [("x", None), ("3", "3")]),
        ("x*x", 0, [("x", None), ("x", None)]),
        ("x + 2*pi", 0, [("x", None), ("2*pi", "2*pi")]),
        ("pi*x", 0, [("x", None), ("pi", "pi")]),
        ("2/x", 0, [("2/x", None), ("2", "2")]),
        ("2/x", 1, [("x", None)]),
        ("where(x > 0, sin(x), 2)", 0, [("sin(x)", None), ("2", "2")]),
        ("where(x > 0, 2, sin(x))", 0, [("2", "2"), ("sin(x)", None)]),
        ("lerp(1, 2, x)", 0, [("1", "1"), ("2", "2"), ("x", None)]),
        ("x*[1, 2]", 0, [("x", None), ("[1, 2]", "[1, 2]")]),
        ("[x, 5]", 0, [("x", None), ("5", "5")]),
        ("c = 7; x + c", 0, [("x", None), ("c", "c")]),
        ("softsign(x)", 1, [("softsign(x)", None), (None, None)]),
    ],
)
def test_edges_show_the_text_that_feeds_them(text: str, node: int, edges: list[tuple[str | None, str | None]]) -> None:
    found = snapshot(text, {"x": 1.5}).graph.nodes[node]
    assert [(edge.source and edge.source.text, edge.constant) for edge in found.edges] == edges


def test_each_place_of_a_variable_is_its_own_edge() -> None:
    product = snapshot("x*x", {"x": 3.0}).graph.nodes[0]
    assert [(edge.source.start, edge.source.end) for edge in product.edges if edge.source] == [(0, 1), (2, 3)]


def test_saved_tensors() -> None:
    power = snapshot("x^2", {"x": 4.0}).graph.nodes[0]
    assert {kept.name: kept.value for kept in power.saved} == {
        "exponent": Values((), (2.0,)),
        "self": Values((), (4.0,)),
    }
    kept = snapshot("where(v > 3, v, 0) + softmax(v)").graph.nodes
    told = {(node.name, each.name): each.value for node in kept for each in node.saved}
    assert told["WhereBackward0", "condition"] == "[False, True, True]"
    assert told["SoftmaxBackward0", "dim"] == Values((), (-1.0,))


def test_leaf_alone() -> None:
    (only,) = snapshot("x", {"x": 4.0}).graph.nodes
    assert (only.name, only.step, only.variable) == ("AccumulateGrad", 0, "x")
    assert numbers(only.grad_output) == (1.0,)


def test_local_derivatives_where_the_gradient_is_zero_or_infinite() -> None:
    """The rule of the node itself, not a ratio of gradients: 0*sqrt(x) at 0 sends 0*inf, though sqrt'(0) is inf."""
    nodes = snapshot("0*sqrt(x)", {"x": 0.0}).graph.nodes
    assert [node.edges[0].local for node in nodes[:2]] == [0.0, float("inf")]
    assert str(numbers(nodes[1].edges[0].grad)) == "(nan,)"
    nodes = snapshot("0*x^3", {"x": 2.0}).graph.nodes
    assert [node.edges[0].local for node in nodes[:2]] == [0.0, 12.0]
    assert snapshot("sum(v)").graph.nodes[0].edges[0].local is None


@pytest.mark.parametrize(("text", "python"), [line for line in LINES if "v" not in line[0] and "[" not in line[0]])
def test_local_times_incoming_is_what_is_sent(text: str, python: str) -> None:
    for node in snapshot(text, AT, "float64").graph.nodes:
        for edge in node.edges:
            if edge.local is not None and edge.grad is not None and node.grad_output is not None:
                expected = edge.local * node.grad_output.numbers[0]
                assert edge.grad.numbers[0] == pytest.approx(expected, rel=1e-12, nan_ok=True)


def chain(length: int) -> torch.Tensor:
    output = torch.tensor(0.5, requires_grad=True)
    for _ in range(length):
        output = torch.sin(output)
    return output


def recorded(nodes: list[torch.autograd.graph.Node], length: int) -> int:
    output = chain(length)
    nodes.extend(graph.walk(graph.root(output)))
    return len(backward.run(output, nodes).order)


@pytest.mark.long
def test_deep_chain_is_dropped_safely_on_a_small_stack() -> None:
    found: list[object] = []

    def work() -> None:
        nodes: list[torch.autograd.graph.Node] = []
        found.append(recorded(nodes, 20_000))
        found.append(len(nodes))
        graph.release(nodes)
        found.append(len(nodes))
        found.append(snapshot("x" + "+x" * 1_999, {"x": 1.0}).variables["x"].grad.numbers)

    usual = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(usual)
    assert found == [20_001, 20_001, 0, (2_000.0,)]


def alive() -> int:
    """How many node objects the garbage collector knows."""
    kinds = (type(kept).__name__ for kept in gc.get_objects())
    return sum(kind == "AccumulateGrad" or "Backward0" in kind for kind in kinds)


@pytest.mark.long
def test_no_node_outlives_its_evaluation() -> None:
    """No reference cycle keeps one, which the garbage collector would then drop in an order of its own."""
    gc.collect()
    gc.disable()
    try:
        before = alive()
        for text in ("x^2 + 3x + 1", "sum([x, 1])*x", "log(x)*[1, 2] + [1, 2, 3]"):
            evaluate(Request(1, text, curve=CurveRequest("x", (0.0, 1.0), 20)))
        assert alive() == before
    finally:
        gc.enable()


def test_nothing_is_left_behind() -> None:
    leaf = torch.tensor(4.0, requires_grad=True)
    output = leaf**2 + 3 * leaf + 1
    nodes = graph.walk(graph.root(output))
    first = backward.run(output, nodes)
    ran = len(first.order)
    second = backward.run(output, nodes)
    assert leaf.grad is None
    assert not leaf._backward_hooks
    assert len(first.order) == len(second.order) == ran == 5
    output.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad == torch.tensor(11.0)
    assert len(second.order) == ran


def test_an_error_in_the_run_leaves_no_hook_behind() -> None:
    leaf = torch.tensor([4.0], requires_grad=True)
    output = torch.sin(leaf)
    nodes = graph.walk(graph.root(output))
    output.sum().backward()  # type: ignore[no-untyped-call]
    with pytest.raises(RuntimeError):
        backward.run(output, nodes)
    assert not leaf._backward_hooks


def ids(found: Graph) -> list[int]:
    return [node.id for node in found.nodes]


def test_ids_are_places() -> None:
    found = snapshot("sin(x)*cos(y) + x*y").graph
    assert ids(found) == list(range(len(found.nodes)))
    assert [node.step for node in found.nodes] == ids(found)
    assert all(isinstance(node, Node) for node in found.nodes)
