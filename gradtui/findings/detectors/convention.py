"""Is a gradient finite only by agreement, as that of x^y at 0^0?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.operand_numbers import at_element, holds
from gradtui.findings.record import Record
from gradtui.grad_fns.singularities import CONVENTIONS
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_finite, operand, operation
from gradtui.snapshot.model import Node


def detect(record: Record) -> Iterator[Cause]:
    """Of what is explored, where no gradient is bad."""
    if not record.is_explored or record.snapshot.experiments:
        return
    if any(not is_finite(edge.grad) for node in record.nodes if node.step is not None for edge in node.edges):
        return
    for node in record.nodes:
        cause = CONVENTIONS.get(operation(node))
        if cause is None or (has(operation(node), "power") and not _is_of_variables(node)):
            continue
        first = operand(record.graph, node, 0)
        count = 1 if first is None else len(first.numbers)
        each = (at_element(record.graph, node, place, count) for place in range(count))
        if any(holds(cause, (seen.first[0], seen.second[0])) for seen in each):
            facts: dict[str, Fact] = {"node": node, "why": cause.why, "way": in_dtype(cause.remedy, node.dtype)}
            yield Cause("convention", Place(node.id), facts)


def _is_of_variables(node: Node) -> bool:
    return len(node.edges) > 1 and None not in (node.edges[0].target, node.edges[1].target)
