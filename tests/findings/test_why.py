"""Why a gradient is None, zero, nan or huge: of snapshots that nobody ran, of any size. The zoo has the real ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.findings.detectors.cut_off import blamed
from gradtui.findings.findings import findings, why
from gradtui.findings.words.whereabouts import gathered
from gradtui.findings.zeros.first_zero import killers
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Edge, Event, Graph, Module, Node, Parameter, Snapshot, Source, Summary, Values
from tests.graph.graphs import modular
from tests.synthetic import recurrence

ONE, ZERO, NAN = Values((), (1.0,)), Values((), (0.0,)), Values((), (math.nan,))
LARGE = Values((99,), (0.5,) * 8, Summary(-1.0, 1.0, 0.0, 3.0, 0, 0, 0))
LARGE_ZERO = Values((99,), (0.0,) * 8, Summary(0.0, 0.0, 0.0, 0.0, 0, 0, 99))
LARGE_NAN = Values((99,), (0.5,) * 8, Summary(-1.0, 1.0, 0.0, 3.0, 2, 1, 0))
NOTHING = Values((0,), ())
anything = st.sampled_from([None, ONE, ZERO, NAN, LARGE, LARGE_ZERO, LARGE_NAN, NOTHING, Values((), (1e30,))])
NAMES = (
    "Add",
    "Mul",
    "Relu",
    "Sigmoid",
    "Log",
    "Sqrt",
    "Softmax",
    "Where",
    "Addmm",
    "T",
    "Exp",
    "Div",
    "Clamp",
    "Mean",
)


@st.composite
def wild(draw: st.DrawFn) -> Snapshot:
    """Values and gradients of all sorts at nodes of all sorts; the last ones are leaves."""
    nodes, parameters = [], {"missing.weight": Parameter(ONE, None, "float32", "cpu")}
    for node in draw(modular()).nodes:
        edges = tuple(Edge(edge.target, grad=draw(anything)) for edge in node.edges)
        name = f"{draw(st.sampled_from(NAMES))}Backward0" if edges else "AccumulateGrad"
        grad = draw(anything)
        variable = None if edges else f"leaf.{node.id}"
        nodes.append(replace(node, name=name, edges=edges, value=draw(anything), grad_output=grad, variable=variable))
        if variable:
            parameters[variable] = Parameter(draw(anything) or ONE, grad, "float32", "cpu", node.id)
    return Snapshot(0, "loss", value=draw(anything), graph=Graph(tuple(nodes)), parameters=parameters, origin="capture")


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(wild())
def test_an_answer_whatever_the_graph(snapshot: Snapshot) -> None:
    for finding in findings(snapshot):
        assert finding.text
        assert finding.remedy
        assert finding.node is None or 0 <= finding.node < len(snapshot.graph.nodes)
    for name in snapshot.parameters:
        answer = why(snapshot, name)
        assert answer
        assert all(finding.parameter == name and finding.text.startswith(f"{name}: ") for finding in answer)


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(wild())
def test_who_is_blamed_for_zeros_got_a_gradient_and_sent_none(snapshot: Snapshot) -> None:
    nodes, found = snapshot.graph.nodes, killers(snapshot.graph)
    for id, killer in found.items():
        assert nodes[id].grad_output is None or is_zero(nodes[id].grad_output)
        if killer.edge is not None:
            edge = nodes[killer.node].edges[killer.edge]
            assert killer.node not in found
            assert edge.grad is None or is_zero(edge.grad)
        else:
            assert found[killer.node] == killer


def test_a_name_that_is_unknown() -> None:
    with pytest.raises(KeyError):
        why(recurrence(2), "nobody")


@pytest.fixture(scope="module")
def deep() -> Snapshot:
    """A graph so deep that a walk that is not linear would not end."""
    snapshot = recurrence(30_000)
    assert findings(snapshot) == ()
    return snapshot


@pytest.mark.long
@pytest.mark.parametrize("bad", [ZERO, NAN], ids=["zero", "nan"])
def test_a_deep_graph(deep: Snapshot, bad: Values) -> None:
    """With what is wrong at its far end."""
    half = len(deep.graph.nodes) // 2

    def changed(node: Node) -> Node:
        edges = tuple(
            Edge(edge.target, grad=bad) if edge.target is not None and edge.target > half else edge
            for edge in node.edges
        )
        return replace(node, edges=edges, grad_output=bad if node.id > half else node.grad_output)

    nodes = tuple(map(changed, deep.graph.nodes))
    parameters = {
        name: replace(p, grad=None if p.node is None else nodes[p.node].grad_output)
        for name, p in deep.parameters.items()
    }
    broken = replace(deep, graph=Graph(nodes), parameters=parameters)
    (finding,) = findings(broken)
    assert finding.node is not None
    assert finding.node <= half
    (own,) = why(broken, "w")
    assert own.node is not None
    assert own.node <= half


LAYERS = [f"encoder.layer.{number}.{name}" for number in range(12) for name in ("weight", "bias")]


@pytest.mark.parametrize(
    ("names", "others", "told"),
    [
        (["fc.weight"], ["head.weight"], "fc.weight"),
        (LAYERS, ["head.weight"], "encoder.layer.* (24 parameters)"),
        (LAYERS[:3], LAYERS[3:], "encoder.layer.* (3 of 24 parameters)"),
        (LAYERS, [], "all 24 parameters"),
        ([*LAYERS, "head.weight"], ["w"], "encoder.*, head.* (25 parameters)"),
        (["w", "b"], ["c"], "w, b"),
        (["layer.1.weight", "layer.10.weight"], ["x"], "layer.* (2 parameters)"),
    ],
)
def test_parameters_are_gathered(names: list[str], others: list[str], told: str) -> None:
    assert gathered(names, [*names, *others]) == told


def place(start: int, end: int) -> Source:
    return Source("x" * (end - start), start, end, "train.py", 1)


def test_which_event_is_to_blame() -> None:
    cut = Event("detach", "detach", place(0, 5), reached=True)
    metric = Event("not_differentiable", "argmax", place(20, 30), reached=False)
    printed = Event("left_torch", "item", place(40, 50))
    assert blamed([metric, printed, cut]) == [cut, printed]
    assert blamed([metric, printed]) == [printed]
    assert blamed([metric]) == []
    assert blamed([replace(cut, source=place(41, 45)), printed]) == [printed], "x.detach().numpy() leaves torch"
    assert blamed([Event("inplace", "add_"), Event("moved", "to")]) == []


def test_one_sentence_for_many_parameters() -> None:
    """Each of them has its own events; the cause is the same."""
    source = Source("h.detach()", 3, 13, "train.py", 7)
    parameters = {name: Parameter(ONE, None, "float32", "cpu") for name in LAYERS}
    event = Event("detach", "detach", source, leaves=tuple(LAYERS), reached=True)
    leaf = Node(1, "AccumulateGrad", (), "float32", "cpu", None, 1, (), ONE, ONE, variable="w")
    top = Node(0, "MulBackward0", (), "float32", "cpu", 0, 0, (Edge(1, grad=ONE),), ONE, ONE)
    parameters["w"] = Parameter(ONE, ONE, "float32", "cpu", 1)
    snapshot = Snapshot(
        0, "loss", value=ONE, graph=Graph((top, leaf)), parameters=parameters, events=(event,), origin="capture"
    )
    (finding,) = findings(snapshot)
    assert finding.text.startswith("encoder.layer.* (24 parameters): not in the graph: h.detach() at train.py:7")
    assert (finding.kind, finding.source, finding.parameter) == ("detached", source, LAYERS[0])
    assert why(snapshot, "w")[0].kind == "ordinary"


@pytest.mark.parametrize(("calls", "words"), [(0, "never ran"), (2, "what came of it"), (None, "never used")])
def test_a_module_that_never_ran(calls: int | None, words: str) -> None:
    modules = {"head": Module("Linear", calls), "body": Module("Linear", 1)}
    snapshot = Snapshot(
        0,
        "loss",
        value=ONE,
        parameters={"head.weight": Parameter(ONE, None, "float32", "cpu")},
        modules=modules,
        origin="capture",
    )
    (finding,) = why(snapshot, "head.weight")
    assert finding.kind == ("not_in_graph" if calls is None else "unused"), "what was not seen is not said"
    assert words in finding.text
