"""Graphs that nobody drew."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from gradtui.snapshot.model import Edge, Graph, Module, Node, Values

PATHS = ("", "a", "a.b", "a.b.c", "a.0", "a.1", "a.2", "d", "e.0", "e.1")
KNOWN = {path: Module("Thing") for path in PATHS if path} | {"e": Module("ModuleList")}


@st.composite
def modular(draw: st.DrawFn, most: int = 30) -> Graph:
    """A DAG whose edges lead to higher ids, its nodes in modules, some called twice. Not every node is reached from 0."""
    count = draw(st.integers(1, most))
    nodes = []
    for id in range(count):
        targets: Sequence[int] = ()
        if id < count - 1:
            targets = draw(st.lists(st.integers(id + 1, count - 1), max_size=3))
            if draw(st.booleans()):
                targets = [id + 1]
        grad = Values((), (draw(st.floats(-9, 9)),))
        path, call = draw(st.sampled_from(PATHS)), draw(st.integers(0, 1))
        edges = tuple(Edge(target, grad=grad) for target in targets)
        nodes.append(Node(id, "SomeBackward0", (), "float64", "cpu", 0, id, edges, None, grad, module=path, call=call))
    return Graph(tuple(nodes))
