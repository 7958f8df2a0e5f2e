"""Does all that the parameters get cancel, but for rounding, where ways from the loss meet, so that the loss does not move?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set

from gradtui.dtypes import NARROW
from gradtui.findings import hooks
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.softmax_and_norms import LEFT_BY_CANCELLING
from gradtui.graph.incoming_edges import below
from gradtui.graph.operands import is_finite, is_zero
from gradtui.snapshot.model import Node

SMALL = 1e-4
"""Where any leaf gets more, not all of it is rounding."""


def detect(record: Record) -> Iterator[Cause]:
    """Of what adds up to exactly 0 zero_gradient tells."""
    snapshot = record.snapshot
    if record.is_expression or record.is_explored or not record.has_run or record.bad or snapshot.experiments:
        return
    if snapshot.problem is not None or not is_finite(snapshot.value) or not record.nodes:
        return
    leaves = {leaf.node: name for name, leaf in record.leaves.items() if leaf.node is not None}
    if any((leaf.grad.finite_norm or 0.0) > SMALL for leaf in record.leaves.values() if leaf.grad is not None):
        return
    got = {place: name for place, name in leaves.items() if not is_zero(record.nodes[place].grad_output)}
    for node in record.nodes if got else ():
        terms = [*_terms(record, node)]
        if len(terms) > 1 and got.keys().isdisjoint(_beside(record, node.id)):
            facts: dict[str, Fact] = {"node": node, "one": terms[0], "other": terms[-1], "terms": len(terms)}
            yield Cause("cancels but for rounding", Place(terms[0].id), facts, "likely", tuple(got.values()))
            return


def of_layer(record: Record, place: int) -> Cause | None:
    """The same of the one leaf at this node, where others learn."""
    for node in record.nodes:
        terms = [*_terms(record, node)]
        if len(terms) > 1 and place not in _beside(record, node.id):
            below_it = below(record.graph, (node.id,))
            about = (name for name, leaf in record.leaves.items() if leaf.node in below_it)
            facts: dict[str, Fact] = {"node": node, "one": terms[0], "other": terms[-1], "terms": len(terms)}
            return Cause("cancels in a part", Place(terms[0].id), facts, "likely", tuple(about))
    return None


def _terms(record: Record, node: Node) -> Iterator[Node]:
    """Those that send what cancels at this node, but for rounding, the nearest to the loss first."""
    left = node.grad_output.finite_norm if node.grad_output is not None and node.dtype not in NARROW else None
    if not left or not node.edges or len(record.uses[node.id]) < 2:
        return
    sent = [(user, record.nodes[user].edges[place].grad) for user, place in record.uses[node.id]]
    norms = {user: grad.finite_norm or 0.0 for user, grad in sent if grad is not None}
    largest = max(norms.values(), default=0.0)
    if (
        math.isfinite(largest)
        and left < LEFT_BY_CANCELLING * largest
        and not hooks.changed(record.graph, record.uses, node.id)
    ):
        yield from (record.nodes[user] for user in sorted(norms) if norms[user] > LEFT_BY_CANCELLING * largest)


def _beside(record: Record, node: int) -> Set[int]:
    """The nodes that get a gradient by a way that does not go through this one."""
    waiting = [root for root in record.graph.roots if root != node]
    seen = {*waiting}
    while waiting:
        for edge in record.nodes[waiting.pop()].edges:
            if edge.target is not None and edge.target != node and edge.target not in seen and edge.grad is not None:
                seen.add(edge.target)
                waiting.append(edge.target)
    return seen
