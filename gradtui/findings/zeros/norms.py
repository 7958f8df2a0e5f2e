"""Why nothing goes back through a normalisation."""

from __future__ import annotations

import math

from gradtui.findings.reason_at_node import Reason
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_zero, kept, operation
from gradtui.snapshot.model import Graph, Node, Values


def reason(graph: Graph, node: Node) -> Reason:
    weight = weight_of(graph, node)
    if weight is not None and is_zero(weight.value):
        return Reason("masked", "norm with a weight of 0", {"weight": weight}, certainty="perhaps")
    made = spread(node.value) if node.value is not None else None
    if has_one(node):
        return Reason("constant", "norm of one", certainty="proved")
    if made is not None and made.min is not None and made.min == made.max:
        return Reason("constant", "norm of equals", certainty="proved")
    return Reason("constant", "only shifts", certainty="proved")


def has_one(node: Node) -> bool:
    """Whether there is but one element in each group that it normalises."""
    if has(operation(node), "by columns"):
        return False
    if (groups := kept(node, "group")) is not None:
        return math.prod(node.shape[1:]) == groups.numbers[0]
    sizes = kept(node, "normalized_shape")
    return math.prod(sizes.numbers) == 1 if sizes is not None else node.shape[-1:] == (1,)


def weight_of(graph: Graph, node: Node) -> Node | None:
    """By which a normalisation multiplies, and so the gradient; None without one that learns."""
    target = node.edges[1].target if len(node.edges) > 1 else None
    return None if target is None else graph.nodes[target]


def deviation(values: Values | None) -> float | None:
    """The standard deviation, by which a normalisation divides the gradient."""
    if values is None or values.finite_norm is None:
        return None
    count = math.prod(values.shape)
    mean = values.mean
    if mean is None or not math.isfinite(mean):
        return None
    root = values.finite_norm / math.sqrt(count)  # the difference of their squares could be beyond any float
    return math.sqrt(max(root - abs(mean), 0.0)) * math.sqrt(root + abs(mean))
