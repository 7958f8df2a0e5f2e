"""Which node gives no gradient to some elements of a large variable, of which only a summary is known?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Part, Place
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.findings.zeros.dead_or_saturated import underflows
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.incoming_edges import above
from gradtui.graph.operands import is_finite, operand_quote, operation, seen_value
from gradtui.snapshot.model import Edge, Node, Values


def causes(record: Record) -> Iterator[Cause]:
    """Of a typed f whose elements cannot be followed one by one. Of a leaf that gets zeros only zero_gradient tells."""
    told: set[int] = set()
    for leaf in record.nodes if record.has_run and is_finite(record.snapshot.value) else ():
        lost = 0 if leaf.edges else _zeros(leaf.grad_output)
        if 0 < lost < math.prod(leaf.shape) and is_finite(leaf.grad_output):
            found = next(_taken(record, leaf, lost), None)
            if found is not None and found.place.node not in told:
                told.add(found.place.node or 0)
                yield found


def _taken(record: Record, leaf: Node, lost: int) -> Iterator[Cause]:
    """Element by element on the way to this leaf, in the engine's order: what sends more zeros than came in."""
    way, count = above(record.uses, leaf.id), math.prod(leaf.shape)
    for node in (record.nodes[place] for place in sorted(way)):
        for edge in node.edges if math.prod(node.shape) == count else ():
            more = _zeros(edge.grad) - _zeros(node.grad_output) - _corners(record, node, edge)
            if edge.target is None or edge.target not in way | {leaf.id} or not 0 < more <= lost:
                continue
            reason = _reason(record, node, edge)
            if reason is not None:
                at = Part("so many elements", {"count": f"{more:,}", "of": f"{count:,}"})
                facts: dict[str, Fact] = {**reason.as_facts(), "node": node, "at": at}
                yield Cause(f"zero: {reason.kind}", Place(node.id), facts, "likely")


def _reason(record: Record, node: Node, edge: Edge) -> Reason | None:
    """None where a derivative of 0 takes nothing away: f is at rest there."""
    name, text = operation(node), operand_quote(record.graph, edge)
    there = Part("operand of many", {"text": text})
    if has(name, "bounded"):
        return Reason("clamped", "clamped", {"operand": there})
    if has(name, "taking"):
        return Reason("masked", "not taken there", {"text": text})
    if has(name, "underflowing"):
        return underflows(node, None)
    if has(name, "squashing") or traits_of(name).tail:
        return Reason("saturated", "saturated", {"made": "", "share": 0.0, "to": Part("back to", {"text": text})})
    return Reason("dead", "dead", {"operand": there}) if traits_of(name).side else None


def _corners(record: Record, node: Node, edge: Edge) -> int:
    """Elements that may stand where two straight pieces meet, at 0: there f is not flat, whatever derivative torch takes."""
    return _zeros(seen_value(record.graph, edge)) if traits_of(operation(node)).pieces else 0


def _zeros(values: Values | None) -> int:
    return 0 if values is None or values.unread else spread(values).zeros
