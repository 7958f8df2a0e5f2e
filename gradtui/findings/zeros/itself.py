"""Is a tensor compared with itself, so that nothing comes of it, whatever it is?"""

from __future__ import annotations

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.first_zero import Killer
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node

COMPARING = {"Dist", "HuberLoss", "MseLoss", "SmoothL1Loss", "Sub"}
"""What is constant where both of its operands are one tensor."""


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where the gradient ends at such a comparison, at what is made of a difference, or as the two ways from it meet."""
    node = record.nodes[killer.node]
    if killer.edge is None:
        near = {record.nodes[user].id: record.nodes[user] for user, _ in record.uses[node.id]}
    else:
        target = node.edges[killer.edge].target
        near = {node.id: node} if target is None else {node.id: node, target: record.nodes[target]}
    found = next((one for one in near.values() if _is_of_one(one)), None)
    if found is None or (killer.edge is None and len(near) > 1):
        return None
    made = record.nodes[found.edges[0].target or 0]
    facts: dict[str, Fact] = {"node": found, "made": made, "symptom": "zero"}
    return Cause("with itself", Place(found.id), facts, "proved", (name,))


def _is_of_one(node: Node) -> bool:
    if operation(node) not in COMPARING or len(node.edges) < 2:
        return False
    one, other = node.edges[:2]
    return one.target is not None and (one.target, one.input) == (other.target, other.input)
