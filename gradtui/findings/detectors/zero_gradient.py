"""At which node does the gradient of a leaf become 0 on every path, and why?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec.structs import replace

from gradtui.findings import hooks
from gradtui.findings.cause import Cause, Extent, Fact, Facts, Part, Place, elements
from gradtui.findings.detectors import bad_value
from gradtui.findings.learned import are_beside_a_model
from gradtui.findings.not_finite import locate
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.findings.zeros import (
    cancelling,
    dead_or_saturated,
    itself,
    recurrent_weights,
    second_derivative,
    zero_factor,
)
from gradtui.findings.zeros.dead_or_saturated import Lost
from gradtui.findings.zeros.first_zero import Killer
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.operands import is_finite, is_zero, operation, seen_value
from gradtui.snapshot.model import Node, Parameter


def detect(record: Record) -> Iterator[Cause]:
    snapshot = record.snapshot
    if record.is_explored and record.asked is None:
        return  # there each element is followed
    if not record.has_run or snapshot.problem is not None or snapshot.experiments or not is_finite(snapshot.value):
        return
    silent = dict(silent_leaves(record))
    second = second_derivative.cause(record, silent) if silent else None
    if second is not None:
        yield second
        silent = {name: killer for name, killer in silent.items() if name not in second.about}
    for name, killer in silent.items():
        found = _meant(record, of(record, name, killer))
        if not (record.is_expression and record.asked is None and found.certainty == "perhaps"):
            yield found


def silent_leaves(record: Record) -> Iterator[tuple[str, Killer]]:
    """Leaves in the graph at which nothing arrives, and who is to blame."""
    for name, leaf in record.wanted.items():
        if leaf.node is None or not _is_silent(record, leaf):
            continue
        killer = record.killers.get(leaf.node)
        if killer is not None or leaf.within:
            yield name, killer or Killer(leaf.node, None)


def of(record: Record, name: str, killer: Killer) -> Cause:
    """The cause for one leaf."""
    return (
        recurrent_weights.cause(record, name, killer)
        or itself.cause(record, name, killer)
        or cancelling.cause(record, name, killer)
        or _of_an_infinity(record, name, killer)
        or zero_factor.cause(record, name, killer)
        or second_derivative.of_one(record, name, killer)
        or _nearest(record, name, killer)
        or _by_the_node(record, name, killer)
    )


def _of_an_infinity(record: Record, name: str, killer: Killer) -> Cause | None:
    """A factor that is 0 since what it divides by, or the like, became infinite."""
    node = record.nodes[killer.node]
    factor = None if killer.edge is None else zero_factor.maker_of_0(record.graph, node, killer.edge)
    below = [] if factor is None else [record.nodes[edge.target] for edge in factor.edges if edge.target is not None]
    if factor is None or all(is_finite(one.value) for one in below):
        return None
    witness = locate.behind(record, factor.id)
    if witness is None:
        return None
    found = bad_value.witnessed(record, witness, "zero")
    behind = Part("makes 0 of it", {"node": factor})
    return replace(found, about=(name,), facts={**found.facts, "behind": behind})


def _by_the_node(record: Record, name: str, killer: Killer) -> Cause:
    node, edge = record.nodes[killer.node], killer.edge
    if edge is not None and (dead := zero_factor.dead_factor(record.graph, node, edge)) is not None:
        node, edge = dead, 0
    found = _of_a_sum(record, node) if edge is None else dead_or_saturated.reason(record, Lost(node, edge))
    facts: dict[str, Fact] = {**found.as_facts(), "node": node, "symptom": "zero"}
    seen, aside = tuple(_evidence(record, node, edge)), found.kind == "ordinary"
    source = hooks.place(record.events, node) if found.name in hooks.OF_HOOKS else None
    return Cause(f"zero: {found.kind}", Place(node.id, source), facts, found.certainty, (name,), seen, aside)


def _of_a_sum(record: Record, node: Node) -> Reason:
    if operation(node) == hooks.CHECKPOINT and not is_zero(node.grad_output):
        return Reason("zero", hooks.ZEROS_OF[hooks.CHECKPOINT])
    if hooks.changed(record.graph, record.uses, node.id) is not None:
        return Reason("zero", "hook of zeros")
    if node.id == 0:
        return Reason("zero", "starts with 0")
    return Reason("zero", "adds up to 0", certainty="perhaps")


def _evidence(record: Record, node: Node, edge: int | None) -> Iterator[tuple[str, Facts]]:
    if node.grad_output is not None and not is_zero(node.grad_output):
        yield "gradient comes in", {"norm": node.grad_output.norm}
    if edge is not None:
        if (values := seen_value(record.graph, node.edges[edge])) is not None:
            yield "operand without gradient", {"reach": Extent.of(values), "of": elements(math.prod(values.shape))}
        if node.edges[edge].grad is not None:
            yield "zeros go out", {}


def _meant(record: Record, found: Cause) -> Cause:
    """A leaf that is no parameter, as the place at which a penalty takes a gradient, is often meant to get none itself."""
    return replace(found, certainty="perhaps") if are_beside_a_model(found.about, record.leaves) else found


def _is_silent(record: Record, leaf: Parameter) -> bool:
    if leaf.grad is not None:
        return is_zero(leaf.grad)
    return leaf.node is not None and record.nodes[leaf.node].step is not None


def _nearest(record: Record, name: str, killer: Killer) -> Cause | None:
    """Of what takes the nearest element, by the setting that the node keeps."""
    node = record.nodes[killer.node]
    flat = traits_of(operation(node)).flat_setting
    if flat is None or killer.edge is None:
        return None
    settings = {
        operand.name: operand.number
        for witness in record.witnesses("backward")
        if witness.node == node.id
        for operand in witness.operands
    }
    if settings.get(flat[0]) != flat[1]:
        return None
    facts: dict[str, Fact] = {"node": node, "symptom": "zero"}
    return Cause("nearest", Place(node.id), facts, "proved", (name,))
