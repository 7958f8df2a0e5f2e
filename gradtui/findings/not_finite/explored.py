"""The law of place for values that are not finite, of what is looked at number by number: wherever they are made."""

from __future__ import annotations

from gradtui.findings.not_finite.witness import is_given, seen_going_bad
from gradtui.findings.record import Record
from gradtui.graph.operands import is_finite, seen_value
from gradtui.snapshot.model import Graph, Node


def first_bad_value(record: Record) -> Node | None:
    """The first that made nan or infinity of good numbers.

    Infinities that were asked for, as of a mask, are none where neither f nor a gradient shows them.
    """
    given = None
    for node in made(record.graph):
        if is_finite(node.value):
            continue
        witness = seen_going_bad(record, node)
        if witness is not None and is_given(witness):
            given = given or node
        elif witness is not None or all(is_finite(seen_value(record.graph, edge)) for edge in node.edges):
            return node
    shows = bool(record.bad) or not is_finite(record.snapshot.value)
    return given if shows else None


def made(graph: Graph) -> list[Node]:
    """In the order of the forward pass."""
    return sorted(graph.nodes, key=lambda node: -1 if node.sequence is None else node.sequence)
