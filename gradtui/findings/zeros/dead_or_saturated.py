"""Why a node that gets a gradient sends zeros, or next to nothing, by one of its edges."""

from __future__ import annotations

import math
from typing import NamedTuple

from gradtui.findings import hooks
from gradtui.findings.cause import Extent, Fact, Part
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.findings.zeros import folded, hinges, norms, products, softmax_and_norms, zero_factor
from gradtui.grad_fns.traits import ROUNDED, has, traits_of
from gradtui.graph.operands import element, is_zero, kept, operand, operand_quote, operation, seen_value
from gradtui.snapshot.model import Node, Values


class Lost(NamedTuple):
    """share: what is left. places: of the elements that are followed one by one; none where only the whole is known."""

    node: Node
    edge: int
    share: float = 0.0
    places: tuple[int, ...] = ()


def reason(record: Record, lost: Lost) -> Reason:
    node, edge = lost.node, lost.node.edges[lost.edge]
    name = operation(node)
    if edge.grad is None and not lost.places:
        return Reason("zero", "sends None" if node.note else "sends None itself")
    if 0 in node.shape:
        return Reason("masked", "nothing is selected", certainty="perhaps")
    if has(name, "squashing") or traits_of(name).tail:
        return Reason("saturated", "saturated", _made(record, lost), certainty="likely")
    if has(name, "softmax"):
        return softmax_and_norms.softmax(node, bool(lost.places))
    if has(name, "underflowing") and (lost.places or is_zero(node.value)):
        return underflows(node, _reach(record, lost))
    if has(name, "flat") or (node.name in ROUNDED and is_zero(edge.grad)):
        return Reason("flat", "flat", certainty="proved")
    if not lost.places and hinges.is_at_rest(record, node):
        return _at_rest()
    if has(name, "bounded") and (not has(name, "taking") or lost.edge == 0):
        return Reason("clamped", "clamped", {"operand": _operand(record, lost)})
    if traits_of(name).side:
        there = _operand(record, lost)
        if has(name, "flat within"):
            return Reason("dead", "flat within", {"operand": there})
        reach = there.facts.get("reach") if there.name == "whole operand" else None
        below = isinstance(reach, Extent) and reach.high is not None and reach.high <= 0
        return Reason("dead", "dead below 0" if below else "dead", {"operand": there})
    if lost.places:
        return _of_elements(node, operand_quote(record.graph, edge))
    return _of_the_whole(record, node, lost.edge)


def underflows(node: Node, reach: Extent | None) -> Reason:
    deeper = Part("nothing" if node.dtype == "float64" else "deeper")
    return Reason("underflow", "underflows", {"reach": reach, "deeper": deeper})


def _of_elements(node: Node, text: str) -> Reason:
    """What stands in the text lets nothing through."""
    if has(operation(node), "power"):
        return Reason("constant", "to the power 0", {"text": text}, certainty="perhaps")
    if has(operation(node), "multiplying"):
        return Reason("masked", "times 0", {"text": text})
    return Reason("masked", "not taken there", {"text": text})


def _of_the_whole(record: Record, node: Node, place: int) -> Reason:
    name, traits = operation(node), traits_of(operation(node))
    if has(name, "choosing") or (has(name, "taking") and place):  # a bound that nothing is at
        return Reason("masked", "not taken", certainty="perhaps")
    if has(name, "embedding") and _pads(node):
        return Reason("masked", "only padding", certainty="perhaps")
    if has(name, "looking up") or has(name, "embedding"):
        return Reason("masked", "looked up for nothing", certainty="perhaps")
    if has(name, "drawing"):
        return Reason("flat", "drawn", certainty="proved")
    if name in hooks.ZEROS_OF:
        return Reason("zero", hooks.ZEROS_OF[name])
    too_little = softmax_and_norms.underflows(node) and not zero_factor.may_be_0(record.graph, node, place)
    if too_little or (has(name, "dividing") and softmax_and_norms.only_scales(node, place)):
        return softmax_and_norms.underflow(node)
    if (cast := softmax_and_norms.cast_underflow(record.graph, node, place)) is not None:
        return cast
    if has(name, "normalising"):
        return norms.reason(record.graph, node)
    if has(name, "level at 0") and is_zero(seen_value(record.graph, node.edges[place])):
        return Reason("zero", "operand of 0", certainty="perhaps")
    if has(name, "loss") or has(name, "falling"):
        return _at_rest()
    if place in traits.added:
        return Reason("ordinary", "cancels", certainty="perhaps")
    if has(name, "multiplying"):
        return products.reason(record, node, place)
    if has(name, "sampling") and place == 1 and (beyond := _beyond_its_ends(record, node)) is not None:
        return Reason("clamped", "looks outside", {"reach": beyond})
    return folded.level(record, node, place) or Reason("zero", "own backward of zeros" if node.note else "zeros go out")


def _beyond_its_ends(record: Record, node: Node) -> Extent | None:
    """Where a picture is looked at, if that is outside of it throughout."""
    reach = Extent.of(seen_value(record.graph, node.edges[1]))
    is_outside = reach.low is not None and reach.high is not None and (reach.low > 1 or reach.high < -1)
    return reach if is_outside else None


def _pads(node: Node) -> bool:
    """Whether one of its rows gets no gradient by agreement; where its setting is not known it may."""
    padding = kept(node, "padding_idx")
    return padding is None or padding.numbers[0] >= 0


def _at_rest() -> Reason:
    return Reason("zero", "at rest", certainty="perhaps")


def _made(record: Record, lost: Lost) -> dict[str, Fact]:
    """At which value it is saturated, and what is left."""
    node, count = lost.node, math.prod(lost.node.shape)
    if not lost.places:
        return {"made": Part("its values", {"reach": Extent.of(node.value)}), "share": lost.share, "to": ""}
    value = (element(node.value, lost.places[0], count) or 0.0) + 0.0
    made, text = Part("at", {"number": value}), operand_quote(record.graph, node.edges[lost.edge])
    return {"made": made, "share": lost.share, "to": Part("back to", {"text": text})}


def _operand(record: Record, lost: Lost) -> Part:
    """The operand at the element; else its whole, where both of its ends are on the flat side; else where it counts."""
    node, edge = lost.node, lost.node.edges[lost.edge]
    if lost.places:
        at = element(operand(record.graph, node, lost.edge), lost.places[0], math.prod(node.shape))
        return Part("operand there", {"text": operand_quote(record.graph, edge), "number": at})
    values = seen_value(record.graph, edge)
    name = "whole operand" if _is_wholly_flat(node, values) else "operand where it counts"
    return Part(name, {"reach": Extent.of(values)})


def _is_wholly_flat(node: Node, values: Values | None) -> bool:
    side, extent = traits_of(operation(node)).side, Extent.of(values)
    if side is None or extent.low is None or extent.high is None:
        return False
    return side(node, extent.low) and side(node, extent.high)


def _reach(record: Record, lost: Lost) -> Extent | None:
    return None if lost.places else Extent.of(seen_value(record.graph, lost.node.edges[lost.edge]))
