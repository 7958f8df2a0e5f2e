"""What people write instead of the piece of a graph that a node is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.forms.pieces import Match
from gradtui.grad_fns.stable_forms import STABLE, Form
from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import is_finite, seen_value
from gradtui.snapshot.finding import Kind
from gradtui.snapshot.model import Graph, Node

ABOVE = 3
"""Nodes, one after the other, that use the value of a node and are in one piece with it."""
MOST_USERS = 50
"""Nodes above one that are looked at."""


def stable_form(graph: Graph, used: Sequence[Sequence[Use]], node: Node, fault: Kind) -> str:
    """Of this node with its operands, or with those that use its value, a form without that fault; "" where none is known.

    used: `uses`.
    """
    roots = [] if node.id < 0 else [*_above(graph, used, node)]
    forms = [form for form in STABLE if fault in form.mends]
    if fault == "overflow" and all(is_finite(seen_value(graph, edge)) for edge in node.edges):
        # what it makes is too large: another form of that is so, too, unless it only works inside
        within = _first(
            graph, node, roots[:1], (form for form in forms if all(isinstance(one, str) for one in form.piece))
        )
        form = within or _first(graph, node, roots[1:], forms)
    else:
        form = _first(graph, node, roots, forms)
    return in_dtype(form, node.dtype)


def form_of(graph: Graph, node: Node, forms: Iterable[Form]) -> str:
    """The first of these forms of a piece that ends with this node; "" for none."""
    return _first(graph, node, [node], forms)


def _first(graph: Graph, node: Node, roots: Sequence[Node], forms: Iterable[Form]) -> str:
    """That of a piece which ends with one of the roots, and has the node in it."""
    return next((form.words for form in forms if any(Match(graph).has(root, form.piece, node) for root in roots)), "")


def _above(graph: Graph, used: Sequence[Sequence[Use]], node: Node) -> Iterator[Node]:
    """The node, and those that use its value, the nearest first."""
    now, found = [node.id], {node.id}
    for _ in range(ABOVE + 1):
        yield from (graph.nodes[place] for place in now)
        users = dict.fromkeys(user for place in now for user, _ in used[place] if user not in found)
        now = [*users][: MOST_USERS - len(found)]
        found.update(now)
