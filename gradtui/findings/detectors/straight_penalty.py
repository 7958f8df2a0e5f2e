"""Does a loss of gradients go through a function of straight pieces, whose second derivative is 0, and lose that part?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.detectors.zero_gradient import silent_leaves
from gradtui.findings.record import Record
from gradtui.findings.zeros.second_derivative import is_of_pieces, pieces
from gradtui.graph.operands import is_zero


def detect(record: Record) -> Iterator[Cause]:
    """Where some parameters do learn by another way; of those that do not, zero_gradient tells."""
    if not record.has_run or record.snapshot.problem is not None or record.snapshot.experiments:
        return
    kinks = [node for node in record.nodes if is_of_pieces(node)]
    lost = [
        node
        for node in kinks
        if node.grad_output is not None
        and not is_zero(node.grad_output)
        and any(edge.target is not None and edge.grad is not None and is_zero(edge.grad) for edge in node.edges)
    ]
    if not lost or any(is_of_pieces(record.nodes[killer.node]) for _, killer in silent_leaves(record)):
        return
    node = min(lost, key=lambda one: one.id)
    facts: dict[str, Fact] = {"node": node, "function": pieces(node)}
    yield Cause("penalty through straight pieces", Place(node.id), facts, "perhaps")
