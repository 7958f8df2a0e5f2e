"""A derivative that no float holds, of numbers that are finite: near a pole, or of large ones."""

from __future__ import annotations

from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.operand_numbers import Seen
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.grad_fns.singularities import BACKWARD, FARTHER, NEAR_0, SMALLER
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operation, seen_value
from gradtui.snapshot.model import Node


def is_seen(record: Record, node: Node, edge: int) -> bool:
    """Of one whose poles the table has, and whose operands are all known: none of their extremes is at one."""
    sent = node.edges[edge].grad
    operands = [seen_value(record.graph, one) for one in node.edges]
    if operation(node) not in BACKWARD or sent is None or None in operands:
        return False
    found = spread(sent)
    return found.inf > 0 and not found.nan and all(map(is_finite, operands))


def reason(record: Record, node: Node, seen: Seen) -> Reason:
    name = operation(node)
    near = seen.second if NEAR_0.get(name) == "other" else seen.first
    has_pole = any(row.kind == "pole" for row in BACKWARD.get(name, ()))
    if has_pole and any(one is not None and abs(one) < 1 for one in near):
        way = stable_form(record.graph, record.uses, node, "pole") or FARTHER
    else:
        way = stable_form(record.graph, record.uses, node, "overflow") or SMALLER
    return Reason("overflow", "sends too much", {"dtype": node.dtype, "most": ""}, in_dtype(way, node.dtype))
