"""Is a number, of which the logarithm is taken or by which is divided, 0 since something before it underflowed?"""

from __future__ import annotations

from gradtui.findings.cause import Extent, Facts, Part
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_finite, operation, seen_value
from gradtui.snapshot.model import Node, Values

MOST_LOOKED_AT = 10_000


def facts(record: Record, node: Node, found: Reason) -> Facts:
    """Those of a reason; and what underflowed, where no other form of it is known."""
    known = found.as_facts()
    if found.kind not in ("pole", "zero_by_zero") or node.id < 0:
        return known
    if stable_form(record.graph, record.uses, node, found.kind):
        return known
    made = _underflowed_below(record, node)
    if made is None:
        return known
    return {**known, "behind": Part("after an underflow", {"made": made}), "way": Part("in logarithms", {"made": made})}


def _underflowed_below(record: Record, node: Node) -> Node | None:
    """Down along operands that have zeros."""
    waiting, seen = [node.id], {node.id}
    while waiting and len(seen) < MOST_LOOKED_AT:
        for edge in record.nodes[waiting.pop(0)].edges:
            if edge.target is None or edge.target in seen:
                continue
            seen.add(edge.target)
            below = record.nodes[edge.target]
            if below.value is not None and not _has_zeros(below.value):
                continue
            if _has_underflowed(record, below):
                return below
            waiting.append(below.id)
    return None


def _has_underflowed(record: Record, node: Node) -> bool:
    """Whether zeros came of an exponential of finite numbers, or of a product of numbers above 0."""
    operands = [seen_value(record.graph, edge) for edge in node.edges]
    if node.value is None or any(one is None or not is_finite(one) for one in operands):
        return False
    if has(operation(node), "underflowing"):
        return True
    return has(operation(node), "multiplying") and len(operands) > 1 and all(map(_is_above_0, operands))


def _is_above_0(values: Values | None) -> bool:
    low = Extent.of(values).low
    return low is not None and low > 0


def _has_zeros(values: Values) -> bool:
    return bool(values.summary.zero if values.summary is not None else values.numbers.count(0))
