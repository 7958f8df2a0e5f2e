"""Why a value is not finite though the numbers that it was made of are: by a witness of what is explored, else by numbers."""

from __future__ import annotations

import math

from gradtui.dtypes import NARROW
from gradtui.findings.cause import Fact, Part
from gradtui.findings.dtype_remedies import LARGEST, in_dtype, wider
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.not_finite import by_witness, locate, masks
from gradtui.findings.not_finite.unseen_operands import are_known, brings_it_in, is_below, is_partly_unseen
from gradtui.findings.not_finite.witness import at_work, seen_going_bad
from gradtui.findings.operand_numbers import at_element, extremes
from gradtui.findings.reason_at_node import Reason, by_the_table
from gradtui.findings.record import Record
from gradtui.grad_fns.singularities import FORWARD, SMALLER, SMALLER_EXPONENT
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.gradients import Spread, spread
from gradtui.graph.operands import (
    first_bad,
    is_finite,
    operand,
    operand_number,
    operand_quote,
    operation,
)
from gradtui.snapshot.model import Node, Values

SMALL = 1e37
"""No sum of two numbers that are smaller overflows in float32."""


def reason(record: Record, node: Node) -> Reason:
    """By the numbers of the bad element where all are known, else by the extremes of its operands and of its own."""
    assert node.value is not None
    if record.is_explored and (witness := seen_going_bad(record, node)) is not None:
        return by_witness.reason(record, witness, at_work(record, witness))
    if not node.edges:
        return Reason("input", "bad variable" if record.is_explored else "bad leaf", _many(spread(node.value)))
    constant = _bad_constant(record, node)
    if constant is not None:
        return Reason("input", "bad constant", {"constant": constant}, certainty="proved")
    place = first_bad(node.value)
    if record.is_explored and place is not None:
        seen = at_element(record.graph, node, place, len(node.value.numbers))
    else:
        seen = extremes(record.graph, node)
    found = spread(node.value)
    rows = FORWARD.get(operation(node), ())
    by = by_the_table(rows, seen, node, record.graph, record.uses, bool(found.nan))
    if by is not None:
        return by
    if seen.exact and place is not None and not is_partly_unseen(record, node):
        nan = math.isnan(node.value.numbers[place])
        return (
            Reason("domain", "no value there", certainty="proved") if nan else _overflow(record, node, "it overflows")
        )
    return _by_its_kind(record, node, found)


def _by_its_kind(record: Record, node: Node, found: Spread) -> Reason:
    """By what its operation can do, and as far as what is known of its operands allows it."""
    graph, name, facts = record.graph, operation(node), _many(found)
    first, second = operand(graph, node, 0), operand(graph, node, 1)
    if has(name, "spread") and first is not None and math.prod(first.shape) == found.elements:
        return Reason("domain", "spread of one", certainty="proved")
    if has(name, "mean") and 0 in locate.operand_shape(graph, node):
        return Reason("zero_by_zero", "mean of nothing", certainty="proved")
    if has(name, "labels"):
        return Reason("zero_by_zero", "no label")
    if found.nan and name == "Pow" and first is not None and is_finite(first):
        return Reason("domain", "power of a negative number unseen")
    if name == "Div" and second is None and first is not None and is_finite(first) and _is_by_0(found, first):
        return Reason("zero_by_zero", "0/0 by what is not known")
    if found.nan and traits_of(name).joins and are_known(record, node):
        return Reason("input", "unseen data", facts)
    if found.inf and node.dtype not in NARROW and brings_it_in(record, node):
        return Reason("input", "unseen data infinite", facts)
    if (softmax := masks.hidden_softmax(record, node)) is not None:
        return Reason("masked", "hidden softmax", {**facts, "softmax": softmax})
    if found.nan and not found.inf:
        return Reason("domain", "became nan unseen", facts)
    if node.dtype in NARROW or has(name, "exponential"):
        return _overflow(record, node, "overflowed")
    if has(name, "masking") and all(_is_small(values) for values in (first, second) if values is not None):
        return masks.reason(record, node, facts)
    if has(name, "dividing") and second is None:
        return Reason("pole", "division by what is not known", facts)
    return _overflow(record, node, "overflowed")


def _overflow(record: Record, node: Node, name: str) -> Reason:
    """It is infinite: more than its dtype holds."""
    exponential = has(operation(node), "exponential")
    form = stable_form(record.graph, record.uses, node, "overflow")
    facts: dict[str, Fact] = {"dtype": node.dtype, "most": LARGEST.get(node.dtype, ""), "wider": wider(node.dtype)}
    facts |= _many(_spread_of(node))
    if record.is_explored and not is_partly_unseen(record, node):
        return Reason(
            "overflow",
            name,
            facts,
            form or (SMALLER_EXPONENT if exponential else in_dtype(SMALLER, node.dtype)),
            "proved",
        )
    if node.dtype in NARROW or exponential:
        return Reason("overflow", name, facts, form or (SMALLER_EXPONENT if exponential else ""))
    return Reason("overflow", "overflowed in training", facts)


def _bad_constant(record: Record, node: Node) -> str | None:
    for place, edge in enumerate(node.edges):
        number = operand_number(node, place)
        if edge.target is None and edge.constant is not None and not is_finite(operand(record.graph, node, number)):
            return operand_quote(record.graph, edge)
    return None


def _is_by_0(quotient: Spread, dividend: Values) -> bool:
    """Whether all that is nan can have come of zeros of the dividend."""
    found = spread(dividend)
    return quotient.nan > 0 and (quotient.nan <= found.zeros or found.zeros == found.elements)


def _is_small(values: Values) -> bool:
    return is_below(values, SMALL)


def _spread_of(node: Node) -> Spread:
    assert node.value is not None
    return spread(node.value)


def _many(found: Spread) -> dict[str, Fact]:
    """How many of the elements."""
    bad = found.nan + found.inf
    part = Part("many of", {"bad": bad, "elements": found.elements}) if found.elements > 1 else Part("its value")
    return {"many": part, "bad": bad, "elements": found.elements}
