"""The share of the gradient that is left at each element of each node, on the best path, and the edges that lose it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradtui.findings.zeros.share_of_edge import shares
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import operation
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Graph, Node


@dataclass(frozen=True, slots=True)
class Loss:
    """An edge by which some elements lose what they had left. share: the smallest that it keeps of these."""

    node: int
    edge: int
    elements: list[int]
    share: float


@dataclass(slots=True)
class Flow:
    """left: of the gradient at each element of each node, the share that is left on the best path. nothing: a share below it
    is next to nothing.

    best: the edge by which most came to each node. losses: in the engine's order.
    """

    graph: Graph
    nothing: float
    left: dict[int, tuple[float, ...]] = field(default_factory=dict)
    best: dict[int, tuple[int, int]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    @classmethod
    def of(cls, graph: Graph, nothing: float) -> Flow:
        starts = graph.roots if graph.nodes else ()
        flow = cls(graph, nothing, {root: (1.0,) * math.prod(graph.nodes[root].shape) for root in starts})
        for node in (graph.nodes[place] for place in Replay(graph).order):
            for number, edge in enumerate(node.edges):
                if edge.target is not None and node.id in flow.left:  # a file may say that nothing led to it
                    flow._follow(node, number, edge.target)
        return flow

    def _follow(self, node: Node, edge: int, target: int) -> None:
        """What is left after this edge; elements that a reduction or broadcasting mixes share what the best of them has."""
        count = math.prod(self.graph.nodes[target].shape)
        before_all = self.left[node.id]
        left = (max(before_all, default=1.0),) if has(operation(node), "mixing") else before_all
        before, share = _fitted(left, count), _fitted(shares(self.graph, node, edge), count)
        after = tuple(b * s for b, s in zip(before, share, strict=True))
        lost = [place for place in range(count) if after[place] < self.nothing <= before[place]]
        if lost:
            self.losses.append(Loss(node.id, edge, lost, min(share[place] for place in lost)))
        known = self.left.get(target)
        if known is None or sum(after) > sum(known):
            self.best[target] = node.id, edge
        self.left[target] = after if known is None else tuple(map(max, known, after))

    def lost_at(self, leaf: Node) -> list[int]:
        """The elements of a leaf at which next to nothing arrives."""
        return [place for place, left in enumerate(self.left.get(leaf.id, ())) if left < self.nothing]

    def first(self, leaf: Node, gone: Sequence[int]) -> Loss | None:
        """The first loss on a path to this leaf, at one of its elements where the two have equally many."""
        reaching = {leaf.id}
        for node in reversed(self.graph.nodes):
            if any(edge.target in reaching for edge in node.edges):
                reaching.add(node.id)
        for loss in self.losses:
            target = self.graph.nodes[loss.node].edges[loss.edge].target
            alike = math.prod(self.graph.nodes[loss.node].shape) == math.prod(leaf.shape)
            if target in reaching and (not alike or set(loss.elements) & set(gone)):
                return loss
        return None

    def factors(self, leaf: Node) -> Iterator[tuple[float, Node]]:
        """The shares below 1 along the best path, from the leaf up, with their nodes."""
        at = leaf.id
        while at in self.best:
            sender, edge = self.best[at]
            share = max(shares(self.graph, self.graph.nodes[sender], edge), default=1.0)
            if share < 1:
                yield share, self.graph.nodes[sender]
            at = sender


def _fitted(numbers: tuple[float, ...], count: int) -> tuple[float, ...]:
    return numbers if len(numbers) == count else (max(numbers, default=1.0),) * count
