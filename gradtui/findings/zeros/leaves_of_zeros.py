"""By which leaves, that are 0 throughout, is an operand 0, and where does the gradient of a leaf become 0?"""

from __future__ import annotations

from gradtui.findings.record import Record
from gradtui.grad_fns.traits import Trait, traits_of
from gradtui.graph.operands import is_zero, operation, seen_value
from gradtui.snapshot.model import Edge

LINEAR: tuple[Trait, ...] = ("view", "part", "mean", "embedding", "looking up")
"""Traits of operations of one operand that make 0 of 0."""
MOST_STEPS = 6
"""Back from a factor to the leaves by which it is 0."""


def ends_at(record: Record, name: str) -> int | None:
    """Where the gradient of a leaf becomes 0."""
    place = record.leaves[name].node
    killer = None if place is None else record.killers.get(place)
    return None if killer is None else killer.node


def leaves_of_0(record: Record, edge: Edge, steps: int = MOST_STEPS) -> frozenset[str]:
    """Leaves that are 0 throughout, by which an operand is, whatever else it is made of; none where it is not by such."""
    node = None if edge.target is None else record.nodes[edge.target]
    if node is None or not steps or not is_zero(seen_value(record.graph, edge)):
        return frozenset()
    if not node.edges:
        return frozenset({node.variable or ""}) & record.leaves.keys()
    traits = traits_of(operation(node))
    below = [leaves_of_0(record, each, steps - 1) for each in node.edges]
    if traits.has("multiplying"):
        factor = next((one for place, one in enumerate(below) if one and place not in traits.added), frozenset())
        added = [below[place] for place in traits.added if place < len(below) and node.edges[place].target is not None]
        return factor.union(*added) if factor and all(added) else frozenset()
    return below[0] if any(traits.has(one) for one in LINEAR) else frozenset()
