"""Search and filters, against plain definitions."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.graph.incoming_edges import uses
from gradtui.outline.filter_and_search import kept, matches, path_to
from gradtui.snapshot.model import Graph
from tests import examples, synthetic
from tests.graph.graphs import modular

BERT = synthetic.bert(3)


@pytest.mark.parametrize("text", ["Addmm", "addmm", "QUERY.weight", "layer.1.", "gelu", "bert", "zzz", "", "  "])
def test_matches(text: str) -> None:
    wanted = text.strip().lower()
    met = set()
    expected = []
    for node in BERT.graph.nodes:
        new = (node.module, node.call) not in met
        met.add((node.module, node.call))
        in_module = wanted in node.module.lower() and new
        if wanted and (wanted in node.name.lower() or wanted in (node.variable or "").lower() or in_module):
            expected.append(node.id)
    assert matches(BERT.graph, text) == expected


def test_source_text_is_searched() -> None:
    graph = examples.quadratic().graph
    assert [graph.nodes[id].source for id in matches(graph, "X^2")] == [
        node.source for node in graph.nodes if node.source and "x^2" in node.source.text
    ]
    assert matches(graph, "X^2")


def test_filters() -> None:
    nodes = BERT.graph.nodes
    used = uses(BERT.graph)
    assert kept(BERT, "all", None, lambda: used) == list(range(len(nodes)))
    parameters = kept(BERT, "parameters", None, lambda: used)
    assert {nodes[id].variable for id in parameters} == set(BERT.parameters)
    bad = [nodes[id].variable for id in kept(BERT, "bad", None, lambda: used)]
    assert sorted(filter(None, bad)) == ["bert.embeddings.token_type_embeddings.weight", "cls.dense.bias"]
    assert kept(BERT, "path", None, lambda: used) == list(range(len(nodes)))


@pytest.mark.long
@settings(max_examples=30, deadline=None)
@given(modular(), st.data())
def test_the_path_takes_what_brings_most(graph: Graph, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(range(len(graph.nodes))))
    path = path_to(graph, node, uses(graph))
    assert path[-1] == node
    assert path == sorted(set(path))
    for above, below in pairwise(path):
        sent = [edge.grad for edge in graph.nodes[above].edges if edge.target == below]
        best = max(math.hypot(*grad.numbers) for grad in sent if grad)
        others = [e.grad for user in graph.nodes for e in user.edges if e.target == below]
        assert best == max(math.hypot(*grad.numbers) for grad in others if grad)
    assert not any(edge.target == path[0] for user in graph.nodes for edge in user.edges)
