"""Is what poisons a branch that was not taken all that would: does a safe operand there make the whole branch safe?"""

from __future__ import annotations

from gradtui.findings.operand_numbers import holds
from gradtui.findings.record import Record
from gradtui.grad_fns.singularities import BACKWARD
from gradtui.grad_fns.traits import has
from gradtui.graph.incoming_edges import above, below
from gradtui.graph.operands import element, is_finite, operand, operation, seen_value
from gradtui.snapshot.model import Node


def is_alone(record: Record, where: Node, by: int, culprit: Node) -> bool:
    """Of the branch at the edge `by` of `where`: that nothing but the culprit, and what is made of it, is singular there."""
    branch = where.edges[by].target
    within = below(record.graph, () if branch is None else (branch,))
    made_of_it = within & above(record.uses, culprit.id)
    return not any(
        _divides_by_0(record, record.nodes[place], made_of_it)
        if place in made_of_it
        else _is_singular(record, record.nodes[place])
        for place in within - {culprit.id}
    )


def _is_singular(record: Record, node: Node) -> bool:
    """Whether its value, or its derivative, is not finite at some element."""
    if not is_finite(node.value):
        return True
    count = len(node.value.numbers) if node.value is not None else 0
    first, second = (operand(record.graph, node, number) for number in (0, 1))
    return any(
        holds(row, (element(first, place, count), element(second, place, count)))
        for row in BACKWARD.get(operation(node), ())
        for place in range(count)
    )


def _divides_by_0(record: Record, node: Node, made_of_it: set[int]) -> bool:
    """By what is not made of the culprit."""
    if not has(operation(node), "dividing") or len(node.edges) < 2 or node.edges[1].target in made_of_it:
        return False
    divisor = seen_value(record.graph, node.edges[1])
    return divisor is not None and 0 in divisor.numbers
