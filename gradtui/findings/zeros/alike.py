"""Which nodes compare two results that are alike: the same numbers by the same operation. Pure."""

from __future__ import annotations

from gradtui.graph.operands import is_zero, maker, operation, seen_value
from gradtui.snapshot.model import Graph, Node

COMPARING = {"Dist", "HuberLoss", "MseLoss", "SmoothL1Loss", "Sub"}
"""What is constant where both of its operands are one tensor."""


def comparisons(graph: Graph) -> tuple[int, ...]:
    return tuple(node.id for node in graph.nodes if _are_alike(graph, node))


def makers(graph: Graph, node: Node) -> list[Node]:
    """What made the two operands of a comparison, as far as it is in the graph."""
    found = (maker(graph, edge) for edge in node.edges[:2])
    return [one for one in found if one is not None]


def _are_alike(graph: Graph, node: Node) -> bool:
    """Whether both operands have the same numbers, not all 0, as far as they are known, by two nodes of one operation."""
    if operation(node) not in COMPARING or len(node.edges) < 2:
        return False
    one, other = (seen_value(graph, edge) for edge in node.edges[:2])
    if one is None or one != other or is_zero(one):
        return False
    made = makers(graph, node)
    return len(made) > 1 and made[0] is not made[1] and (made[0].name, made[0].module) == (made[1].name, made[1].module)
