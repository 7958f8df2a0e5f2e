"""Do gradients that are none by themselves add up to 0 where ways from the loss meet?"""

from __future__ import annotations

import math

from gradtui.findings import hooks
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.first_zero import Killer
from gradtui.findings.zeros.softmax_and_norms import LEFT_BY_CANCELLING
from gradtui.graph.operands import is_zero, operation
from gradtui.snapshot.model import Node, Values

COMMON = {"Mean", "Sum"}
"""What is taken off each element, what all of them have in common."""


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    """The place where the ways meet, and the two largest terms: by the node nearest to the loss that sends one of them."""
    node = record.nodes[killer.node]
    if killer.edge is not None or hooks.changed(record.graph, record.uses, node.id) is not None:
        return None
    sent = [(record.nodes[user], record.nodes[user].edges[place].grad) for user, place in record.uses[node.id]]
    terms = [(user, grad) for user, grad in sent if grad is not None and not is_zero(grad)]
    if len(terms) < 2:
        return None
    terms.sort(key=lambda term: term[0].id)
    one, other = terms[0], terms[-1]
    opposite = len(terms) == 2 and _are_opposite(one[1], other[1])
    facts: dict[str, Fact] = {"node": node, "one": one[0], "other": other[0], "terms": len(terms), "symptom": "zero"}
    if opposite and operation(one[0]) == "Sub" and _is_over_several(node, other[0]):
        return Cause("centred", Place(one[0].id), facts, "likely", (name,))
    if not node.edges and not (opposite and _is_one_sum(one[0], other[0])):
        return Cause("cancels at a leaf", Place(node.id), facts, "perhaps", (name,))
    kind = "ways of +1 and -1" if opposite else "gradients cancel"
    return Cause(kind, Place(one[0].id), facts, "proved", (name,))


def _is_over_several(node: Node, above: Node) -> bool:
    """Whether it takes elements together: over a single one a mean is that itself."""
    return operation(above) in COMMON and math.prod(above.shape) < math.prod(node.shape)


def _is_one_sum(outer: Node, inner: Node) -> bool:
    """Whether one term is put into the other, as in `x + (f(x) - x)`: such a sum means that a part of it is detached."""
    return any(edge.target == inner.id for edge in outer.edges)


def _are_opposite(one: Values | None, other: Values | None) -> bool:
    """Whether one is the other times -1, as far as numbers of both are known."""
    if one is None or other is None or len(one.numbers) != len(other.numbers):
        return False
    return all(math.isclose(a, -b, rel_tol=LEFT_BY_CANCELLING) for a, b in zip(one.numbers, other.numbers, strict=True))
