"""Is a gradient far too large, or next to nothing, and what on the way from the loss makes it so? Or is a layer of which nearly
nothing lets one through?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from gradtui.findings import layer_sizes, loss_terms, mostly_saturated, size_changes
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.detectors import constant_loss
from gradtui.findings.layer_sizes import Layer
from gradtui.findings.learned import are_beside_a_model
from gradtui.findings.record import Record
from gradtui.findings.zeros import softmax_and_norms
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.incoming_edges import above
from gradtui.graph.operands import is_finite, is_zero, operation
from gradtui.snapshot.model import Node

MOST_LOOKED_AT = 8
"""Layers whose gradient is huge, or next to nothing."""


def detect(record: Record) -> Iterator[Cause]:
    """Where nothing is bad, and nothing is 0."""
    snapshot = record.snapshot
    if record.is_explored and record.asked is None:
        return
    if not record.has_run or snapshot.problem is not None or snapshot.experiments or not is_finite(snapshot.value):
        return
    profile = layer_sizes.layers(record.leaves)
    if record.asked is not None:
        yield from _of_one(record, record.asked, profile)
    elif not record.bad and not any(_is_silent(record, leaf.node) for leaf in record.leaves.values()):
        yield from _of_all(record, profile)


def _is_silent(record: Record, node: int | None) -> bool:
    """Whether it is in the graph, and nothing but zeros comes to it; a sum that cancels at the leaf is no fault."""
    killer = record.killers.get(node) if node is not None else None
    if killer is None or killer.edge is None:
        return killer is not None
    return killer.edge not in traits_of(operation(record.nodes[killer.node])).added


def _of_all(record: Record, profile: Sequence[Layer]) -> Iterator[Cause]:
    """A leaf that is no parameter, beside those of a model, is no layer: what it gets is often meant."""
    own = [layer for layer in profile if not are_beside_a_model((layer.name,), record.leaves)]
    if found := _of_layers(record, own):
        yield found
    elif len(own) < len(profile) and (found := _of_layers(record, profile)):
        yield replace(found, certainty="perhaps")
    elif not record.is_expression:
        yield from mostly_saturated.causes(record)


def _of_layers(record: Record, profile: Sequence[Layer]) -> Cause | None:
    judged = () if record.is_expression else profile
    if risen := _exploded(record, judged, profile):
        return risen
    if lost := _lost(record, sorted(profile, key=lambda layer: layer.norm)[:MOST_LOOKED_AT]):
        return lost
    fallen = layer_sizes.vanished(judged)
    return (constant_loss.of_layer(record, fallen[0].node) or size_changes.fall(record, fallen)) if fallen else None


def _exploded(record: Record, judged: Sequence[Layer], profile: Sequence[Layer]) -> Cause | None:
    """The worst whose gradient is huge, and would be were the loss the mean of its terms."""
    huge = layer_sizes.huge(judged)
    if not huge:
        return None
    counted = loss_terms.terms(record.graph)
    for layer in huge[:MOST_LOOKED_AT]:
        count = counted.of(above(record.uses, layer.node) | {layer.node})
        if layer_sizes.is_huge(layer.norm / count, layer.size):
            return size_changes.rise(record, layer, profile, counted.sums)
    return None


def _of_one(record: Record, name: str, profile: Sequence[Layer]) -> Iterator[Cause]:
    leaf = record.leaves[name]
    if leaf.node is None or record.nodes[leaf.node].edges or leaf.grad is None:
        return
    norm = leaf.grad.finite_norm or 0.0
    if leaf.grad.unread is not None or not is_finite(leaf.grad) or is_zero(leaf.grad):
        return
    layer = Layer(name, norm, leaf.node, layer_sizes.size_of(leaf))
    if risen := _exploded(record, [layer], profile):
        yield risen
        return
    if lost := _lost(record, [layer]):
        yield lost
        return
    if not 0 < norm < layer_sizes.VANISHED * max((each.norm for each in profile), default=norm):
        return
    if (sender := _cancelling(record, leaf.node, norm)) is not None:
        facts: dict[str, Fact] = {"node": sender, "norm": norm}
        yield Cause("nearly cancels", Place(sender.id), facts, "perhaps", (name,), aside=True)
        return
    later = [each for each in profile if each.node < layer.node]
    top = max(range(len(later)), key=lambda place: later[place].norm, default=None)
    if top is not None and later[top].norm > norm:
        cancelled = constant_loss.of_layer(record, layer.node)
        yield cancelled or size_changes.fall(record, [layer, *later[: top + 1]])


def _lost(record: Record, layers: Sequence[Layer]) -> Cause | None:
    """Where nothing but rounding is left of the gradient of one: the node that leaves nothing of what comes in."""
    for layer in layers if softmax_and_norms.takes_away(record.graph) else ():
        for node, by, hooked in reversed(layer_sizes.changes(record.graph, layer.node, record.uses)):
            found = None if hooked else softmax_and_norms.taken_away(record.graph, node, math.exp(min(by, 700.0)))
            if found is not None:
                facts: dict[str, Fact] = {**found.as_facts(), "node": node, "norm": layer.norm}
                return Cause("rounding is left", Place(node.id), facts, "likely", (layer.name,))
    return None


def _cancelling(record: Record, leaf: int, norm: float) -> Node | None:
    """The node at which a sum of large terms leaves so little."""
    for user, place in record.uses[leaf]:
        node = record.nodes[user]
        came = node.grad_output.finite_norm if node.grad_output is not None else None
        if came and norm < softmax_and_norms.LEFT_BY_CANCELLING * came and place in traits_of(operation(node)).added:
            return node
    return None
