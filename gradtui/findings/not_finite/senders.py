"""Who sent the gradient of 0 that met an infinite derivative: up from there the first that made a 0 of what was none."""

from __future__ import annotations

from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has, replaces
from gradtui.graph.gradients import spread
from gradtui.graph.operands import element, operation
from gradtui.snapshot.model import Edge, Node, Values

Sender = tuple[Node | None, int]


def of_zeros(record: Record, node: Node, place: int | None) -> Sender:
    """The node and its edge. place: of the element, where all numbers are known; else who sends more zeros than it got.

    The node itself where what comes in adds up to 0; None where nobody was seen to send one.
    """
    return _of_some(record, node) if place is None else _of_one(record, node, place)


def _of_some(record: Record, node: Node) -> Sender:
    at = node.id
    while True:
        sending = ((record.nodes[user], place) for user, place in record.uses[at])
        found = next(((sender, place) for sender, place in sending if _has_zero(sender.edges[place].grad)), None)
        if found is None:
            return None, 0
        if has(operation(found[0]), "turning off") or not _has_zero(found[0].grad_output):
            return found
        at = found[0].id


def _of_one(record: Record, node: Node, place: int) -> Sender:
    while True:
        sending = [(record.nodes[user], number) for user, number in record.uses[node.id]]
        arrived = [(sender, number) for sender, number in sending if sender.edges[number].grad is not None]
        arrived.sort(key=lambda one: (one[0].step is None, one[0].step))
        if not arrived or any(_element(sender.edges[number].grad, place) != 0 for sender, number in arrived):
            return node, 0
        sender, by = arrived[0]
        edge = sender.edges[by]
        if _not_taken(sender, edge) or _moves(sender, edge) or _element(sender.grad_output, place) != 0:
            return sender, by
        node = sender


def _not_taken(sender: Node, edge: Edge) -> bool:
    return replaces(operation(sender)) and edge.local == 0


def _moves(sender: Node, edge: Edge) -> bool:
    """Whether other elements come in than go out, as in a slice, so that a place says nothing further up."""
    assert sender.grad_output is not None
    assert edge.grad is not None
    return len(sender.grad_output.numbers) not in (1, len(edge.grad.numbers))


def _element(values: Values | None, place: int) -> float | None:
    return None if values is None else element(values, place, len(values.numbers))


def _has_zero(values: Values | None) -> bool:
    return values is not None and spread(values).zeros > 0
