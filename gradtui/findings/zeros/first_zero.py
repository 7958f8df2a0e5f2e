"""Which node made a gradient zero, of all those on the ways to a leaf at which nothing but zeros arrives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Edge, Graph


@dataclass(frozen=True, slots=True)
class Killer:
    """The node that got a gradient and sent zeros, and by which edge; None where what came in added up to 0."""

    node: int
    edge: int | None


def killers(graph: Graph) -> dict[int, Killer]:
    """For each node whose gradient is zeros, or missing, the nearest node that is to blame; of several, the first in the engine's
    order. The nearest, as a gradient that ends further away may be meant to: so it is for what is computed and not used."""
    found: dict[int, Killer] = {}
    blamed: dict[int, Killer] = {}
    far: dict[int, int] = {}
    alive: set[int] = set()
    for node in graph.nodes:
        if node.step is None:
            continue
        if is_zero(node.grad_output) or (node.grad_output is None and node.id in blamed):
            if node.id in alive:
                far[node.id] = 0
            found[node.id] = Killer(node.id, None) if node.id in alive else blamed.get(node.id, Killer(node.id, None))
        for place, edge in enumerate(node.edges):
            if edge.target is None:
                continue
            killer = found.get(node.id)
            if killer is None and not _sends_nothing(edge):
                alive.add(edge.target)
                continue
            way = 1 if killer is None else far.get(node.id, 0) + 1
            killer = killer or Killer(node.id, place)
            known = blamed.get(edge.target)
            if known is None or (way, killer.node) < (far[edge.target], known.node):
                blamed[edge.target], far[edge.target] = killer, way
    return found


def _sends_nothing(edge: Edge) -> bool:
    return edge.grad is None or is_zero(edge.grad)
