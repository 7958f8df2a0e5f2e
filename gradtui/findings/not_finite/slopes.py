"""Why a derivative is not finite though a finite gradient came in: of a witness, of each element, or of the extremes."""

from __future__ import annotations

from gradtui.dtypes import NARROW
from gradtui.findings import hooks
from gradtui.findings.cause import Fact, Part
from gradtui.findings.dtype_remedies import LARGEST, in_dtype, wider
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.not_finite import by_numbers, locate, too_large
from gradtui.findings.not_finite.witness import numbers_of, operand_of
from gradtui.findings.operand_numbers import Seen, at_element, extremes
from gradtui.findings.reason_at_node import Reason, by_the_table
from gradtui.findings.record import Record
from gradtui.grad_fns.singularities import BACKWARD, BY_THE_EXPONENT
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import (
    element,
    first_bad,
    is_finite,
    operand,
    operand_number,
    operand_quote,
    operation,
    seen_value,
)
from gradtui.snapshot.finding import Kind
from gradtui.snapshot.model import Node, Values, Witness


def witnessed(record: Record, witness: Witness, node: Node) -> Reason | None:
    """By what was seen at the element; of a function that keeps its result, that tells where it is at an end."""
    (a, b), name = numbers_of(witness), operation(node)
    kept = operand_of(witness, ("result",))
    if a is None and kept is not None and kept.number is not None and has(name, "ending at 0"):
        ends = kept.number == 0 or abs(kept.number) == float("inf")
        a, b = (0.0 if ends else None), None
    if has(name, "dividing") and a is None and b == 0:
        a = float("nan")
    by_exponent = has(name, "power") and (witness.edge == 1 or operand_number(node, 0) == 1)
    rows = BACKWARD.get(BY_THE_EXPONENT if by_exponent else name, ())
    return by_the_table(rows, Seen((a,), (b,), True), node, record.graph, record.uses)


def reason(record: Record, node: Node, edge: int) -> Reason:
    """Why the derivative by the operand at `edge` is not finite."""
    graph, name, number = record.graph, operation(node), operand_number(node, edge)
    seen = _seen(record, node, edge)
    other = operand(graph, node, 1 - number) if number in (0, 1) else None
    if has(name, "multiplying") and other is not None and not is_finite(other) and record.is_explored:
        return _by_the_other_factor(record, node, edge, seen)
    by_exponent = has(name, "power") and number == 1 and record.is_explored
    rows = BACKWARD.get(BY_THE_EXPONENT if by_exponent else name, ())
    by = by_the_table(rows, seen, node, graph, record.uses)
    if by is not None:
        return by
    if record.is_explored:
        return _exact(record, node, edge)
    return _by_its_kind(record, node, edge, other)


def _seen(record: Record, node: Node, edge: int) -> Seen:
    if not record.is_explored:
        return extremes(record.graph, node)
    sent = node.edges[edge].grad
    return at_element(record.graph, node, first_bad(sent) or 0, len(sent.numbers) if sent else 1)


def _by_the_other_factor(record: Record, node: Node, edge: int, seen: Seen) -> Reason:
    """Of a product, that is not finite itself: the cause is where that was made."""
    value = (seen.second, seen.first)[operand_number(node, edge)][0]
    quoted = operand_quote(record.graph, node.edges[1 - edge]) if len(node.edges) > 1 else ""
    made = by_numbers.reason(record, locate.origin(record.graph, node))
    facts: dict[str, Fact] = {"other": quoted, "value": value}
    return Reason(made.kind, "the other factor", facts, _way(made), "proved")


def _exact(record: Record, node: Node, edge: int) -> Reason:
    sent = node.edges[edge].grad
    if not is_finite(node.value):
        made = by_numbers.reason(record, locate.origin(record.graph, node))
        value, place = node.value, first_bad(sent) or 0
        if value is not None and sent is not None and len(value.numbers) != len(sent.numbers):  # spread over a vector
            place = first_bad(value) or 0
        count = len(value.numbers) if value is not None else 1
        form = stable_form(record.graph, record.uses, node, made.kind)
        return Reason(made.kind, "value and derivative", {"value": _at(value, place, count)}, form or _way(made))
    return too_large.reason(record, node, _seen(record, node, edge))


def _by_its_kind(record: Record, node: Node, edge: int, other: Values | None) -> Reason:
    """By what is known of its value and of its operands."""
    name, graph = operation(node), record.graph
    first = operand(graph, node, 0)
    if has(name, "power") and first is not None and spread(first).zeros:
        return Reason("vertical", "power of 0", way=in_dtype(BACKWARD["Pow"][0].remedy, node.dtype))
    if has(name, "dividing") and operand_number(node, edge) == 0 and other is None and len(node.edges) == 1:
        return Reason("pole", "divides by what is not known")
    if node.value is not None and not is_finite(node.value):
        if any(not is_finite(seen_value(graph, edge)) for edge in node.edges):
            return Reason("nonfinite", "already its operand")
        made = by_numbers.reason(record, node)
        why = Part(made.name, made.facts)
        return Reason(made.kind, "already its value", {"value": why}, _way(made))
    if other is not None and not is_finite(other):
        return Reason("input", "other factor is bad")
    if name == hooks.MODULE_HOOK:
        return Reason("nonfinite", "module hook")
    if name == hooks.CHECKPOINT:
        return Reason("nonfinite", "bad within a checkpoint")
    target = node.edges[edge].target
    received = node.dtype if target is None else record.nodes[target].dtype  # a cast sends what its operand is of
    narrow = next((dtype for dtype in (received, node.dtype) if dtype in NARROW), None)
    if narrow is not None and _can_overflow(record, node, edge):
        return Reason(
            "overflow",
            "sends too much in half",
            {"dtype": narrow, "most": f", {LARGEST[narrow]}", "wider": wider(narrow)},
        )
    if too_large.is_seen(record, node, edge):
        return too_large.reason(record, node, _seen(record, node, edge))
    fault: Kind = "overflow" if has(name, "exponential") else "pole"
    return Reason("nonfinite", "derivative is bad", way=stable_form(graph, record.uses, node, fault))


def _can_overflow(record: Record, node: Node, edge: int) -> bool:
    """Whether what it works on is finite, as far as is known: without a trace neither its value nor its operands are, and nan may
    have been in them before."""
    sent = node.edges[edge].grad
    return node.value is not None or (is_finite(record.snapshot.value) and sent is not None and spread(sent).inf > 0)


def _at(numbers: Values | None, place: int, count: int) -> float | None:
    return element(numbers, place, count)


def _way(made: Reason) -> str:
    return made.way
