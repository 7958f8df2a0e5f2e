"""How many terms a loss adds up: so many times as large as of their mean is each gradient, whatever the layers do to it. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Set
from heapq import heappop, heappush
from typing import NamedTuple

from gradtui.grad_fns.traits import has
from gradtui.graph.operands import kept, operation
from gradtui.snapshot.model import Edge, Graph, Node

SUM = 2.0
"""torch's number for `reduction="sum"`."""
SUMS = {"Sum", "Nansum"}
PASSED_ON = {
    "Mean", "Add", "Sub", "Rsub", "Neg", "Stack", "Cat", "Index", "IndexSelect", "Gather", "MaskedFill", "MaskedSelect", "Where",
}  # fmt: skip
SCALING = {"Mul", "Div"}


class Terms(NamedTuple):
    """ends: what the loss is the sum of, each with the number of its terms. sums: the nodes that add up."""

    ends: dict[int, float]
    sums: frozenset[int]

    def of(self, above: Set[int]) -> float:
        """Of a leaf: of those among the nodes `above` it."""
        return max(1.0, sum(count for node, count in self.ends.items() if node in above))


def terms(graph: Graph) -> Terms:
    """Down from the loss as long as terms go on as they are, or are made smaller: what makes them larger is not their number.

    A mean over so many makes each so much smaller: the terms of a mean are one.
    """
    counts: dict[int, float] = defaultdict(float)
    waiting: list[int] = []
    ends: dict[int, float] = {}
    sums = set[int]()

    def add(node: int, count: float) -> None:
        if node not in counts:
            heappush(waiting, node)
        counts[node] += count

    for root in graph.roots:
        add(root, math.prod(graph.nodes[root].shape))
    while waiting:
        node = graph.nodes[heappop(waiting)]
        count, sent = counts[node.id], [edge for edge in node.edges if edge.target is not None]
        if kept(node, "reduction") is not None:
            ends[node.id] = count * _terms_of_a_loss(node, sent)
            sums.update([node.id] * (ends[node.id] > count))
            continue
        passed = [*_passed(node, sent, count)]
        if not passed:
            ends[node.id] = count
        elif operation(node) in SUMS:
            sums.add(node.id)
        for target, part in passed:
            add(target, part)
    return Terms(ends, frozenset(sums))


def _passed(node: Node, sent: list[Edge], count: float) -> Iterator[tuple[int, float]]:
    """What goes on to which nodes; nothing where the terms are made of what comes in."""
    name = operation(node)
    is_scaled = name in SCALING and len(sent) == 1
    if not (name in SUMS or name in PASSED_ON or is_scaled or has(name, "view") or has(name, "part")):
        return
    whole = sum(map(_elements, sent)) or 1
    for edge in sent:
        assert edge.target is not None
        if name in SUMS:
            yield edge.target, count * _elements(edge) / max(math.prod(node.shape), 1)
        elif name in ("Stack", "Cat"):
            yield edge.target, count * _elements(edge) / whole
        else:
            yield edge.target, count * (min(_factor(node, edge), 1.0) if is_scaled else 1.0)


def _terms_of_a_loss(node: Node, sent: list[Edge]) -> float:
    reduction = kept(node, "reduction")
    if reduction is None or reduction.numbers[0] != SUM or not sent or sent[0].grad is None:
        return 1.0
    shape = sent[0].grad.shape
    classes = shape[min(1, len(shape) - 1)] if has(operation(node), "labels") and shape else 1
    return max(math.prod(shape) / max(classes, 1), 1.0)


def _elements(edge: Edge) -> int:
    return 0 if edge.grad is None else math.prod(edge.grad.shape)


def _factor(node: Node, edge: Edge) -> float:
    """By which it is multiplied."""
    came = node.grad_output.finite_norm if node.grad_output is not None else None
    sent = edge.grad.finite_norm if edge.grad is not None else None
    return sent / came if came and sent is not None else 1.0
