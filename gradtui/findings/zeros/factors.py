"""What an operand is multiplied by, and whether that is 0 throughout."""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import is_zero, operation, seen_value
from gradtui.snapshot.model import Edge, Graph, Module, Node

DROPPING = {"AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"}
"""Classes of modules that multiply what is dropped by 0."""


def is_dropped(modules: Mapping[str, Module], node: Node) -> bool:
    return node.module in modules and modules[node.module].kind in DROPPING


def partner(node: Node, place: int) -> Edge | None:
    """What this operand is multiplied by, where that has a gradient too."""
    added = traits_of(operation(node)).added
    others = (edge for number_, edge in enumerate(node.edges) if number_ != place and number_ not in added)
    return next((edge for edge in others if edge.target is not None), None)


def zero_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """What this operand is multiplied by, where that is all 0; of another view of it the node that made it."""
    by = partner(node, place)
    if by is None or by.target is None or not is_zero(seen_value(graph, by)):
        return None
    other = graph.nodes[by.target]
    while other.value is None and other.edges and other.edges[0].target is not None:
        other = graph.nodes[other.edges[0].target]
    return other


def dead_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """The dead relu, or the like, that made the other factor 0: it is the cause of both."""
    other = zero_factor(graph, node, place) if has(operation(node), "multiplying") else None
    return other if other is not None and traits_of(operation(other)).side else None
