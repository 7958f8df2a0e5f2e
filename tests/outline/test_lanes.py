"""The lanes of the backward pass, followed with the finger."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.outline.lanes import MOST, Lanes
from gradtui.snapshot.model import Graph, Snapshot
from tests import examples, synthetic
from tests.graph.graphs import modular

quick = settings(max_examples=40, deadline=None)


def test_first_example() -> None:
    graph = examples.quadratic().graph
    lanes = Lanes(graph)
    assert [lanes.text(node.id) for node in graph.nodes] == ["●", "●─╮", "│ ●", "●─┤", "  ●"]


@pytest.mark.long
@quick
@given(modular(), st.integers(1, MOST))
def test_each_edge_is_a_line_from_parent_to_child(graph: Graph, most: int) -> None:
    """Read from the drawing alone: the lane of an edge is joined at the parent, goes down without a gap, and ends."""
    lanes = Lanes(graph)
    texts = [lanes.text(node.id, most).ljust(2 * MOST + 4) for node in graph.nodes]
    for node in graph.nodes:
        for edge in node.edges:
            assert edge.target is not None
            column, own = lanes.columns[edge.target], lanes.columns[node.id]
            if max(column, own) >= most:
                continue
            low, high = sorted((own, column))
            assert all(texts[node.id][at] in "─┬┼╮╭┤├●" for at in range(2 * low, 2 * high + 1))
            assert texts[node.id][2 * column] in ("●" if column == own else "╮╭┤├┼┬")
            for between in range(node.id + 1, edge.target):
                assert texts[between][2 * column] in "│┼┤├"
            assert texts[edge.target][2 * column] == "●"


@pytest.mark.long
@quick
@given(modular())
def test_no_two_lanes_in_one_column(graph: Graph) -> None:
    """By brute force: the nodes still to come to which an edge leads from above a row all stand in columns of their own."""
    lanes = Lanes(graph)
    for row in graph.nodes:
        below = {
            e.target for node in graph.nodes[: row.id] for e in node.edges if e.target is not None and e.target > row.id
        }
        columns = [lanes.columns[target] for target in below]
        assert len(columns) == len(set(columns))
        assert row.id == 0 or lanes.columns[row.id] not in columns
        assert lanes.passing(row.id) == sorted(column for column in columns if column < MOST)


@pytest.mark.long
@quick
@given(modular(), st.integers(1, MOST))
def test_no_wider_than_asked(graph: Graph, most: int) -> None:
    lanes = Lanes(graph)
    for node in graph.nodes:
        text = lanes.text(node.id, most)
        assert len(text) <= 2 * most + 1
        assert "●" in text


@pytest.mark.parametrize("model", [synthetic.wide(3000), synthetic.bert(4)])
def test_lanes_beyond_the_last_column_are_told(model: Snapshot) -> None:
    """A row has a `…` where a node further right is still to come."""
    graph = model.graph
    lanes = Lanes(graph)
    last_use = {edge.target: node.id for node in reversed(graph.nodes) for edge in node.edges}
    for row in graph.nodes[:: len(graph.nodes) // 50]:
        far = any(
            first <= row.id < target and lanes.columns[target] >= 3
            for target, first in last_use.items()
            if target is not None
        )
        assert ("…" in lanes.text(row.id, 3)) == (far and lanes.columns[row.id] < 3)
