"""Is a gradient 0 since it is multiplied by a factor that is 0 throughout, and does that factor learn?"""

from __future__ import annotations

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros import factors
from gradtui.findings.zeros.first_zero import Killer
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import is_zero, operation, seen_value
from gradtui.snapshot.model import Edge, Node


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where both factors are 0 neither ever gets a gradient; where the other one gets one, it moves, and so will this."""
    node = record.nodes[killer.node]
    if killer.edge is None or not has(operation(node), "multiplying"):
        return None
    if killer.edge in traits_of(operation(node)).added or traits_of(operation(node)).side:
        return None
    partner = factors.partner(node, killer.edge)
    if partner is None or partner.target is None or not is_zero(seen_value(record.graph, partner)):
        return None
    other = factors.zero_factor(record.graph, node, killer.edge)
    if other is None or traits_of(operation(other)).side:
        return None
    own = seen_value(record.graph, node.edges[killer.edge])
    facts: dict[str, Fact] = {"node": node, "factor": other, "symptom": "zero"}
    if is_zero(own):
        mine = _maker(record, node.edges[killer.edge]) or node
        names = sorted({*_leaves(record, mine), *_leaves(record, other)} & {*record.leaves})
        about = tuple(each for each in names if is_zero(record.leaves[each].grad))
        if about:
            first, second = (mine, other) if mine.id > other.id else (other, mine)
            facts = {"node": node, "one": first, "other": second, "symptom": "zero"}
            return Cause("both factors are 0", Place(node.id), facts, "proved", about)
    grads = [record.leaves[each].grad for each in _leaves(record, other) & {*record.leaves}]
    learns = any(grad is not None and not is_zero(grad) for grad in grads)
    return Cause(
        "factor starts at 0" if learns else "factor is 0",
        Place(node.id),
        facts,
        "perhaps" if learns or grads else "likely",  # what it is made of has a finding of its own
        (name,),
    )


def _maker(record: Record, edge: Edge) -> Node | None:
    """What made an operand; of another view of it the node that made it."""
    if edge.target is None:
        return None
    node = record.nodes[edge.target]
    while node.value is None and node.edges and node.edges[0].target is not None:
        node = record.nodes[node.edges[0].target]
    return node


def _leaves(record: Record, node: Node) -> set[str]:
    """The leaves that it is made of."""
    waiting, seen, found = [node.id], {node.id}, set()
    while waiting:
        at = record.nodes[waiting.pop()]
        if at.variable and not at.edges:
            found.add(at.variable)
        for edge in at.edges:
            if edge.target is not None and edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)
    return found
