"""Snapshot -> Graphviz DOT."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.report.labels import constant_text, edge_text, node_lines
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.visible import visible

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})


def dot(snapshot: Snapshot) -> str:
    """A digraph from the output down to the leaves; gradients stand on the edges along which they are sent."""
    return "\n".join(_lines(snapshot)) + "\n"


def _lines(snapshot: Snapshot) -> Iterator[str]:
    yield "digraph autograd {"
    yield f"  label={_quoted([' '.join(snapshot.expression.split())])};"
    yield '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];'
    yield '  edge [fontname="monospace", fontsize=9];'
    for node in snapshot.graph.nodes:
        leaf = "" if node.edges else ", style=filled"
        yield f"  n{node.id} [label={_quoted(node_lines(node))}{leaf}];"
        for number, edge in enumerate(node.edges):
            constant, sent = constant_text(edge), edge_text(edge, node)
            if edge.target is not None:
                yield f"  n{node.id} -> n{edge.target}" + (f" [label={_quoted([sent])}];" if sent else ";")
            elif constant:
                yield f"  n{node.id}c{number} [label={_quoted([constant])}, shape=plaintext];"
                yield f"  n{node.id} -> n{node.id}c{number} [style=dotted];"
    yield "}"


def _quoted(lines: list[str]) -> str:
    """A string of DOT, in which a backslash begins an escape, and an ampersand a character by its name or number."""
    escaped = [visible(line).translate(ESCAPES) for line in lines]
    return '"' + "\\n".join(escaped) + '"'
