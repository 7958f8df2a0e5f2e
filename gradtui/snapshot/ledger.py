"""Where the 11 comes from: the gradient by paths, and as Σ v̄·v̇ over any cut of the graph. Pure.

v is a node's value, v̄ its adjoint (reverse mode, what backward brings) and v̇ its tangent (forward mode). Every cut
between the output and the leaves carries the whole derivative: Σ v̄·v̇ over the values it crosses is f'(x).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradtui.snapshot.model import Graph, Values
from gradtui.snapshot.replay import Replay

MOST_PATHS = 20
"""Beyond this a list of paths explains nothing; their number doubles with every x = x*x."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the output to a leaf: the nodes it visits, the local derivatives along it and their product."""

    nodes: tuple[int, ...]
    factors: tuple[float, ...]

    @property
    def product(self) -> float:
        return math.prod(self.factors)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that a cut crosses: the adjoint that has arrived so far, the tangent, and Σ adjoint·tangent."""

    node: int
    adjoint: tuple[float, ...]
    tangent: tuple[float, ...]

    @property
    def product(self) -> float:
        return math.fsum(a * t if t else 0.0 for a, t in zip(self.adjoint, self.tangent, strict=True))


def paths(graph: Graph, leaf: int, most: int = MOST_PATHS) -> tuple[Path, ...] | None:
    """Every path from the output to `leaf`; None for more than `most`, or a local derivative is not known."""
    reaching = _reaching(graph, leaf)
    found: list[Path] = []
    stack: list[tuple[int, tuple[int, ...], tuple[float, ...]]] = [(0, (0,), ())] if 0 in reaching else []
    while stack:
        node, visited, factors = stack.pop()
        if node == leaf:
            found.append(Path(visited, factors))
            if len(found) > most:
                return None
            continue
        for edge in reversed(graph.nodes[node].edges):
            if edge.target in reaching:
                if edge.local is None:
                    return None
                stack.append((edge.target, (*visited, edge.target), (*factors, edge.local)))
    return tuple(found)


def cut(replay: Replay, done: int) -> tuple[Entry, ...] | None:
    """The cut at this moment of the backward pass; None where a tangent is not known.

    It crosses every value whose node has not run yet, with what has arrived for it so far, and the leaves, whose sums
    stay: the output itself at the start, the leaves alone at the end.
    """
    graph = replay.graph
    arrived = {0: [_ones(graph)]} if graph.nodes and (done == 0 or not graph.nodes[0].edges) else {}
    for edge in (*replay.cut(done), *replay.into_leaves(done)):
        if edge.grad is not None and edge.target is not None:
            arrived.setdefault(edge.target, []).append(edge.grad)
    entries = []
    for node, grads in sorted(arrived.items()):
        tangent = graph.nodes[node].tangent
        if tangent is None or tangent.summary or any(grad.summary for grad in grads):
            return None
        adjoint = tuple(math.fsum(terms) for terms in zip(*(grad.numbers for grad in grads), strict=True))
        entries.append(Entry(node, adjoint, tangent.numbers))
    return tuple(entries)


def total(entries: tuple[Entry, ...]) -> float:
    """Σ v̄·v̇ over a cut: f'(x), whatever the cut."""
    return math.fsum(entry.product for entry in entries)


def _reaching(graph: Graph, leaf: int) -> set[int]:
    """The nodes that reach `leaf`. Users have lower ids than what they use: one sweep from the end finds them all."""
    reaching = {leaf}
    for node in reversed(graph.nodes):
        if any(edge.target in reaching for edge in node.edges):
            reaching.add(node.id)
    return reaching


def _ones(graph: Graph) -> Values:
    shape = graph.nodes[0].shape
    return Values(shape, (1.0,) * math.prod(shape))
