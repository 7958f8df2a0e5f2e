"""Which operation first made nan or infinity of good numbers, where the loss or a gradient shows it, and why?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings import witnessed
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.growth import growth
from gradtui.findings.record import Record
from gradtui.findings.unwitnessed.nonfinite import leads_to_output
from gradtui.findings.witnessed import NARROW
from gradtui.grad_fns import causes
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Node, Witness

BRANCHES = ("Where", "MaskedFill")
MOST_LOOKED_AT = 12
"""Nodes below a division among which the constant is looked for that should have kept its divisor off 0."""


def detect(record: Record) -> Iterator[Cause]:
    """Of a value that is not finite; and of one that only the gradients show, as its way to the loss is cut by a mask."""
    if not is_finite(record.snapshot.value):
        found = origin(record, {node.id for node in leads_to_output(record.graph)})
        if found is not None:
            nan = record.snapshot.value is not None and any(map(math.isnan, record.snapshot.value.numbers))
            yield explained(record, found, "nan" if nan else "infinite")
        return
    if record.bad and (found := behind_the_gradient(record)) is not None:
        yield explained(record, found, "gradient")


def before_it_raised(record: Record) -> Cause | None:
    """Of a step that raised as nan or infinity came in where they may not be: what made them."""
    found = next((one for one in record.witnesses("forward") if one.bad and not witnessed.is_given(one)), None)
    return None if found is None else explained(record, found, "raised")


def origin(record: Record, within: set[int]) -> Witness | None:
    """The first that went bad among these nodes; an infinity that was asked for only where there is nothing else."""
    there = [one for one in record.witnesses("forward") if one.node in within and one.bad]
    return next((one for one in there if not witnessed.is_given(one)), None)


def behind_the_gradient(record: Record) -> Witness | None:
    """Down from the first node that sent a bad gradient, along operands that are bad themselves."""
    first = next((one for one in record.witnesses("backward") if one.bad), None)
    if first is None or first.node is None:
        return None
    waiting, seen = [first.node], {first.node}
    while waiting:
        for edge in record.nodes[waiting.pop()].edges:
            target = edge.target
            if target is None or target in seen:
                continue
            value = record.nodes[target].value
            if value is None or not is_finite(value):
                seen.add(target)
                waiting.append(target)
    source = record.nodes[first.node].source
    whole = {node.id for node in record.nodes if source is not None and node.source == source}
    return origin(record, {place for place in seen | whole if not is_finite(record.nodes[place].value)})


def explained(record: Record, witness: Witness, symptom: str) -> Cause:
    """The cause, by what the witness saw; `proved` where its numbers show it."""
    node = witnessed.at_work(record, witness)
    facts = witnessed.facts_of(record, witness)
    kind, more, proved, remedy = _why(record, witness, node)
    facts |= more | {"symptom": symptom}
    branch = None if witness.node is None else _not_taken_by(record, record.nodes[witness.node])
    if symptom == "gradient" and branch is not None:
        facts |= {"branch": branch}
    about = record.bad if symptom == "gradient" else ()
    mask = facts.get("mask")
    place = Place(mask.id if isinstance(mask, Node) else witness.node, witness.source if node.id < 0 else None)
    return Cause(kind, place, facts, "proved" if proved else "likely", about, tuple(_evidence(witness)), remedy)


def _why(record: Record, witness: Witness, node: Node) -> tuple[str, dict[str, Fact], bool, str | None]:
    """Kind, further facts, whether it is proved, and another remedy than the usual one."""
    rows, name = witness.rows, witness.operation
    if rows.get("masked") and name in witnessed.SOFTMAX:
        counts: dict[str, Fact] = {"rows": rows["masked"], "all": rows["all"]}
        mask = next((one.node for one in record.witnesses("forward") if witnessed.is_given(one)), None)
        if mask is not None:
            return "softmax of a row masked by", counts | {"mask": record.nodes[mask]}, True, None
        return "softmax of a masked row", counts, True, None
    product = witnessed.product_of_zero(witness)
    if product is not None:
        given = any(witnessed.is_given(one) for one in record.witnesses("forward"))
        return ("0 times a mask" if given else "0 times inf"), {}, True, None
    data = witnessed.bad_data(witness)
    if data is not None:
        named = data.variable or ""
        return ("bad data by name" if named else "bad data"), {"name": named, **witnessed.bad_of(data)}, True, None
    if (
        node.dtype in NARROW
        and 0 in witnessed.numbers_of(witness)
        and (lost := _constant_lost(record, node)) is not None
    ):
        return "constant lost in half", {"constant": lost}, True, None
    table = witnessed.cause_of_value(witness)
    if table is not None and table.kind == "domain" and name == "pow":
        return "power of a negative number", {}, True, None
    if table is not None:
        form = witnessed.form(record, node) if table.kind != "domain" else ""
        said = table.why.format(a=_short(witness, 0), b=_short(witness, 1))
        return f"value: {table.kind}", {"why": said, "way": form or table.remedy}, True, None
    if name in witnessed.SPREADS and rows.get("single"):
        return "spread of one", {}, True, None
    if rows.get("empty"):
        return "mean of nothing", {}, True, None
    if name in witnessed.LOSSES:
        return "no label", {}, False, None
    if name in witnessed.ALIGNING:
        sound, words = (witnessed.number_of(witness, one) for one in ("input_lengths", "target_lengths"))
        too_long = sound is not None and words is not None and words > sound
        return "no alignment", {"sound": sound, "words": words}, too_long, None
    if name in witnessed.DETERMINANTS:
        return "determinant of 0", {}, True, None
    if name == "_weight_norm_interface" or name.startswith("_weight_norm"):
        return "weight norm of a row of zeros", {}, True, None
    if name in witnessed.ADDITIONS and witness.result is not None and math.isnan(witness.result):
        return "inf minus inf", {}, True, None
    if witness.result is not None and math.isinf(witness.result):
        return _overflow(record, witness, node)
    return "became nan", {}, False, None


def _overflow(record: Record, witness: Witness, node: Node) -> tuple[str, dict[str, Fact], bool, str | None]:
    """More than the dtype holds: by an exponential, in a narrow dtype, or since it grew step by step."""
    form = witnessed.form(record, node)
    if witnessed.holds_exponential(witness, node):
        way = form or causes.SMALLER_EXPONENT
        if node.dtype in NARROW:
            return "exponential overflows in half", {"way": way}, True, None
        return "exponential overflows", {"way": way}, True, None
    if node.dtype in NARROW:
        return "overflow in half", {}, True, None
    if (grown := growth(record, node)) is not None:
        return "grows to overflow", {"factor": grown.factor, "times": grown.times, "by": grown.node}, True, None
    if witness.operation.strip("_") not in witnessed.OVERFLOWING:
        return "became infinite", {}, False, None
    return "overflows", {"way": form or causes.SMALLER}, True, None


def _not_taken_by(record: Record, node: Node) -> Node | None:
    """What chose another branch, so that what became bad in this one is not seen behind it."""
    waiting, seen = [node.id], {node.id}
    while waiting and len(seen) < MOST_LOOKED_AT:
        for user, _ in record.uses[waiting.pop(0)]:
            above = record.nodes[user]
            if operation(above) in BRANCHES and is_finite(above.value):
                return above
            if user not in seen and not is_finite(above.value):
                seen.add(user)
                waiting.append(user)
    return None


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


def _short(witness: Witness, place: int) -> str:
    value = witnessed.numbers_of(witness)[place]
    return "" if value is None else f"{value + 0.0:.4g}"


def _evidence(witness: Witness) -> Iterator[tuple[str, dict[str, Fact]]]:
    if witness.bad:
        yield "bad elements", {"bad": witness.bad, "index": witnessed.index_of(witness)}
    for operand in witness.operands:
        if operand.number is None or operand.values is None:
            continue
        if operand.variable is not None:
            yield "number there", {"name": operand.variable, "number": operand.number}
        else:
            second = operand.name in witnessed.SECOND
            yield "second there" if second else "operand there", {"number": operand.number}
