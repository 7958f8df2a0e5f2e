"""Snapshot -> a Mermaid flowchart, as Markdown pages show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradtui.report.labels import constant_text, edge_text, node_lines
from gradtui.snapshot.model import Snapshot

MEANT_LITERALLY = re.compile(r"[^\w .,+*/^=()\[\]|…–ḡ-]|#")
"""Everything else is written by its number: Mermaid reads HTML, Markdown and `#…;` in a text."""


def mermaid(snapshot: Snapshot) -> str:
    """A flowchart from the output down to the leaves; gradients stand on the edges along which they are sent."""
    return "\n".join(_lines(snapshot)) + "\n"


def _lines(snapshot: Snapshot) -> Iterator[str]:
    yield "flowchart TD"
    for node in snapshot.graph.nodes:
        begin, end = ("[", "]") if node.edges else ("([", "])")
        yield f"  n{node.id}{begin}{_quoted(node_lines(node))}{end}"
        for number, edge in enumerate(node.edges):
            constant, sent = constant_text(edge), edge_text(edge, node)
            if edge.target is not None:
                yield f"  n{node.id} -->" + (f"|{_quoted([sent])}| " if sent else " ") + f"n{edge.target}"
            elif constant:
                yield f"  n{node.id} -.- n{node.id}c{number}({_quoted([constant])})"


def _quoted(lines: list[str]) -> str:
    escaped = [MEANT_LITERALLY.sub(lambda found: f"#{ord(found[0])};", line) for line in lines]
    return '"' + "<br/>".join(escaped) + '"'
