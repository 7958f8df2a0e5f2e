"""What the numbers that a witness saw prove: why a value went bad, and which row of the tables of causes holds of them."""

from __future__ import annotations

import math

from gradtui.dtypes import NARROW
from gradtui.findings.cause import Fact, Facts, Part
from gradtui.findings.dtype_remedies import wider
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.not_finite import masks, overflow
from gradtui.findings.not_finite.witness import bad_data, bad_of, index_of, is_given, number_of, numbers_of
from gradtui.findings.operand_numbers import Seen
from gradtui.findings.reason_at_node import Reason, by_the_table
from gradtui.findings.record import Record
from gradtui.grad_fns import called_functions
from gradtui.grad_fns.singularities import FORWARD
from gradtui.snapshot.model import Node, Witness

MOST_LOOKED_AT = 12
"""Nodes below a division among which the constant is looked for that should have kept its divisor off 0."""
_BY_LOWER = {name.lower(): name for name in FORWARD}


def reason(record: Record, witness: Witness, node: Node) -> Reason:
    """Why the value went bad."""
    rows, name, facts = witness.rows, witness.operation, _facts(witness, node)
    if rows.get("masked") and called_functions.has(name, "softmax"):
        return masks.of_witness(record, witness, node, facts)
    if _is_product_of_zero(witness):
        given = any(is_given(one) for one in record.witnesses("forward"))
        return _proved("zero_times_inf", "0 times a mask" if given else "0 times inf", facts)
    data = bad_data(witness)
    if data is not None:
        named = "bad data by name" if data.variable else "bad data"
        return _proved("input", named, {**facts, "name": data.variable or "", **bad_of(data)})
    written = next((one.number for one in witness.operands if one.values is None and _is_bad(one.number)), None)
    if written is not None:
        return _proved("input", "bad constant", {"constant": written})
    if node.dtype in NARROW and 0 in numbers_of(witness) and (lost := _constant_lost(record, node)) is not None:
        return _proved("zero_by_zero", "constant lost in half", facts | {"constant": lost})
    table = FORWARD.get(_BY_LOWER.get(name.replace("_", "").lower(), ""), ())
    a, b = numbers_of(witness)
    by = by_the_table(table, Seen((a,), (b,), True), node, record.graph, record.uses)
    if by is not None:
        if by.kind != "zero_by_zero":
            return by
        return _proved(by.kind, "0/0", facts, stable_form(record.graph, record.uses, node, by.kind))
    return _by_rows(record, witness, node, facts)


def _by_rows(record: Record, witness: Witness, node: Node, facts: dict[str, Fact]) -> Reason:
    rows, name = witness.rows, witness.operation
    if called_functions.has(name, "spread") and rows.get("single"):
        return _proved("domain", "spread of one", facts)
    if rows.get("empty"):
        return _proved("zero_by_zero", "mean of nothing", facts)
    if called_functions.has(name, "labels"):
        return Reason("zero_by_zero", "no label", facts)
    if called_functions.has(name, "aligning"):
        sound, words = (number_of(witness, one) for one in ("input_lengths", "target_lengths"))
        too_long = sound is not None and words is not None and words > sound
        found = Reason("pole", "no alignment", {**facts, "sound": sound, "words": words})
        return found._replace(certainty="proved") if too_long else found
    if called_functions.has(name, "determinant") and witness.result == -math.inf:
        return _proved("pole", "determinant of 0", facts)
    if called_functions.has(name, "determinant") and witness.result is not None and math.isnan(witness.result):
        return Reason("domain", "determinant below 0", facts)
    if called_functions.has(name, "weight norm"):
        return _proved("zero_by_zero", "weight norm of a row of zeros", facts)
    if called_functions.has(name, "adding") and witness.result is not None and math.isnan(witness.result):
        is_mask = set(numbers_of(witness)) == {-math.inf} and any(is_given(one) for one in record.witnesses("forward"))
        return _proved("domain", "inf minus a mask" if is_mask else "inf minus inf", facts)
    if called_functions.has(name, "giving") and not witness.operands:
        return Reason("input", "infinite by a constant", facts)
    if witness.result is not None and math.isinf(witness.result):
        return overflow.reason(record, witness, node, facts)
    summed = overflow.of_a_sum(record, witness, node, facts) if called_functions.has(name, "summing") else None
    if summed is not None:
        return summed
    return Reason("domain", "became nan", facts)


def _proved(kind: str, name: str, facts: Facts, way: str = "") -> Reason:
    return Reason(kind, name, facts, way, "proved")  # type: ignore[arg-type]


def _is_bad(number: float | None) -> bool:
    return number is not None and not math.isfinite(number)


def _is_product_of_zero(witness: Witness) -> bool:
    """Whether one factor is 0 and the other infinite."""
    a, b = numbers_of(witness)
    if not called_functions.has(witness.operation, "product") or a is None or b is None:
        return False
    return {a == 0, b == 0} == {True, False} and (math.isinf(a) or math.isinf(b))


def _constant_lost(record: Record, node: Node) -> float | None:
    """A constant that was 0 as soon as it was put into the narrow dtype, among what made the divisor."""
    waiting, seen = [node.id], {node.id}
    lost = {one.node: one.operands[-1].number for one in record.snapshot.witnesses if one.rows.get("lost")}
    while waiting and len(seen) < MOST_LOOKED_AT:
        place = waiting.pop(0)
        if place in lost:
            return lost[place]
        for edge in record.nodes[place].edges:
            if edge.target is not None and edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)
    return None


def _facts(witness: Witness, node: Node) -> dict[str, Fact]:
    """What sentences may want to say of it."""
    a, b = (None if one is None else one + 0.0 for one in numbers_of(witness))
    index, elements = index_of(witness), math.prod(node.shape)
    many = Part("many of", {"bad": witness.bad, "elements": elements}) if elements > 1 else Part("its value")
    facts: dict[str, Fact] = {"a": a, "b": b, "index": index, "there": f" at {index}" if index else "", "many": many}
    return facts | {
        "dtype": node.dtype or "its dtype",
        "operation": witness.operation.strip("_"),
        "wider": wider(node.dtype),
    }
