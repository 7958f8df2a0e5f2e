"""How the size of the gradient changes from the loss to the first layers, and which nodes change it. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradtui.findings import hooks
from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Graph, Node, Parameter

VANISHED = 1e-6
"""A gradient this much smaller than that of a later layer is lost beside it."""
HUGE = 1e4
"""A gradient this much larger than the parameter itself, or than 1, throws it far away at any usual learning rate."""
ALIKE = 0.1


@dataclass(frozen=True, slots=True)
class Layer:
    """A parameter and the norm of its gradient. size: the norm of the parameter, None where it could not be read."""

    name: str
    norm: float
    node: int
    size: float | None

    @property
    def module(self) -> str:
        return self.name.rpartition(".")[0] or self.name


def layers(parameters: Mapping[str, Parameter]) -> list[Layer]:
    """Those with a finite gradient that is not 0, in the order in which the forward pass first uses them.

    Of matrices only, where there are several: a bias before a normalisation rightly has next to no gradient.
    """
    known = [(name, p) for name, p in parameters.items() if p.node is not None and p.grad is not None]
    good = [(name, p, p.grad.norm) for name, p in known if p.grad and p.grad.norm and is_finite(p.grad)]
    matrices = [each for each in good if len(each[1].value.shape) > 1]
    found = [
        Layer(name, norm, p.node or 0, size_of(p))
        for name, p, norm in (matrices if len(matrices) > 1 else good)
        if norm
    ]
    return sorted(found, key=lambda layer: -layer.node)


def vanished(profile: Sequence[Layer]) -> Sequence[Layer]:
    """From the layer that has next to nothing to the later one that has far more; none where there is no such."""
    if not profile:
        return ()
    top = max(range(len(profile)), key=lambda place: profile[place].norm)
    low = min(range(top + 1), key=lambda place: profile[place].norm)
    return profile[low : top + 1] if profile[low].norm < VANISHED * profile[top].norm else ()


def huge(profile: Sequence[Layer]) -> list[Layer]:
    """Those whose gradient is far larger than the parameter, the worst first."""
    found = [layer for layer in profile if is_huge(layer.norm, layer.size)]
    return sorted(found, key=lambda layer: layer.norm / max(layer.size or 0.0, 1.0), reverse=True)


def size_of(parameter: Parameter) -> float | None:
    """Its norm; None where its numbers could not be read."""
    return None if parameter.value.unread else parameter.value.finite_norm or 0.0


def is_huge(norm: float, size: float | None) -> bool:
    """norm: of the gradient. size: the norm of the parameter; nothing is huge beside what is not known."""
    return size is not None and norm >= HUGE * max(size, 1.0)


class Change(NamedTuple):
    """By what a node, or a hook on it, changes the norm of the gradient: the logarithm of the factor."""

    node: Node
    by: float
    hooked: bool = False


def changes(graph: Graph, leaf: int, used: Sequence[Sequence[Use]]) -> list[Change]:
    """Up from the leaf by the largest gradients, of alike ones by that which comes from farthest away from the loss."""
    found: list[Change] = []
    at = leaf
    while True:
        arriving = [(graph.nodes[user], _norm(graph.nodes[user], place)) for user, place in used[at]]
        largest = max((norm for _, norm in arriving), default=0.0)
        came = graph.nodes[at].grad_output
        sent = hooks.changed(graph, used, at) if came is not None and came.finite_norm != largest else None
        if sent is not None and came is not None and sent.finite_norm and came.finite_norm:
            found.append(Change(graph.nodes[at], math.log(came.finite_norm) - math.log(sent.finite_norm), True))
        alike = (each for each in arriving if each[1] >= ALIKE * largest)
        node, norm = max(alike, key=lambda each: each[0].id, default=(None, 0.0))
        if node is None or not norm or node.id >= at:
            return found
        size = node.grad_output.finite_norm if node.grad_output is not None else None
        if size and math.isfinite(size):
            found.append(Change(node, math.log(norm) - math.log(size)))
        at = node.id


def _norm(node: Node, place: int) -> float:
    grad = node.edges[place].grad
    return (grad.finite_norm if grad is not None else None) or 0.0


class Growth(NamedTuple):
    """The operation that does most of the growth, how many nodes of it there are, and what they do together."""

    operation: str
    nodes: int
    together: float


def most(changed: Sequence[Change]) -> Growth:
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for node, by, hooked in changed:
        if not hooked:
            sums[operation(node)] += by
            counts[operation(node)] += 1
    name = max(sums, key=lambda each: sums[each], default="")
    return Growth(name, counts[name], sums[name])
