"""Which operands of a node no number is known of: tensors without a gradient, that the graph does not keep."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.record import Record
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.operands import operand, operand_number, operation, seen_value
from gradtui.snapshot.model import Edge, Node, Values

TAME = 1e15
"""Beside operands below this, another one must be above 1e22 for their products to overflow in float32."""


def is_partly_unseen(record: Record, node: Node) -> bool:
    """Whether a tensor without a gradient takes part, of which no number is known."""
    return any(edge.target is None and values is None for edge, values in _operands(record, node))


def are_known(record: Record, node: Node) -> bool:
    return all(seen_value(record.graph, edge) is not None for edge in node.edges if edge.target is not None)


def brings_it_in(record: Record, node: Node) -> bool:
    """Whether an infinity here must have come with an unseen operand: those that are known are small."""
    known = [values for _, values in _operands(record, node) if values is not None]
    is_small = all(is_below(one, TAME) for one in known)
    return traits_of(operation(node)).joins and is_partly_unseen(record, node) and is_small


def _operands(record: Record, node: Node) -> Iterator[tuple[Edge, Values | None]]:
    """With what is known of each: None also where its numbers were not to be had."""
    for place, edge in enumerate(node.edges):
        values = operand(record.graph, node, operand_number(node, place))
        yield edge, None if values is None or values.unread else values


def is_below(values: Values, bound: float) -> bool:
    found = spread(values)
    return found.min is not None and found.max is not None and max(abs(found.min), abs(found.max)) < bound
