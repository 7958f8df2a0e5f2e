"""Is it a hinge that is flat throughout inside of a loss, as a margin that is kept everywhere?"""

from __future__ import annotations

from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_zero, operation
from gradtui.snapshot.model import Node

HINGES = {"Relu", "Threshold", "Clamp", "ClampMin"}
SUMMING = {"Sum", "Mean", "Add", "Stack", "Cat"}
SCALING = {"Mul", "Div"}


def is_at_rest(record: Record, node: Node) -> bool:
    name = operation(node)
    return (has(name, "bounded") and _is_inside_a_loss(record, node)) or (name in HINGES and _is_kept(record, node))


def _is_inside_a_loss(record: Record, node: Node) -> bool:
    """Whether torch made it with others in one call of its own, such as triplet_margin_loss, and not of several modules: where
    those were not seen, not next to a layer."""
    below = (record.nodes[edge.target] for edge in node.edges if edge.target is not None)
    above = (record.nodes[user] for user, _ in record.uses[node.id])
    made = node.source, node.module
    beside = (other for other in (*below, *above) if (other.source, other.module) == made)
    return node.source is not None and any(
        not has(operation(other), "view") and not _has_weights(record, other) for other in beside
    )


def _has_weights(record: Record, node: Node) -> bool:
    """Whether a leaf comes in, as it is or transposed, or a matrix."""
    if has(operation(node), "matrix product"):
        return True
    for below in _operands(record, node):
        below = next(iter(_operands(record, below)), below) if has(operation(below), "view") else below
        if not below.edges:
            return True
    return False


def _is_kept(record: Record, node: Node) -> bool:
    """Whether it is 0, and but for sums and constant factors the loss itself, which rises with it: no less could be had."""
    came = spread(node.grad_output) if node.grad_output is not None else None
    if not is_zero(node.value) or came is None or came.min is None or came.min < 0 or not _is_of_a_margin(record, node):
        return False
    waiting, seen = [node.id], {node.id}
    while waiting:
        at = waiting.pop()
        for user, place in record.uses[at]:
            above = record.nodes[user]
            if not _only_sums(above, place) or (at == node.id and operation(above) == "Add"):
                return False
            if user not in seen:
                seen.add(user)
                waiting.append(user)
    return True


def _is_of_a_margin(record: Record, node: Node) -> bool:
    """Of a difference of two, of a constant and what is learned, or of what is learned times data, as a label of 1 or -1; not of
    a layer's result."""
    below = _operands(record, node)
    while below and operation(below[0]) == "Neg":
        below = _operands(record, below[0])
    if below and operation(below[0]) == "Mul" and len(_operands(record, below[0])) == 1:
        return True
    if len(below) == 1 and operation(below[0]) == "Add" and len(_operands(record, below[0])) == 1:
        below = _operands(record, below[0])  # to which a margin is added
    name = operation(below[0]) if below else ""
    return name == "Rsub" or (name == "Sub" and len(_operands(record, below[0])) == 2)


def _operands(record: Record, node: Node) -> list[Node]:
    return [record.nodes[edge.target] for edge in node.edges if edge.target is not None]


def _only_sums(node: Node, place: int) -> bool:
    name = operation(node)
    if name in SCALING:
        return all(edge.target is None for number, edge in enumerate(node.edges) if number != place)
    return name in SUMMING or has(name, "view") or has(name, "part")
