"""Is a loss that takes logits given probabilities? A softmax of a softmax is nearly even, and what it learns from is small."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node


def detect(record: Record) -> Iterator[Cause]:
    """Of each log_softmax that goes straight into a loss, where what it takes is a softmax over the same axis."""
    for node in record.nodes:
        if not has(operation(node), "logarithmic") or not _goes_into_a_loss(record, node) or 1 in node.shape[-1:]:
            continue
        softmax = _maker(record, node)
        if softmax is not None and _makes_probabilities(softmax) and softmax.shape == node.shape:
            classes = node.shape[-1] if len(node.shape) < 3 else node.shape[1]
            least = math.log(1 + (classes - 1) / math.e)
            facts: dict[str, Fact] = {"node": node, "softmax": softmax, "classes": classes, "least": least}
            yield Cause("softmax twice", Place(node.id), facts | {"most": math.exp(-least)}, "likely")


def _makes_probabilities(node: Node) -> bool:
    """And no logarithms of them: a log_softmax of such ones leaves them as they are."""
    return has(operation(node), "softmax") and not has(operation(node), "logarithmic")


def _goes_into_a_loss(record: Record, node: Node) -> bool:
    """Also with smoothed labels, or probabilities for labels: then one call made it and what takes it."""
    users = [record.nodes[user] for user, _ in record.uses[node.id]]
    of_one_call = node.source is not None and all(user.source == node.source for user in users)
    return bool(users) and (of_one_call or all(has(operation(user), "labels") for user in users))


def _maker(record: Record, node: Node) -> Node | None:
    """What made its operand; of another view of it the node that made that."""
    target = node.edges[0].target if node.edges else None
    while target is not None and has(operation(record.nodes[target]), "view"):
        edges = record.nodes[target].edges
        target = edges[0].target if edges else None
    return None if target is None else record.nodes[target]
