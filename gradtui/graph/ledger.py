"""Where the 11 comes from: Σ ḡ·v̇ over any cut of the graph. Pure.

v is a node's value, ḡ its adjoint (reverse mode, what backward brings) and v̇ its tangent (forward mode). Every cut
between the output and the leaves carries the whole derivative: Σ ḡ·v̇ over the values it crosses is f'(x).
"""

from __future__ import annotations

from msgspec import Struct

from gradtui.graph.exact_sum import exact_sum
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Values


class Entry(Struct, frozen=True):
    """One value that a cut crosses: the adjoint that has arrived so far, the tangent, and Σ adjoint·tangent."""

    node: int
    adjoint: tuple[float, ...]
    tangent: tuple[float, ...]

    @property
    def product(self) -> float:
        return exact_sum(a * t if t else 0.0 for a, t in zip(self.adjoint, self.tangent, strict=True))


def cut(replay: Replay, done: int) -> tuple[Entry, ...] | None:
    """The cut after the first `done` nodes of the backward pass; None where a tangent is not known.

    It crosses the leaves and every value whose node has not run yet, each with the gradient that has arrived so far. At the
    start that is the output alone, at the end the leaves alone.
    """
    graph = replay.graph
    arrived: dict[int, list[Values]] = {}
    if graph.nodes and (done == 0 or not graph.nodes[0].edges):
        tangent = graph.nodes[0].tangent
        if tangent is None or tangent.shape != graph.nodes[0].shape:
            return None
        arrived[0] = [Values(tangent.shape, (1.0,) * len(tangent.numbers))]
    for edge in (*replay.cut(done), *replay.into_leaves(done)):
        if edge.grad is not None and edge.target is not None:
            arrived.setdefault(edge.target, []).append(edge.grad)
    entries = []
    for node, grads in sorted(arrived.items()):
        tangent = graph.nodes[node].tangent
        if tangent is None or tangent.summary:
            return None
        # in a changed file the shapes may differ
        if any(grad.summary or grad.shape != tangent.shape for grad in grads):
            return None
        adjoint = tuple(exact_sum(terms) for terms in zip(*(grad.numbers for grad in grads), strict=True))
        entries.append(Entry(node, adjoint, tangent.numbers))
    return tuple(entries)


def total(entries: tuple[Entry, ...]) -> float:
    """Σ ḡ·v̇ over a cut: f'(x), whatever the cut."""
    return exact_sum(entry.product for entry in entries)
