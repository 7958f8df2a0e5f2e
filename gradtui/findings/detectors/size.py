"""Is a gradient far too large, or next to nothing, and what on the way from the loss makes it so?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradtui.findings import path
from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.path import Change, Layer
from gradtui.findings.record import Record
from gradtui.findings.zeros import layers
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import is_finite, is_zero, operation
from gradtui.snapshot.model import Node

MOST_OF_IT = 0.7
LEAST_REPEATS = 3
MOST_SHOWN = 6


def detect(record: Record) -> Iterator[Cause]:
    """Where nothing is bad, and nothing is 0."""
    snapshot = record.snapshot
    if record.is_explored and record.asked is None:
        return
    if not record.has_run or snapshot.problem is not None or snapshot.experiments or not is_finite(snapshot.value):
        return
    profile = path.layers(record.leaves)
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
    if worst := path.exploded(profile):
        yield _rise(record, worst, profile)
    elif profile and (lost := _lost(record, min(profile, key=lambda layer: layer.norm))):
        yield lost
    elif found := path.vanished(profile):
        yield _fall(record, found)


def _of_one(record: Record, name: str, profile: Sequence[Layer]) -> Iterator[Cause]:
    leaf = record.leaves[name]
    if leaf.node is None or record.nodes[leaf.node].edges or leaf.grad is None:
        return
    norm = leaf.grad.finite_norm or 0.0
    if leaf.grad.unread is not None or not is_finite(leaf.grad) or is_zero(leaf.grad):
        return
    layer = Layer(name, norm, leaf.node, path.size_of(leaf))
    if path.is_huge(norm, layer.size):
        yield _rise(record, layer, profile)
        return
    if lost := _lost(record, layer):
        yield lost
        return
    if not 0 < norm < path.VANISHED * max((each.norm for each in profile), default=norm):
        return
    if (sender := _cancelling(record, leaf.node, norm)) is not None:
        facts: dict[str, Fact] = {"node": sender, "norm": norm}
        yield Cause("nearly cancels", Place(sender.id), facts, "perhaps", (name,), aside=True)
        return
    later = [each for each in profile if each.node < layer.node]
    top = max(range(len(later)), key=lambda place: later[place].norm, default=None)
    if top is not None and later[top].norm > norm:
        yield _fall(record, [layer, *later[: top + 1]])


def _fall(record: Record, profile: Sequence[Layer]) -> Cause:
    """How the norm falls from the last of these layers to the first."""
    low, top = profile[0], profile[-1]
    changes = path.changes(record.graph, low.node, record.uses)
    name, count, _ = path.most([Change(node, -by, hooked) for node, by, hooked in changes])
    worst, loss, hooked = min(changes, key=_by, default=Change(record.nodes[low.node], 0.0))
    steps = max(len(dict.fromkeys(layer.module for layer in profile)) - 1, 1)
    facts: dict[str, Fact] = {"above": top.norm, "top": top.module, "below": low.norm, "low": low.module}
    each = _factor((math.log(top.norm) - math.log(low.norm)) / steps)
    facts["each"] = Part("by a layer", {"factor": each}) if steps > 1 else ""
    single = -loss * math.log10(math.e) > MOST_OF_IT * (math.log10(top.norm) - math.log10(low.norm))
    squashed, kind = has(operation(worst), "squashing"), "vanishing"
    if single:
        made = {"hook": Part("a hook on") if hooked else "", "node": worst, "left": math.exp(loss)}
        facts["most"] = Part("at once", made)
        kind = "vanishing by a hook" if hooked else "vanishing at once" if squashed else kind
    else:
        facts["most"] = Part("most in", {"count": count, "operation": name}) if count > 1 else ""
        kind = "vanishing by squashing" if squashed else kind
    return _of(low, kind, worst, facts, profile)


def _rise(record: Record, layer: Layer, profile: Sequence[Layer]) -> Cause:
    """How the norm rises from the loss to this layer."""
    changes = path.changes(record.graph, layer.node, record.uses)
    whole = sum(change.by for change in changes if change.by > 0)
    worst, gain, hooked = max(changes, key=_by, default=Change(record.nodes[layer.node], 0.0))
    name, count, together = path.most(changes)
    facts: dict[str, Fact] = {"norm": layer.norm, "size": layer.size, "hook": Part("a hook on") if hooked else ""}
    if count < LEAST_REPEATS or gain > MOST_OF_IT * whole:
        facts |= {"node": worst, "factor": _factor(gain)}
        return _of(layer, "exploding by a hook" if hooked else "exploding", worst, facts, profile)
    worst = next(change.node for change in changes if operation(change.node) == name)
    facts |= {"node": worst, "factor": _factor(together / count), "count": count, "operation": name}
    return _of(layer, "exploding in steps", worst, facts, profile)


def _of(layer: Layer, kind: str, node: Node, facts: dict[str, Fact], profile: Sequence[Layer]) -> Cause:
    return Cause(kind, Place(node.id), facts, "likely", (layer.name,), _shown(profile))


def _lost(record: Record, layer: Layer) -> Cause | None:
    """Where nothing but rounding is left of the gradient: the node that leaves nothing of what comes in."""
    if not layers.takes_away(record.graph):
        return None
    for node, by, hooked in reversed(path.changes(record.graph, layer.node, record.uses)):
        found = None if hooked else layers.taken_away(record.graph, node, math.exp(min(by, 700.0)))
        if found is not None:
            facts: dict[str, Fact] = {**found.as_facts(), "node": node, "norm": layer.norm}
            return Cause("rounding is left", Place(node.id), facts, "likely", (layer.name,))
    return None


def _cancelling(record: Record, leaf: int, norm: float) -> Node | None:
    """The node at which a sum of large terms leaves so little."""
    for user, place in record.uses[leaf]:
        node = record.nodes[user]
        came = node.grad_output.finite_norm if node.grad_output is not None else None
        if came and norm < layers.ROUNDING * came and place in traits_of(operation(node)).added:
            return node
    return None


def _by(change: Change) -> float:
    return change.by


def _factor(logarithm: float) -> float:
    return math.exp(min(logarithm, 700.0))


def _shown(profile: Sequence[Layer]) -> tuple[tuple[str, Facts], ...]:
    """Some of the layers from the first to the last, with their norms."""
    step = max((len(profile) - 1) / (MOST_SHOWN - 1), 1.0)
    places = dict.fromkeys(min(round(place * step), len(profile) - 1) for place in range(MOST_SHOWN))
    return tuple(("norm of a layer", {"name": profile[place].name, "norm": profile[place].norm}) for place in places)
