"""The columns of the graph view at every width, without a screen."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from gradtui.graph.incoming_edges import uses
from gradtui.outline.rows import rows
from gradtui.snapshot.model import Edge, Graph, Node, Source, Values
from gradtui.snapshot.numbers import number
from gradtui.tui.graph.columns import MARGIN, arrange, cells, measure, measure_numbers, pieces

DIGITS = 10
MEASURED = 4
"""Fewer rows than most of the graphs below have: those after them may need more than their columns."""

values = st.none() | st.one_of(
    st.builds(lambda value: Values((), (value,)), st.floats()),
    st.builds(lambda many: Values((len(many),), tuple(many)), st.lists(st.floats(), min_size=1, max_size=8)),
)
texts = st.sampled_from(["x", "x^2 + 3x + 1", "变量 * 2", "sin(sin(sin(sin(sin(sin(x))))))"])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A ladder of branches, so that guides grow long: each node leads to the next one, and to a leaf or a constant."""
    count = draw(st.integers(1, 24))
    nodes = []
    for id in range(count):
        name = draw(st.sampled_from(["AddBackward0", "LogSoftmaxBackward0"]))
        side = draw(st.sampled_from([Edge(count, grad=draw(values)), Edge(None, constant="3")]))
        source = Source(draw(texts), 0, 1)
        nodes.append(
            Node(
                *(id, name, (), "float64", "cpu", count - id, id, (Edge(id + 1), side)),
                value=draw(values),
                grad_output=draw(values),
                source=source,
            )
        )
    leaf = Node(
        count, "AccumulateGrad", (), "float64", "cpu", None, count, (), draw(values), draw(values), variable="x"
    )
    return Graph((*nodes, leaf))


def painted(graph: Graph, width: int, steps_done: int | None) -> list[list[tuple[str, str]]]:
    """The rows of `graph` in columns made for its first rows and a line of `width` cells."""
    used, levels = uses(graph), max(3, width // 8)
    found = [cells(row, graph, used, steps_done, DIGITS) for row in rows(graph, levels=levels)]
    wanted = measure(found[:MEASURED])
    value, grad = measure_numbers(graph.nodes[:MEASURED], DIGITS)
    widths = arrange(wanted._replace(value=value, grad=grad), width)
    return [list(pieces(row, widths, DIGITS)) for row in found]


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(9, 140), st.none() | st.integers(0, 24))
def test_columns_fill_the_line(graph: Graph, width: int, steps_done: int | None) -> None:
    """A row of a node or a reference ends in the line's last cell but the margin; no row is wider, so none is cut."""
    for line in painted(graph, width, steps_done):
        taken = sum(cell_len(text) for text, _ in line)
        if any(style == "graph--label" for _, style in line):
            assert taken == width - MARGIN
        assert taken <= width - MARGIN


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(graphs(), st.integers(9, 140))
def test_numbers_are_whole(graph: Graph, width: int) -> None:
    """Each number on a line is one of the tensor's or its norm, perhaps with fewer digits: never the first half of one."""
    tensors = [values for node in graph.nodes for values in (node.value, node.grad_output) if values]
    tensors += [edge.grad for node in graph.nodes for edge in node.edges if edge.grad]
    whole = {number(value, digits) for values in tensors for value in values.numbers for digits in range(1, DIGITS + 1)}
    norms = {math.nan if any(map(math.isnan, values.numbers)) else math.hypot(*values.numbers) for values in tensors}
    whole |= {number(norm, digits) for norm in norms for digits in (2, 3)} | {"norm"}
    for line in painted(graph, width, None):
        text = "".join(text for text, _ in line)[:width]
        shown = text.partition("ḡ")[2]
        shown += " ".join(["", *(text for text, style in line if style in {"graph--value", "graph--bad"})])
        assert set(re.findall(r"[^\s,\[\]…–‖]+", shown)) <= whole


def test_the_source_is_not_cut_for_long_vectors() -> None:
    """Nor are the other columns pushed aside by one long name."""
    eight = Values((8,), tuple(1.25 * number for number in range(8)))
    name = "ScaledDotProductFlashAttentionForCpuBackward0"
    source = Source("F.cross_entropy(logits)", 0, 23)
    node = Node(0, name, (8,), "float32", "cpu", 0, 0, (), value=eight, grad_output=eight, source=source)
    text = "".join(text for text, _ in painted(Graph((node,)), 120, None)[0])
    assert source.text in text
    assert text.count(", …]") == 2
    assert name[:25] in text


def test_guides_of_what_stands_below_the_deepest_node_are_whole() -> None:
    """A reference runs on into the next column, where there is room."""
    source = Source("x^2", 0, 3)
    leads = ((1, 3), (2, 3), (4, 3), (4,), ())
    nodes = [
        Node(id, "A", (), "float64", "cpu", 9 - id, id, tuple(map(Edge, targets)), source=source)
        for id, targets in enumerate(leads)
    ]
    graph = Graph(tuple(nodes))
    there = rows(graph, levels=9)
    found = [cells(row, graph, uses(graph), None, DIGITS) for row in there]
    widths = arrange(measure(found)._replace(value=9, grad=9), 78)
    for row, shown in zip(there, found, strict=True):
        line = "".join(text for text, _ in pieces(shown, widths, DIGITS))
        assert line.strip("▶ ").startswith(row.guides.strip()), line
    assert any(row.kind == "reference" for row in there)
