"""Is a tensor compared with itself, or with what the same weights make of the same, so that nothing comes of it?"""

from __future__ import annotations

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.alike import COMPARING, makers
from gradtui.findings.zeros.first_zero import Killer
from gradtui.findings.zeros.zero_factor import leaves_below
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    return _of_one(record, name, killer) or _of_two_alike(record, name, killer)


def _of_one(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where the gradient ends at such a comparison, at what is made of a difference, or as the two ways from it meet."""
    node = record.nodes[killer.node]
    if killer.edge is None:
        near = {user: record.nodes[user] for user, _ in record.uses[node.id]}
    else:
        target = node.edges[killer.edge].target
        near = {node.id: node} if target is None else {node.id: node, target: record.nodes[target]}
    found = next((one for one in near.values() if _is_of_one(one)), None)
    if found is None or (killer.edge is None and len(near) > 1):
        return None
    made = record.nodes[found.edges[0].target or 0]
    facts: dict[str, Fact] = {"node": found, "made": made, "symptom": "zero"}
    return Cause("with itself", Place(found.id), facts, "proved", (name,))


def _of_two_alike(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where it ends at a comparison of two results alike, or cancels at the leaf, as both are made of it."""
    node = record.nodes[killer.node]
    if killer.edge is not None:
        near = {node.id, *(edge.target for edge in node.edges[:1])}
    elif not node.edges:
        near = {*record.alike}
    else:
        return None
    found = next((record.nodes[place] for place in reversed(record.alike) if place in near), None)
    if found is None or not all(name in leaves_below(record, one) for one in makers(record.graph, found)):
        return None
    facts: dict[str, Fact] = {"node": found, "symptom": "zero"}
    return Cause("with its like", Place(found.id), facts, "likely", (name,))


def _is_of_one(node: Node) -> bool:
    if operation(node) not in COMPARING or len(node.edges) < 2:
        return False
    one, other = node.edges[:2]
    return one.target is not None and (one.target, one.input) == (other.target, other.input)
