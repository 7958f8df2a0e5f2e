"""Why a product that gets a gradient sends zeros: by a factor of 0, by what adds up to 0, or where the dtype ends."""

from __future__ import annotations

import math

from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.findings.zeros import softmax_and_norms, zero_factor
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_zero, kept, operation
from gradtui.snapshot.model import Node

PRUNED = "_orig"


def reason(record: Record, node: Node, place: int) -> Reason:
    other = zero_factor.zero_factor(record.graph, node, place)
    if other is not None:
        return Reason("masked", "times a factor of 0", {"factor": other}, certainty="perhaps")
    if softmax_and_norms.loses_all(record.graph, node, place):
        return softmax_and_norms.underflow(node)
    if zero_factor.partner(node, place) is not None:
        return Reason("masked", "products are 0")
    if zero_factor.is_dropped(record.snapshot.modules, node):
        return Reason("masked", "dropped")
    if not _is_data_of_0(record, node):
        return Reason("masked", "products add up to 0" if _adds_up(node, place) else "products are 0")
    if has(operation(node), "matrix product"):
        return Reason("masked", "data of 0")
    if (mask := _mask_of_pruning(record, node, place)) is not None:
        return Reason("masked", "pruned", {"mask": mask})
    return Reason("masked", "times data of 0", certainty="perhaps")  # a weight of 0, or a mask, is mostly meant so


def _mask_of_pruning(record: Record, node: Node, place: int) -> str | None:
    """What torch.nn.utils.prune calls the mask of a parameter that has the name that it gives one."""
    target = node.edges[place].target
    name = "" if target is None else record.nodes[target].variable or ""
    return f"{name.removesuffix(PRUNED)}_mask" if name.endswith(PRUNED) else None


def _is_data_of_0(record: Record, node: Node) -> bool:
    """Whether what has no gradient itself, by which it multiplies, is seen to be 0; where it is not kept, by what came of it."""
    constant = kept(node, "other") or kept(node, "self") if not has(operation(node), "matrix product") else None
    return is_zero(constant) if constant is not None else zero_factor.is_product_of_0(record.graph, node)


def _adds_up(node: Node, place: int) -> bool:
    """Whether each element that a product sends is a sum."""
    sent = node.edges[place].grad
    is_stretched = sent is not None and math.prod(sent.shape) < math.prod(node.shape)
    return is_stretched or has(operation(node), "matrix product")
