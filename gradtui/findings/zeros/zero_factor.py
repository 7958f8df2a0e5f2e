"""What an operand is multiplied by: is a gradient 0 since that is 0 throughout, and does it learn?"""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.findings.cause import Cause, Extent, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.first_zero import Killer
from gradtui.findings.zeros.leaves_of_zeros import ends_at, leaves_of_0
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.incoming_edges import below
from gradtui.graph.operands import is_zero, operation, seen_value
from gradtui.snapshot.model import Edge, Graph, Module, Node

DROPPING = {"AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"}
"""Classes of modules that multiply what is dropped by 0."""


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where both factors are 0, and nothing else moves them, neither ever gets a gradient: as nothing that they are made of
    learns, or as each is 0 by leaves that are. Where the other one gets one, so may this."""
    node = record.nodes[killer.node]
    if killer.edge is None or not has(operation(node), "multiplying"):
        return None
    if killer.edge in traits_of(operation(node)).added or traits_of(operation(node)).side:
        return None
    by, other = partner(node, killer.edge), zero_factor(record.graph, node, killer.edge)
    if by is None or other is None or traits_of(operation(other)).side:
        return None
    facts: dict[str, Fact] = {"node": node, "factor": other, "symptom": "zero"}
    own = node.edges[killer.edge]
    if is_zero(seen_value(record.graph, own)):
        made = _maker(record, own) or node
        names = sorted({*leaves_below(record, made), *leaves_below(record, other)} & {*record.leaves})
        about = tuple(each for each in names if is_zero(record.leaves[each].grad))
        here = {each for each in about if ends_at(record, each) == node.id}
        stay = leaves_of_0(record, own), leaves_of_0(record, by)
        if about and (record.learning.isdisjoint(names) or all(each and each <= here for each in stay)):
            first, second = (made, other) if made.id > other.id else (other, made)
            facts = {"node": node, "one": first, "other": second, "symptom": "zero"}
            return Cause("both factors are 0", Place(node.id), facts, "proved", about)
    leaves = leaves_below(record, other) & {*record.leaves}
    has_gradient = not is_zero(other.grad_output) or not (by.grad is None or is_zero(by.grad))
    moves = has_gradient and not record.learning.isdisjoint(leaves)
    return Cause(
        "factor starts at 0" if moves else "factor is 0",
        Place(node.id),
        facts,
        "perhaps" if leaves else "likely",  # what it is made of has a finding of its own
        (name,),
    )


def is_dropped(modules: Mapping[str, Module], node: Node) -> bool:
    return node.module in modules and modules[node.module].kind in DROPPING


def partner(node: Node, place: int) -> Edge | None:
    """What this operand is multiplied by, where that has a gradient too."""
    added = traits_of(operation(node)).added
    others = (edge for number_, edge in enumerate(node.edges) if number_ != place and number_ not in added)
    return next((edge for edge in others if edge.target is not None), None)


def _is_by_0(graph: Graph, node: Node, place: int, by: Edge) -> bool:
    """Whether what it is multiplied by is all 0; where that is not known, as of one of several parts, by what came of it."""
    known, own = seen_value(graph, by), seen_value(graph, node.edges[place])
    if known is not None or own is None or has(operation(node), "matrix product"):
        return is_zero(known)
    return is_zero(node.value) and not spread(own).zeros


def zero_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """What this operand is multiplied by, where that is all 0; of another view of it the node that made it."""
    by = partner(node, place)
    if by is None or by.target is None or not _is_by_0(graph, node, place, by):
        return None
    other = graph.nodes[by.target]
    while other.value is None and other.edges and other.edges[0].target is not None:
        other = graph.nodes[other.edges[0].target]
    return other


def maker_of_0(graph: Graph, node: Node, place: int) -> Node | None:
    """What made the zeros by which an operand gets none: of what it is multiplied by, else of the operand itself.

    A product is 0 by one of its factors, and other views of it are.
    """
    edge = partner(node, place)
    if edge is None or not is_zero(seen_value(graph, edge)):
        edge = node.edges[place]
    made = None
    while edge is not None and edge.target is not None and is_zero(seen_value(graph, edge)):
        made = graph.nodes[edge.target]
        if not has(operation(made), "view") and not has(operation(made), "multiplying"):
            return made
        edge = next((one for one in made.edges if is_zero(seen_value(graph, one))), None)
    return made


def is_product_of_0(graph: Graph, node: Node) -> bool:
    """Whether a product is 0 throughout; where something is added to it, whether it is seen to make no difference."""
    if is_zero(node.value):
        return True
    places = (place for place in traits_of(operation(node)).added if place < len(node.edges))
    added, made = [seen_value(graph, node.edges[place]) for place in places], Extent.of(node.value)
    return made.low is not None and any(Extent.of(values) == made for values in added)


def may_be_0(graph: Graph, node: Node, place: int) -> bool:
    """Whether what this operand is multiplied by may be 0 throughout, as nothing seen is against it."""
    if not has(operation(node), "multiplying") or not is_product_of_0(graph, node):
        return False
    by = partner(node, place)
    other = None if by is None else seen_value(graph, by)
    return other is None or is_zero(other)


def dead_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """The dead relu, or the like, that made the other factor 0: it is the cause of both."""
    other = zero_factor(graph, node, place) if has(operation(node), "multiplying") else None
    return other if other is not None and traits_of(operation(other)).side else None


def _maker(record: Record, edge: Edge) -> Node | None:
    """What made an operand; of another view of it the node that made it."""
    if edge.target is None:
        return None
    node = record.nodes[edge.target]
    while node.value is None and node.edges and node.edges[0].target is not None:
        node = record.nodes[node.edges[0].target]
    return node


def leaves_below(record: Record, node: Node) -> set[str]:
    """The leaves that it is made of."""
    made_of = (record.nodes[place] for place in below(record.graph, (node.id,)))
    return {one.variable for one in made_of if one.variable and not one.edges}
