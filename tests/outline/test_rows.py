"""The rows of the graph view, on graphs nobody drew."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.outline.rows import Row, rows
from gradtui.snapshot.model import Edge, Graph, Node
from tests import examples

quick = settings(max_examples=25, deadline=None)


End = int | str | None
"""Where an edge leads: a node's id, a constant as text, or None for nothing known."""


def graph_of(*targets: Sequence[End]) -> Graph:
    """A graph by the edges of each node."""
    return Graph(
        tuple(
            Node(id, "SomeBackward0", (), "float64", "cpu", 0, id, tuple(map(edge_to, ends)))
            for id, ends in enumerate(targets)
        )
    )


def ladder_step(node: int) -> list[End]:
    return [node + 1, "1"]


def edge_to(end: End) -> Edge:
    return Edge(end) if isinstance(end, int) else Edge(None, constant=end)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A DAG in which node 0 reaches every other node; edges lead to higher ids, some of them twice, some to nothing."""
    count = draw(st.integers(1, 12))
    targets: list[list[End]] = [[] for _ in range(count)]
    for node in range(1, count):
        targets[draw(st.integers(0, node - 1))].append(node)
    for node in range(count):
        higher: st.SearchStrategy[End] = st.sampled_from(["3", "pi", None])
        if node < count - 1:
            higher = higher | st.integers(node + 1, count - 1)
        targets[node] = list(draw(st.permutations(targets[node] + draw(st.lists(higher, max_size=3)))))
    return graph_of(*targets)


def reachable(graph: Graph, closed: Collection[int]) -> set[int]:
    """The nodes that are reached from the output without passing through a closed one, by a search of another kind."""
    found: set[int] = set()
    front = {0}
    while front:
        found |= front
        front = {e.target for id in front - set(closed) for e in graph.nodes[id].edges if e.target is not None} - found
    return found


def is_known(edge: Edge) -> bool:
    return edge.target is not None or edge.constant is not None


def test_first_example() -> None:
    graph = examples.quadratic().graph
    shown = [(row.guides, row.kind, row.node, row.open) for row in rows(graph)]
    assert shown == [
        ("", "node", 0, True),
        ("├─ ", "node", 1, True),
        ("│  ├─ ", "node", 3, True),
        ("│  │  ", "node", 4, None),
        ("│  └─ ", "node", 2, True),
        ("│     ├─ ", "reference", 4, None),
        ("│     └─ ", "constant", None, None),
        ("└─ ", "constant", None, None),
    ]


def test_no_graph() -> None:
    assert rows(Graph()) == []


@pytest.mark.long
@quick
@given(graphs())
def test_each_node_once(graph: Graph) -> None:
    nodes = [row.node for row in rows(graph) if row.kind == "node"]
    assert sorted(node for node in nodes if node is not None) == list(range(len(graph.nodes)))


@pytest.mark.long
@quick
@given(graphs())
def test_each_edge_once_and_in_order(graph: Graph) -> None:
    """Every edge is a row, but for those to nothing known; those of a node come in the order of next_functions."""
    shown = [(row.parent, row.edge) for row in rows(graph) if row.parent is not None]
    expected = [(n.id, i) for n in graph.nodes for i, edge in enumerate(n.edges) if is_known(edge)]
    assert set(shown) == set(expected)
    assert len(shown) == len(expected)
    for node in graph.nodes:
        numbers = [edge for parent, edge in shown if parent == node.id]
        assert numbers == sorted(number for number in numbers if number is not None)


@pytest.mark.long
@quick
@given(graphs())
def test_rows_say_where_their_edge_leads(graph: Graph) -> None:
    for row in rows(graph)[1:]:
        assert row.parent is not None
        assert row.edge is not None
        edge = graph.nodes[row.parent].edges[row.edge]
        assert edge.target == row.node
        assert (row.kind == "constant") == (edge.target is None)


@pytest.mark.long
@quick
@given(graphs())
def test_reference_comes_after_its_node(graph: Graph) -> None:
    met: set[int | None] = set()
    for row in rows(graph):
        assert (row.node in met) == (row.kind == "reference")
        if row.kind == "node":
            met.add(row.node)


@pytest.mark.long
@quick
@given(graphs(), st.sets(st.integers(0, 11)))
def test_closed_nodes_hide_what_is_only_under_them(graph: Graph, closed: set[int]) -> None:
    found = rows(graph, closed)
    shown = [row.node for row in found if row.kind == "node"]
    assert set(shown) == reachable(graph, closed)
    assert not {row.parent for row in found} & closed
    for row in found:
        if row.kind == "node" and row.node is not None:
            has_children = any(map(is_known, graph.nodes[row.node].edges))
            assert row.open == (row.node not in closed if has_children else None)


@pytest.mark.long
@quick
@given(graphs())
def test_guides_tell_the_tree(graph: Graph) -> None:
    """Read back from the guides alone, each row hangs under its parent: a branch, or on in the parent's run."""
    above: dict[int, Row] = {}
    for row in rows(graph):
        if row.parent is not None:
            parent = above[row.parent]
            indent = len(row.guides) - len(parent.guides)
            runs_on = row.kind == "node" and sum(map(is_known, graph.nodes[row.parent].edges)) == 1
            assert indent == (0 if runs_on else 3)
            assert not (runs_on and "─" in row.guides[-3:])
            known = [number for number, edge in enumerate(graph.nodes[row.parent].edges) if is_known(edge)]
            assert row.guides[-3:] == ("└─ " if row.edge == known[-1] else "├─ ") or runs_on
        if row.kind == "node" and row.node is not None:
            above[row.node] = row


def test_deep_levels_start_again() -> None:
    """A chain of branches far deeper than a screen is wide keeps its guides short, and says how deep it is."""
    ladder = graph_of(*(ladder_step(node) for node in range(40)), [])
    found = rows(ladder, levels=8)
    assert max(len(row.guides) for row in found) <= 8 * 3 + len("⋯32 ")
    assert next(row for row in found if row.node == 9).guides == "⋯8 ├─ "
    assert next(row for row in found if row.node == 33).guides == "⋯32 ├─ "


def run_step(node: int) -> list[End]:
    return [node + 1]


@pytest.mark.long
@pytest.mark.parametrize("step", [run_step, ladder_step])
def test_deep_chains_at_linear_cost(step: Callable[[int], list[End]]) -> None:
    """100,000 nodes one under the other: no recursion, and no more a node than at 10,000."""

    def cost(count: int) -> float:
        graph = graph_of(*map(step, range(count - 1)), [])
        start = time.perf_counter()
        found = rows(graph)
        taken = time.perf_counter() - start
        assert sum(row.kind == "node" for row in found) == count
        return taken / count

    assert cost(100_000) < 4 * min(cost(10_000) for _ in range(3))
