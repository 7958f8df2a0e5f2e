"""Graphs in groups: whatever is opened, each node stands in one place, and groups lead where their nodes do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.outline import groups as grouping
from gradtui.outline import outline
from gradtui.outline.outline import Outline
from gradtui.outline.rows import Row, rows
from gradtui.snapshot.model import Graph, Module
from tests import synthetic
from tests.graph.graphs import KNOWN, modular

quick = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def everything_is_large() -> object:
    """So that graphs of thirty nodes have runs, repeats and parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline, "MOST_OPEN", 4)
        patch.setattr(outline, "LEAST_RUN", 3)
        patch.setattr(outline, "MOST_MEMBERS", 4)
        patch.setattr(grouping, "LEAST_REPEATS", 2)
        yield


def inside(shape: Outline, group: int) -> set[int]:
    """The nodes in a group, by its members."""
    found: set[int] = set()
    waiting = [group]
    while waiting:
        for member in shape.group(waiting.pop()).members:
            if shape.is_group(member):
                waiting.append(member)
            else:
                found.add(member)
    return found


def shown(found: list[Row]) -> list[int]:
    return [row.node for row in found if row.kind == "node" and row.node is not None]


def closed(found: list[Row]) -> list[int]:
    return [row.group for row in found if row.kind == "group" and not row.open and row.group is not None]


@pytest.mark.long
@quick
@given(modular(), st.data())
def test_each_node_is_shown_once_or_folded(graph: Graph, data: st.DataObject) -> None:
    shape = Outline(graph, KNOWN)
    opened: set[int] = set()
    while True:
        found = rows(shape, opened=opened)
        folded = closed(found)
        everywhere = shown(found) + [node for group in folded for node in inside(shape, group)]
        assert sorted(everywhere) == list(range(len(graph.nodes)))
        if not folded:
            break
        opened.add(data.draw(st.sampled_from(folded)))
    assert sorted(shown(found)) == list(range(len(graph.nodes)))


@pytest.mark.long
@quick
@given(modular(), st.data())
def test_opening_a_group_changes_nothing_else(graph: Graph, data: st.DataObject) -> None:
    shape = Outline(graph, KNOWN)
    opened: set[int] = set()
    before = rows(shape)
    while folded := closed(before):
        group = data.draw(st.sampled_from(folded))
        opened.add(group)
        after = rows(shape, opened=opened)
        at = next(y for y, row in enumerate(before) if row.kind == "group" and row.group == group)
        more = len(after) - len(before)
        assert more > 0
        assert after[:at] == before[:at]
        assert after[at + 1 + more :] == before[at + 1 :]
        new = {row.node for row in after[at + 1 : at + 1 + more] if row.kind in ("node", "group")}
        assert new <= inside(shape, group)
        before = after


@pytest.mark.long
@quick
@given(modular(), st.data())
def test_what_is_above_a_node_leads_to_it(graph: Graph, data: st.DataObject) -> None:
    shape = Outline(graph, KNOWN)
    node = data.draw(st.sampled_from(range(len(graph.nodes))))
    above = shape.above(node)
    assert node in shown(rows(shape, opened=above))
    assert all(node in inside(shape, group) for group in above)


@pytest.mark.long
@quick
@given(modular())
def test_modules_hold_their_own_nodes(graph: Graph) -> None:
    shape = Outline(graph, KNOWN)
    for node in graph.nodes:
        paths = [shape.group(group).path for group in shape.above(node.id) if shape.group(group).kind == "module"]
        assert all(node.module == path or node.module.startswith(f"{path}.") for path in paths)


@pytest.mark.long
@quick
@given(modular())
def test_groups_lead_where_their_nodes_do(graph: Graph) -> None:
    """Against all pairs of nodes: a group leads to what stands beside it where an edge does. Parts follow one another."""
    shape = Outline(graph, KNOWN)
    for node in graph.nodes:
        shape.above(node.id)
    edges = {(node.id, edge.target) for node in graph.nodes for edge in node.edges}
    groups = {group for node in graph.nodes for group in shape.above(node.id)}
    for group in groups:
        parents = [above for above in groups if group in shape.group(above).members]
        beside = shape.group(parents[0]).members if parents else shape.group(len(graph.nodes)).members
        if shape.group(group).kind == "part":
            continue
        for other in beside:
            there = inside(shape, other) if shape.is_group(other) else {other}
            leads = any((a, b) in edges for a in inside(shape, group) for b in there)
            assert (other in shape.group(group).leads) == (leads and other != group)


@pytest.mark.long
@quick
@given(modular())
def test_edges_of_a_node_lead_to_its_targets(graph: Graph) -> None:
    """Each edge is a row, unless one to the same group is; the row names the edge and its target."""
    shape = Outline(graph, KNOWN)
    opened = {group for node in graph.nodes for group in shape.above(node.id)}
    found = [row for row in rows(shape, opened=opened) if row.parent is not None]
    for row in found:
        assert row.parent is not None
        assert row.edge is not None
        target = graph.nodes[row.parent].edges[row.edge].target
        assert target is not None
        assert row.node == (shape.first(row.group) if row.kind == "group" and row.group else target)
    for node in graph.nodes:
        rows_of = {row.edge for row in found if row.parent == node.id}
        reached = {shape._within(t, shape._tree.parents[node.id]) for e in node.edges if (t := e.target) is not None}
        assert len(rows_of) >= len(reached)


@pytest.mark.long
@quick
@given(modular(most=12))
def test_a_small_graph_without_modules_is_a_plain_tree(graph: Graph) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline, "MOST_OPEN", 12)
        shape = Outline(bare_of(graph))
        found = rows(shape, opened=shape.opened_first())
    plain = rows(graph)
    assert found[: len(plain)] == plain
    assert not closed(found)


def bare_of(graph: Graph) -> Graph:
    """The same without modules."""
    return Graph(tuple(replace(node, module="", call=0) for node in graph.nodes))


class TestModels:
    """At the true limits."""

    @pytest.fixture(autouse=True)
    def true_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outline, "MOST_OPEN", 200)
        monkeypatch.setattr(outline, "LEAST_RUN", 32)
        monkeypatch.setattr(outline, "MOST_MEMBERS", 1000)
        monkeypatch.setattr(grouping, "LEAST_REPEATS", 3)

    def test_layers_of_a_model_are_folded(self) -> None:
        model = synthetic.bert(12)
        shape = Outline(model.graph, model.modules)
        found = rows(shape)
        names = [shape.group(row.group).path if row.group else model.graph.nodes[row.node or 0].name for row in found]
        assert names == ["NllLossBackward0", "LogSoftmaxBackward0", "cls", "bert"]
        inner = next(row.group for row in found if row.group and shape.group(row.group).path == "bert")
        seeds = [shape.group(seed) for seed in shape.group(inner).members]
        assert [(group.kind, group.path, len(group.members)) for group in seeds] == [
            ("repeat", "bert.encoder.layer.0", 12),
            ("module", "bert.embeddings", 6),
        ]
        layers = [shape.group(member).path for member in seeds[0].members]
        assert layers == [f"bert.encoder.layer.{number}" for number in reversed(range(12))]

    def test_a_long_run_is_folded_beside_what_is_none(self) -> None:
        tape = synthetic.Tape()
        w, x = tape.leaf("w", 8), tape.leaf("x", 8)
        h = x
        for _ in range(300):
            h = tape.run("Tanh", tape.run("Mul", w, h))
        tape.run("Add", tape.run("Sum", h), tape.run("Norm", h))
        shape = Outline(tape.graph())
        kinds = [(row.kind, shape.group(row.group).size if row.group else row.node) for row in rows(shape)]
        assert kinds == [("node", 0), ("node", 2), ("group", 602), ("node", 1), ("reference", 3)]

    @pytest.mark.long
    def test_a_recurrence_of_any_length_opens_in_parts(self) -> None:
        model = synthetic.recurrence(20_000)
        shape = Outline(model.graph)
        found = rows(shape)
        assert len(found) == 61
        assert all(row.kind == "group" for row in found)
        opened = shape.above(30_000)
        assert len(rows(shape, opened=opened)) < 3000

    def test_a_node_with_very_many_edges(self) -> None:
        model = synthetic.wide(5000)
        shape = Outline(model.graph)
        found = rows(shape, opened=shape.above(0))
        (rest,) = [row for row in found if row.kind == "rest"]
        assert rest.edge is not None
        shown_edges = [row for row in found if row.parent == 0 and row.kind != "rest"]
        assert len(shown_edges) == outline.MOST_EDGES
        assert rest.edge + len(shown_edges) == 5000

    def test_a_module_called_many_times(self) -> None:
        tape = synthetic.Tape()
        h, w = tape.leaf("h", 8), tape.leaf("cell.inner.weight", 8, 8)
        for call in range(200):
            h = tape.run("Mul", h, w, module="cell.inner", call=call)
            h = tape.run("Tanh", h, module="cell", call=call)
        tape.run("Sum", h)
        shape = Outline(tape.graph(), {"cell": Module("Cell", 200), "cell.inner": Module("Linear")})
        groups = [shape.group(row.group) for row in rows(shape) if row.group]
        assert [(group.kind, len(group.members)) for group in groups] == [("repeat", 200)]

    def test_a_model_that_is_a_list_of_modules(self) -> None:
        tape = synthetic.Tape()
        h = tape.leaf("x", 8)
        for number in range(2):
            h = tape.run("Tanh", tape.run("Mul", h, h, module=f"{number}"), module=f"{number}")
        shape = Outline(tape.graph(), {"": Module("ModuleList"), "0": Module("A"), "1": Module("A")})
        groups = [shape.group(row.group) for row in rows(shape) if row.group]
        assert [(group.kind, group.path) for group in groups] == [("module", "1"), ("module", "0")]
