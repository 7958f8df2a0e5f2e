"""Why what is made of many elements, or of several parts, does not move with them: a spread, a product, attention, a sequence."""

from __future__ import annotations

import math

from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.findings.zeros import softmax_and_norms
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import is_zero, maker, operation, seen_value
from gradtui.snapshot.model import Node, Values

JOINING = {"Cat", "Stack"}


def level(record: Record, node: Node, place: int) -> Reason | None:
    """A spread that is 0: of a single element always, of more where they are equal. A product of which two factors are 0. The
    query and the key of fused attention, where there is but one key. A part that what comes after does not take."""
    name, edge = operation(node), node.edges[place]
    if has(name, "spread") and edge.target is not None:
        if math.prod(record.nodes[edge.target].shape) == math.prod(node.shape):
            return Reason("constant", "spread of a single element", certainty="proved")
        return Reason("zero", "spread of equals", certainty="perhaps") if is_zero(node.value) else None
    if has(name, "product") and _zeros(seen_value(record.graph, edge)) >= 2 * math.prod(node.shape):
        made = maker(record.graph, edge)
        if made is not None and (has(operation(made), "bounded") or traits_of(operation(made)).side):
            return Reason("clamped", "factors cut off", {"maker": made})
        return Reason("masked", "factors of 0")
    if name in JOINING:
        return Reason("masked", "other parts", certainty="perhaps")
    if name == "Complex":
        return Reason("masked", "other half", {"half": ("real", "imaginary")[place]})
    return softmax_and_norms.one_key(record.graph, node) if place < 2 else None


def _zeros(values: Values | None) -> int:
    if values is None:
        return 0
    return values.summary.zero if values.summary is not None else values.numbers.count(0)
