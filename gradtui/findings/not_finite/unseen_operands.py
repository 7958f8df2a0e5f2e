"""Which operands of a node no number is known of: tensors without a gradient, that the graph does not keep."""

from __future__ import annotations

from gradtui.findings.record import Record
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.operands import operand, operand_number, operation, seen_value
from gradtui.snapshot.model import Node, Values

TAME = 1e15
"""Beside operands below this, another one must be above 1e22 for their products to overflow in float32."""


def is_partly_unseen(record: Record, node: Node) -> bool:
    """Whether a tensor without a gradient takes part, of which no number is known."""
    numbered = [(operand_number(node, place), edge) for place, edge in enumerate(node.edges)]
    return any(edge.target is None and _known(record, node, number) is None for number, edge in numbered)


def are_known(record: Record, node: Node) -> bool:
    return all(seen_value(record.graph, edge) is not None for edge in node.edges if edge.target is not None)


def brings_it_in(record: Record, node: Node) -> bool:
    """Whether an infinity here must have come with an unseen operand: those that are known are small."""
    known = [values for place in range(len(node.edges)) if (values := _known(record, node, place)) is not None]
    return (
        traits_of(operation(node)).joins
        and is_partly_unseen(record, node)
        and all(is_below(one, TAME) for one in known)
    )


def _known(record: Record, node: Node, number: int) -> Values | None:
    """An operand; None also where its numbers were not to be had."""
    values = operand(record.graph, node, number)
    return None if values is None or values.unread else values


def is_below(values: Values, bound: float) -> bool:
    found = spread(values)
    return found.min is not None and found.max is not None and max(abs(found.min), abs(found.max)) < bound
