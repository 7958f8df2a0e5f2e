"""What the numbers that a witness saw prove: why a value went bad, and which row of the tables of causes holds of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Extent, Fact, Facts, Part
from gradtui.findings.dtypes import NARROW
from gradtui.findings.growth import growth
from gradtui.findings.reason import Reason, by_the_table, stable_form
from gradtui.findings.record import Record
from gradtui.findings.seen import Seen
from gradtui.grad_fns import functions
from gradtui.grad_fns.causes import FORWARD, SMALLER, SMALLER_EXPONENT
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operand, operation
from gradtui.snapshot.model import Node, Operand, Witness

SECOND = ("other", "exponent")
FIRST = ("self", "input", "vec1")
MOST_LOOKED_AT = 12
"""Nodes below a division among which the constant is looked for that should have kept its divisor off 0."""
_BY_LOWER = {name.lower(): name for name in FORWARD}


def operand_of(witness: Witness, names: tuple[str, ...]) -> Operand | None:
    return next((one for one in witness.operands if one.name in names), None)


def _number(witness: Witness, name: str) -> float | None:
    return next((one.number for one in witness.operands if one.name == name), None)


def at_work(record: Record, witness: Witness) -> Node:
    """The node that it is of. What came about without a gradient has none, and stands for one: its id is below 0."""
    node = None if witness.node is None else record.nodes[witness.node]
    if node is not None and (witness.source is None or witness.phase == "backward" or node.source == witness.source):
        return node
    values = next((one.values for one in witness.operands if one.values is not None), None)
    shape = () if values is None else values.shape
    return Node(-1, witness.operation, shape, "", "", None, None, (), source=witness.source, module=witness.module)


def is_second(operand: Operand) -> bool:
    return operand.name in SECOND


def numbers_of(witness: Witness) -> tuple[float | None, float | None]:
    """Of the first and the second operand at the bad element, as far as they are known."""
    first, second = operand_of(witness, FIRST), operand_of(witness, SECOND)
    return None if first is None else first.number, None if second is None else second.number


def index_of(witness: Witness) -> str:
    return f"[{', '.join(map(str, witness.index))}]" if witness.index else ""


def is_given(witness: Witness) -> bool:
    """Whether what it brought in are infinities that were asked for."""
    if witness.result is None or math.isnan(witness.result):
        return False
    if witness.result > 0 and functions.has(witness.operation, "adding"):
        return False  # a mask is -inf
    data = bad_data(witness)
    return functions.has(witness.operation, "giving") or (
        functions.has(witness.operation, "adding") and data is not None
    )


def bad_data(witness: Witness) -> Operand | None:
    """An operand without a gradient in which there is nan, or an infinity."""
    return next(
        (one for one in witness.operands if not one.carries and one.values is not None and not is_finite(one.values)),
        None,
    )


def reason(record: Record, witness: Witness, node: Node) -> Reason:
    """Why the value went bad."""
    rows, name, facts = witness.rows, witness.operation, _facts(witness, node)
    if rows.get("masked") and functions.has(name, "softmax"):
        facts |= {"rows": rows["masked"], "all": rows["all"], "softmax": node}
        mask = next((one.node for one in record.witnesses("forward") if is_given(one)), None)
        if mask is not None:
            return _proved("masked", "softmax of a row masked by", facts | {"mask": record.nodes[mask]})
        return _proved("masked", "softmax of a masked row", facts)
    if _is_product_of_zero(witness):
        given = any(is_given(one) for one in record.witnesses("forward"))
        return _proved("zero_times_inf", "0 times a mask" if given else "0 times inf", facts)
    data = bad_data(witness)
    if data is not None:
        named = "bad data by name" if data.variable else "bad data"
        return _proved("input", named, {**facts, "name": data.variable or "", **_bad_of(data)})
    if node.dtype in NARROW and 0 in numbers_of(witness) and (lost := _constant_lost(record, node)) is not None:
        return _proved("zero_by_zero", "constant lost in half", facts | {"constant": lost})
    table = FORWARD.get(_BY_LOWER.get(name.replace("_", "").lower(), ""), ())
    a, b = numbers_of(witness)
    by = by_the_table(table, Seen((a,), (b,), True), node, record.graph, record.uses)
    if by is not None:
        said = {"domain": "power of a negative number" if name == "pow" else "", "zero_by_zero": "0/0"}.get(by.kind)
        return _proved(by.kind, said, facts) if said else by
    return _by_rows(record, witness, node, facts)


def _by_rows(record: Record, witness: Witness, node: Node, facts: dict[str, Fact]) -> Reason:
    rows, name = witness.rows, witness.operation
    if functions.has(name, "spread") and rows.get("single"):
        return _proved("domain", "spread of one", facts)
    if rows.get("empty"):
        return _proved("zero_by_zero", "mean of nothing", facts)
    if functions.has(name, "labels"):
        return Reason("zero_by_zero", "no label", facts)
    if functions.has(name, "aligning"):
        sound, words = (_number(witness, one) for one in ("input_lengths", "target_lengths"))
        too_long = sound is not None and words is not None and words > sound
        found = Reason("pole", "no alignment", {**facts, "sound": sound, "words": words})
        return found._replace(certainty="proved") if too_long else found
    if functions.has(name, "determinant"):
        return _proved("pole", "determinant of 0", facts)
    if functions.has(name, "weight norm"):
        return _proved("zero_by_zero", "weight norm of a row of zeros", facts)
    if functions.has(name, "adding") and witness.result is not None and math.isnan(witness.result):
        return _proved("domain", "inf minus inf", facts)
    if witness.result is not None and math.isinf(witness.result):
        return _overflow(record, witness, node, facts)
    return Reason("domain", "became nan", facts)


def _overflow(record: Record, witness: Witness, node: Node, facts: dict[str, Fact]) -> Reason:
    """More than the dtype holds: by an exponential, in a narrow dtype, or since it grew step by step."""
    form = stable_form(record.graph, record.uses, node)
    if functions.has(witness.operation, "exponential") or has(operation(node), "exponential"):
        name = "exponential overflows in half" if node.dtype in NARROW else "exponential overflows"
        return _proved("overflow", name, facts | {"form": form or SMALLER_EXPONENT})
    if node.dtype in NARROW:
        return _proved("overflow", "overflow in half", facts)
    if (grown := growth(record, node)) is not None:
        facts |= {"factor": grown.factor, "times": grown.times, "by": grown.node}
        return _proved("overflow", "grows to overflow", facts)
    if not functions.has(witness.operation, "overflowing"):
        return Reason("domain", "became infinite", facts)
    return _proved("overflow", "overflows", facts, form or SMALLER)


def _proved(kind: str, name: str, facts: Facts, way: str = "") -> Reason:
    return Reason(kind, name, facts, way, "proved")  # type: ignore[arg-type]


def _is_product_of_zero(witness: Witness) -> bool:
    """Whether one factor is 0 and the other infinite."""
    a, b = numbers_of(witness)
    if not functions.has(witness.operation, "product") or a is None or b is None:
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
    index, name = index_of(witness), witness.operation.strip("_")
    facts: dict[str, Fact] = {"a": a, "b": b, "bad": witness.bad, "index": index, "operation": name}
    return facts | {"dtype": node.dtype or "its dtype", "elements": math.prod(node.shape)}


def _bad_of(operand: Operand) -> Facts:
    """How many of its elements are bad, and what they are."""
    assert operand.values is not None
    found = spread(operand.values)
    return {"what": "nan" if found.nan else "inf", "count": found.nan or found.inf, "of": found.elements}


def counts(record: Record, node: Node) -> Iterator[tuple[str, Facts]]:
    """What is known of the operands and of the result, where nobody saw the element."""
    named = [("operand counted", operand(record.graph, node, 0)), ("second counted", operand(record.graph, node, 1))]
    for name, values in (*named, ("value counted", node.value)):
        if values is not None:
            found = spread(values)
            counted: dict[str, Fact] = {"reach": Extent.of(values), "of": found.elements}
            for what, count in (("zeros", found.zeros), ("nan", found.nan), ("inf", found.inf)):
                counted[what] = Part(f"{what} counted", {"count": count}) if count else ""
            yield name, counted
