"""Which operation first made nan or infinity of good numbers, where the loss or a gradient shows it, and why?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.not_finite import by_numbers, evidence, locate, lost_bounds, underflow
from gradtui.findings.not_finite.by_witness import reason
from gradtui.findings.not_finite.locate import Origin
from gradtui.findings.not_finite.witness import at_work, is_given_logarithms, seen_going_bad
from gradtui.findings.record import Record
from gradtui.findings.zeros import zero_factor
from gradtui.grad_fns import called_functions
from gradtui.grad_fns.traits import has, replaces
from gradtui.graph.gradients import spread
from gradtui.graph.incoming_edges import first_use
from gradtui.graph.operands import first_bad, is_finite, operation, seen_value
from gradtui.snapshot.model import Node, Values, Witness

MOST_LOOKED_AT = 12
"""Nodes above a value among which one is looked for that does not take it."""


def detect(record: Record) -> Iterator[Cause]:
    """Of a value that is not finite; and of one that only the gradients show, as its way to the loss is cut by a mask."""
    origin = locate.bad_value(record)
    if origin is None:
        return
    if origin.node is None:
        yield Cause("bad value unseen", Place(), {"output": origin.symptom})
    elif origin.witness is not None:
        yield lost_bounds.told(record, witnessed(record, origin.witness, origin.symptom))
    else:
        yield lost_bounds.told(record, _by_numbers(record, origin.node, origin))


def witnessed(record: Record, witness: Witness, symptom: str) -> Cause:
    """The cause, by what the witness saw; `proved` where its numbers show it."""
    node = at_work(record, witness)
    found = reason(record, witness, node)
    facts: dict[str, Fact] = {**underflow.facts(record, node, found), "node": node, "symptom": symptom}
    mask = found.facts.get("mask")
    branch = None if witness.node is None else _not_taken_by(record, record.nodes[witness.node])
    if symptom == "gradient" and branch is not None:
        facts |= _behind(branch)
    elif (product := _becomes_nan_in(record, witness)) is not None:
        facts["behind"] = Part("0 times that", {"product": product, "result": witness.result})
        if called_functions.has(witness.operation, "logarithm"):
            facts["way"] = Part("0 times a logarithm", {"way": facts["way"]})
    elif node.id < 0 and found.kind != "input" and symptom != "raised":  # of a step that raised it is not known
        facts["behind"] = Part("cut off since" if witness.rows.get("learned") else "in the data")
    if is_given_logarithms(record, witness):
        facts["way"] = Part("no logarithms as a target")
    about = record.bad if symptom == "gradient" else ()
    place = Place(mask.id if isinstance(mask, Node) else witness.node, witness.source if node.id < 0 else None)
    if isinstance(mask, Node):
        facts["node"] = mask
    seen = (*evidence.at_element(witness), *_softmax_of_it(record, witness, found.kind))
    return Cause(f"value: {found.kind}", place, facts, found.certainty, about, seen)


def _behind(branch: Node) -> Facts:
    return {"branch": branch, "behind": Part("not taken by", {"branch": branch})}


def _softmax_of_it(record: Record, witness: Witness, kind: str) -> Iterator[tuple[str, Facts]]:
    """Of an overflow, what a softmax made of it later: nan, in rows of -inf alone."""
    seen = list(record.witnesses("forward")) if kind == "overflow" else []
    later = seen[seen.index(witness) + 1 :] if witness in seen else []
    made = next((one for one in later if one.rows.get("masked") and one.node is not None), None)
    if made is not None and made.node is not None:
        yield (
            "softmax of it",
            {"softmax": record.nodes[made.node], "rows": made.rows["masked"], "all": made.rows["all"]},
        )


def _by_numbers(record: Record, node: Node, origin: Origin) -> Cause:
    found = by_numbers.reason(record, node)
    facts: dict[str, Fact] = {**found.as_facts(), "node": node, "symptom": origin.symptom}
    shown: tuple[tuple[str, Facts], ...] = ()
    if record.is_explored:
        assert node.value is not None
        if len(node.value.numbers) > 1:
            facts["at"] = (first_bad(node.value) or 0,)
        facts["behind"] = Part(_seen_of_it(record))
    else:
        shown = tuple(evidence.counts(record, node))
        if origin.symptom == "gradient" and (branch := _not_taken_by(record, node)) is not None:
            facts |= _behind(branch)
    exact = record.is_explored and seen_going_bad(record, node) is None
    certainty = "proved" if exact else found.certainty
    place = Place(node.id, None if node.edges else first_use(record.graph, record.uses, node))
    return Cause(f"value: {found.kind}", place, facts, certainty, (), shown)


def _seen_of_it(record: Record) -> str:
    """What a person sees of it further on."""
    value = record.snapshot.value
    gradients = all(is_finite(state.grad) for state in record.snapshot.variables.values())
    if is_finite(value):
        return "f and its gradient do not show it" if gradients else "f does not show it"
    if value is not None and all(map(math.isnan, value.numbers)) and gradients:
        return "a finite gradient is no derivative"
    return "nothing"


def _becomes_nan_in(record: Record, witness: Witness) -> Node | None:
    """Of an infinity the product above it that makes nan of it, which only a factor of 0 does."""
    if witness.result is None or not math.isinf(witness.result) or witness.node is None:
        return None
    waiting, seen = [witness.node], {witness.node}
    while waiting and len(seen) < MOST_LOOKED_AT:
        place = waiting.pop(0)
        if not _is_infinite(record.nodes[place].value):
            continue
        for user, edge in record.uses[place]:
            above = record.nodes[user]
            partner = zero_factor.partner(above, edge)
            other = None if partner is None else seen_value(record.graph, partner)
            if has(operation(above), "multiplying") and _has_nan(above.value) and not _has_nan(other):
                return above
            if user not in seen:
                seen.add(user)
                waiting.append(user)
    return None


def _is_infinite(values: Values | None) -> bool:
    return values is not None and not is_finite(values) and not _has_nan(values)


def _has_nan(values: Values | None) -> bool:
    return values is not None and bool(spread(values).nan)


def _not_taken_by(record: Record, node: Node) -> Node | None:
    """What chose another branch, so that what became bad in this one is not seen behind it."""
    waiting, seen = [node.id], {node.id}
    while waiting and len(seen) < MOST_LOOKED_AT:
        for user, _ in record.uses[waiting.pop(0)]:
            above = record.nodes[user]
            if replaces(operation(above)) and is_finite(above.value):
                return above
            if user not in seen and not is_finite(above.value):
                seen.add(user)
                waiting.append(user)
    return None
