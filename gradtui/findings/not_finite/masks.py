"""Infinities that a constant brings in, as a mask does, and what a softmax makes of a row of them."""

from __future__ import annotations

from gradtui.findings.cause import Fact, Facts
from gradtui.findings.not_finite.locate import leads_to_output, when_made
from gradtui.findings.not_finite.witness import is_given
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node, Witness


def reason(record: Record, node: Node, facts: dict[str, Fact]) -> Reason:
    """Infinities of small operands: a constant brought them in. No fault of its own; what a softmax makes of it may be."""
    if any(edge.target is not None and _is_one_call(node, record.nodes[edge.target]) for edge in node.edges):
        return Reason("pole", "infinite inside", facts)
    after = [
        other
        for other in leads_to_output(record.graph)
        if has(operation(other), "softmax") and other.value is not None and when_made(other) > when_made(node)
    ]
    softmax = min(after, key=when_made, default=None)
    if softmax is None or softmax.value is None or not (nan := spread(softmax.value).nan):
        return Reason("input", "infinite by a constant", facts)
    rows = nan // softmax.shape[-1] if softmax.shape else nan
    return Reason("masked", "rows of nan behind a mask", {"rows": max(rows, 1), "softmax": softmax})


def of_witness(record: Record, witness: Witness, node: Node, facts: Facts) -> Reason:
    """A softmax of which a witness saw rows that are masked throughout: how many, and by which mask."""
    facts = {**facts, "rows": witness.rows["masked"], "all": witness.rows["all"], "softmax": node}
    mask = next((one.node for one in record.witnesses("forward") if is_given(one)), None)
    if mask is None:
        return Reason("masked", "softmax of a masked row", facts, certainty="proved")
    return Reason("masked", "softmax of a row masked by", {**facts, "mask": record.nodes[mask]}, certainty="proved")


def _is_one_call(node: Node, other: Node) -> bool:
    """Whether both are parts of what the person called: then it is no mask of theirs."""
    return node.source is not None and node.source == other.source


def hidden_softmax(record: Record, node: Node) -> Node | None:
    """Among the nodes that make the operand of `node`, and whose values were not seen, a softmax."""
    waiting, seen = [node.id], {node.id}
    while waiting:
        for edge in record.nodes[waiting.pop()].edges:
            if edge.target is not None and edge.target not in seen and record.nodes[edge.target].value is None:
                if has(operation(record.nodes[edge.target]), "softmax"):
                    return record.nodes[edge.target]
                seen.add(edge.target)
                waiting.append(edge.target)
    return None
