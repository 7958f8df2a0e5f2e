"""Which node of the backward pass first sent nan or infinity though what it worked on was good, and why?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.dtypes import NARROW
from gradtui.findings import hooks
from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.dtype_remedies import wider
from gradtui.findings.not_finite import branches, locate, lost_bounds, senders, slopes
from gradtui.findings.not_finite.evidence import counts
from gradtui.findings.not_finite.witness import index_of
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has, replaces
from gradtui.graph.gradients import spread
from gradtui.graph.operands import element, first_bad, is_finite, operand_quote, operation, quote
from gradtui.snapshot.finding import Certainty, Kind
from gradtui.snapshot.model import Node, Values, Witness

COMPILED = "CompiledFunctionBackward"
INFINITE_SLOPES: tuple[Kind, ...] = ("vertical", "pole", "corner", "zero_by_zero", "domain")


def detect(record: Record) -> Iterator[Cause]:
    if record.snapshot.experiments:
        return
    if not record.is_explored:
        origin = locate.bad_value(record) if record.bad else None
        if not record.bad or (origin is not None and origin.node is not None):
            return
        witness = locate.bad_gradient(record)
        if witness is not None and witness.node is not None and is_finite(record.snapshot.value):
            found = _witnessed(record, witness, record.nodes[witness.node])
            if found is not None:
                yield lost_bounds.told(record, found)
                return
    first = locate.first_sender(record)
    if first is not None:
        yield lost_bounds.told(record, _by_numbers(record, *first))
    elif record.bad:
        yield Cause("bad gradient unseen", Place(), about=record.bad)


def _witnessed(record: Record, witness: Witness, node: Node) -> Cause | None:
    """None where nothing that was seen tells why."""
    if node.grad_output is not None and not is_finite(node.grad_output) and not witness.rows.get("equal"):
        return None  # a sum that overflowed, or a hook, before
    facts: dict[str, Fact] = {"node": node, "symptom": "gradient"}
    row = "sent bad" if witness.index else "sent bad number"
    evidence: tuple[tuple[str, Facts], ...] = ((row, {"bad": witness.bad, "index": index_of(witness)}),)
    if node.name.startswith(COMPILED):
        return Cause("bad gradient of compiled code", Place(node.id), facts, "proved", record.bad, evidence)
    if witness.rows.get("equal"):
        facts |= {"equal": witness.rows["equal"] + 1, "zero": witness.rows["zero"]}
        kind = "equal singular values" if has(operation(node), "singular values") else "equal eigenvalues"
        return Cause(kind, Place(node.id), facts, "proved", record.bad, evidence)
    if witness.rows.get("masked"):
        facts |= {"rows": witness.rows["masked"], "all": witness.rows["all"]}
        return Cause("logsumexp of a masked row", Place(node.id), facts, "proved", record.bad, evidence)
    found = slopes.witnessed(record, witness, node)
    if found is not None:
        if witness.came == 0 and witness.result is not None and math.isnan(witness.result):
            return _zero_times(record, node, found, None, ())
        return _cause(record, node, found, facts, evidence)
    narrow = _narrow(record, witness, node)
    if witness.result is not None and math.isinf(witness.result) and narrow is not None:
        facts |= {"dtype": narrow, "wider": wider(narrow)}
        return Cause("gradient overflows in half", Place(node.id), facts, "proved", record.bad, evidence)
    return None


def _by_numbers(record: Record, node: Node, edge: int | None) -> Cause:
    """By what is known of the operands, of all their elements or of the whole."""
    if edge is None or (record.is_explored and not is_finite(node.grad_output)):
        hooked = not record.is_explored and hooks.changed(record.graph, record.uses, node.id) is not None
        facts = _facts(record, node, None if edge is None else node.edges[edge].grad) | {
            "dtype": node.dtype,
            "wider": wider(node.dtype),
        }
        kind = "hook makes it bad" if hooked else "sum overflows"
        evidence = () if hooked or record.is_explored else tuple(counts(record, node))
        at_hook = Place(node.id, hooks.place(record.events, node) if hooked else None)
        return Cause(kind, at_hook, facts, _sure(record, "likely"), record.bad, evidence)
    sent, found = node.edges[edge].grad, slopes.reason(record, node, edge)
    assert sent is not None
    if record.is_explored:
        place = first_bad(sent) or 0
        if element(node.grad_output, place, len(sent.numbers)) == 0:
            return _zero_times(record, node, found, place, ())
        return _cause(record, node, found, _facts(record, node, sent), ())
    bad = spread(sent)
    evidence = (("sent bad of", {"bad": bad.nan + bad.inf, "of": bad.elements}), *counts(record, node))
    came = node.grad_output
    if bad.nan and came is not None and spread(came).zeros and found.kind in INFINITE_SLOPES:
        return _zero_times(record, node, found, None, evidence)
    return _cause(record, node, found, _facts(record, node, sent), evidence)


def _cause(
    record: Record, node: Node, found: Reason, facts: dict[str, Fact], evidence: tuple[tuple[str, Facts], ...]
) -> Cause:
    facts = {**found.as_facts(), **facts}
    return Cause(f"slope: {found.kind}", Place(node.id), facts, _sure(record, found.certainty), record.bad, evidence)


def _zero_times(
    record: Record, node: Node, found: Reason, place: int | None, evidence: tuple[tuple[str, Facts], ...]
) -> Cause:
    """A gradient of 0 met an infinite derivative: by a branch that was not taken, or whatever else sent the 0."""
    sender, by = senders.of_zeros(record, node, place)
    facts = {**found.as_facts(), **_facts(record, node, None)}
    certainty = _sure(record, found.certainty)
    if sender is not None and replaces(operation(sender)):
        named = operand_quote(record.graph, sender.edges[by]) if record.is_explored else ""
        culprit = locate.origin(record.graph, node) if record.is_explored else node
        facts |= {"branch": sender, "which": Part("named", {"name": named}) if named else ""}
        alone = not record.is_explored or branches.is_alone(record, sender, by, culprit)
        facts["way"] = Part(
            "double where" if alone else "double where of all", {"where": sender, "by": by, "culprit": culprit}
        )
        return Cause("branch not taken", Place(node.id), facts, certainty, record.bad, evidence)
    if sender is None or sender is node:
        kind = "0 times slope" if sender is None else "sum of 0 times slope"
        return Cause(kind, Place(node.id), facts, certainty, record.bad, evidence)
    named_sender: Fact = quote(sender) if record.is_explored else sender
    return Cause("0 times slope by", Place(node.id), facts | {"sender": named_sender}, certainty, record.bad, evidence)


def _facts(record: Record, node: Node, sent: Values | None) -> dict[str, Fact]:
    if record.is_explored:
        place = first_bad(sent)
        return {"node": node, "at": (place,) if place is not None and sent and len(sent.numbers) > 1 else ()}
    return {"node": node, "symptom": "gradient"}


def _sure(record: Record, certainty: Certainty) -> Certainty:
    """Of what is explored all numbers are known."""
    return "proved" if record.is_explored else certainty


def _narrow(record: Record, witness: Witness, node: Node) -> str | None:
    """The narrow dtype of what it sends, or works in; a cast sends what its operand is of."""
    target = node.edges[witness.edge].target if witness.edge is not None else None
    received = node.dtype if target is None else record.nodes[target].dtype
    return next((dtype for dtype in (received, node.dtype) if dtype in NARROW), None)
