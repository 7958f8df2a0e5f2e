"""Layers within a model, of tanh or sigmoid, of which nearly all elements are at a flat end: by their mean derivative."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Cause, Extent, Fact, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_finite, is_zero, kept, operation, seen_value
from gradtui.snapshot.model import Node, Values

FEWEST = 32
"""Elements: fewer may all be at an end by chance."""
LEFT = 0.05
"""Of the greatest derivative, in the mean: where 95 of 100 elements let nothing through, or all of them a twentieth."""
GREATEST = {"Tanh": 1.0, "Sigmoid": 0.25}
HANDED_ON = {"View", "ReshapeAlias", "UnsafeView", "Permute", "Transpose", "Unsqueeze", "Expand", "NativeDropout"}
"""What may stand before the next layer. A gate, which multiplies, or the end of a model may well be at its ends."""


def causes(record: Record) -> Iterator[Cause]:
    """The one of which the least is left."""
    found = [(slope / GREATEST[operation(node)], node) for node in record.nodes if (slope := _slope(record, node))]
    left, node = min(found, key=lambda one: one[0], default=(1.0, None))
    if node is not None and left < LEFT:
        most = GREATEST[operation(node)]
        reach = Extent.of(seen_value(record.graph, node.edges[0]))
        facts: dict[str, Fact] = {"node": node, "reach": reach, "slope": left * most, "most": most}
        yield Cause("mostly saturated", Place(node.id), facts, "perhaps")


def _slope(record: Record, node: Node) -> float | None:
    """The mean derivative of one between two layers; of others None."""
    if operation(node) not in GREATEST or node.grad_output is None or is_zero(node.grad_output):
        return None
    made = kept(node, "result") if node.value is None else node.value
    if made is None or not is_finite(made) or math.prod(made.shape) < FEWEST or not _goes_into_a_layer(record, node):
        return None
    return mean_slope(operation(node), made)


def mean_slope(name: str, made: Values) -> float | None:
    """1 - y^2 of tanh, y - y^2 of sigmoid, in the mean: it takes no more than the mean and the norm of what was made."""
    count, norm, mean = math.prod(made.shape), made.finite_norm, made.mean
    if norm is None or mean is None:
        return None
    return (1.0 if name == "Tanh" else mean) - norm**2 / count


def _goes_into_a_layer(record: Record, node: Node) -> bool:
    waiting = [node.id]
    while waiting:
        for user, _ in record.uses[waiting.pop()]:
            if has(operation(record.nodes[user]), "matrix product"):
                return True
            if _hands_on(record.nodes[user]):
                waiting.append(user)
    return False


def _hands_on(node: Node) -> bool:
    """Or scales by what does not learn, as dropout does."""
    is_scaled = operation(node) in ("Mul", "Div") and sum(edge.target is not None for edge in node.edges) == 1
    return is_scaled or operation(node) in HANDED_ON
