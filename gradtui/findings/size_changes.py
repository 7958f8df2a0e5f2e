"""How the norm of the gradient falls, or rises, between the loss and a layer, as a cause: which nodes do it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence, Set

from msgspec.structs import replace

from gradtui.findings import hooks, layer_sizes
from gradtui.findings.cause import Cause, Extent, Fact, Facts, Part, Place
from gradtui.findings.layer_sizes import Change, Layer
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import maker, operation
from gradtui.snapshot.model import Node, Source

MOST_OF_IT = 0.7
LEAST_REPEATS = 3
MOST_SHOWN = 6
NEXT_TO_0 = 1e-3
SMALL = 1e-3
STEEP = {
    "steep": "exploding next to 0",
    "singular": "exploding by a singular matrix",
    "close": "exploding by equal values",
}
"""The kind of a cause by what a witness of a steep node saw."""


def fall(record: Record, profile: Sequence[Layer]) -> Cause:
    """How the norm falls from the last of these layers to the first."""
    low, top = profile[0], profile[-1]
    changes = layer_sizes.changes(record.graph, low.node, record.uses)
    name, count, _ = layer_sizes.most([Change(node, -by, hooked) for node, by, hooked in changes])
    worst, loss, hooked = min(changes, key=_by, default=Change(record.nodes[low.node], 0.0))
    steps = max(len(dict.fromkeys(layer.module for layer in profile)) - 1, 1)
    facts: dict[str, Fact] = {"above": top.norm, "top": top.module, "below": low.norm, "low": low.module}
    lost = _logarithm(top.norm) - _logarithm(low.norm)
    each = _factor(lost / steps)
    facts["each"] = Part("by a layer", {"factor": each}) if steps > 1 else ""
    single = -loss > MOST_OF_IT * lost
    squashed, kind = has(operation(worst), "squashing"), "vanishing"
    if single:
        made = {"hook": Part("a hook on") if hooked else "", "node": worst, "left": math.exp(loss)}
        facts["most"] = Part("at once", made)
        kind = "vanishing by a hook" if hooked else "vanishing at once" if squashed else kind
        if not hooked and _multiplies_data(worst):
            kind = "vanishing by data" if _is_made_of(record, worst, low) else kind
        kind = "vanishing by a factor" if kind == "vanishing" and _scales(worst) else kind
        if not hooked and (gate := _gate(record, worst)) is not None:
            return replace(
                _of(low, "vanishing by a gate", worst, {**facts, "gate": gate}, profile), certainty="perhaps"
            )
    else:
        facts["most"] = Part("most in", {"count": count, "operation": name}) if count > 1 else ""
        kind = "vanishing by squashing" if squashed else kind
    return _of(low, kind, worst, facts, profile, hooks.place(record.events, worst) if single and hooked else None)


def _multiplies_data(node: Node) -> bool:
    """Whether a product has one operand with a gradient, and the other has none."""
    added = traits_of(operation(node)).added
    factors = [edge.target for place, edge in enumerate(node.edges) if place not in added]
    return has(operation(node), "multiplying") and len(factors) - factors.count(None) == 1


def _scales(node: Node) -> bool:
    """Whether it multiplies or divides each element by what learns nothing."""
    is_divided = operation(node) == "Div" and all(edge.target is None for edge in node.edges[1:])
    return is_divided or (operation(node) == "Mul" and _multiplies_data(node))


def _is_made_of(record: Record, node: Node, layer: Layer) -> bool:
    """Whether a layer's parameter is itself one of the operands, be it seen another way."""
    made_of = (maker(record.graph, edge) for edge in node.edges)
    return any(one is not None and one.id == layer.node for one in made_of)


def _gate(record: Record, node: Node) -> Node | None:
    """A parameter that a product multiplies each element by, and that is small throughout."""
    for edge in node.edges if operation(node) == "Mul" else ():
        factor = maker(record.graph, edge)
        if factor is None or factor.edges or not factor.variable:
            continue
        extent = Extent.of(factor.value)
        if extent.low is not None and extent.high is not None and max(-extent.low, extent.high) < SMALL:
            return factor
    return None


def rise(record: Record, layer: Layer, profile: Sequence[Layer], sums: Set[int]) -> Cause:
    """How the norm rises from the loss to this layer; by `sums`, nodes that add up the terms of the loss, it is not counted."""
    changes = layer_sizes.changes(record.graph, layer.node, record.uses)
    changes = [each for each in changes if each.node.id not in sums or each.hooked]
    whole = sum(change.by for change in changes if change.by > 0)
    worst, gain, hooked = max(changes, key=_by, default=Change(record.nodes[layer.node], 0.0))
    name, count, together = layer_sizes.most(changes)
    facts: dict[str, Fact] = {"norm": layer.norm, "size": layer.size, "hook": Part("a hook on") if hooked else ""}
    near = None if hooked else _near(record, worst)
    if near is not None and gain > MOST_OF_IT * whole:
        how, least = near
        facts |= {"node": worst, "factor": _factor(gain), "least": least}
        divides = how == "steep" and has(operation(worst), "dividing")
        return _of(layer, "exploding by a tiny divisor" if divides else STEEP[how], worst, facts, profile)
    if count < LEAST_REPEATS or gain > MOST_OF_IT * whole:
        facts |= {"node": worst, "factor": _factor(gain)}
        if hooked:
            return _of(layer, "exploding by a hook", worst, facts, profile, hooks.place(record.events, worst))
        return _of(layer, "exploding", worst, facts, profile)
    worst = next(change.node for change in changes if operation(change.node) == name)
    facts |= {"node": worst, "factor": _factor(together / count), "count": count, "operation": name}
    return _of(layer, "exploding in steps", worst, facts, profile)


def _near(record: Record, node: Node) -> tuple[str, float] | None:
    """A key of STEEP, and how near to that it is, where that was looked at."""
    for one in record.witnesses("backward"):
        how = next((how for how in STEEP if one.rows.get(how)), None) if one.node == node.id else None
        if how is not None and one.operands[0].number is not None and one.operands[0].number < NEXT_TO_0:
            return how, one.operands[0].number
    return None


def _of(
    layer: Layer, kind: str, node: Node, facts: dict[str, Fact], profile: Sequence[Layer], source: Source | None = None
) -> Cause:
    """source: where a hook was put on, for what that did."""
    return Cause(kind, Place(node.id, source), facts, "likely", (layer.name,), _shown(profile))


def _by(change: Change) -> float:
    return change.by


def _logarithm(norm: float) -> float:
    """A file that somebody changed may tell of a norm of 0 where gradients are not 0."""
    return math.log(max(norm, sys.float_info.min))


def _factor(logarithm: float) -> float:
    return math.exp(min(logarithm, 700.0))


def _shown(profile: Sequence[Layer]) -> tuple[tuple[str, Facts], ...]:
    """Some of the layers from the first to the last, with their norms."""
    step = max((len(profile) - 1) / (MOST_SHOWN - 1), 1.0)
    places = dict.fromkeys(min(round(place * step), len(profile) - 1) for place in range(MOST_SHOWN))
    return tuple(("norm of a layer", {"name": profile[place].name, "norm": profile[place].norm}) for place in places)
