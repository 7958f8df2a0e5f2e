"""Why is a further derivative 0, not finite, another than the differences say, or not there at all?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.higher_orders import by, derivative_checks, order_of, several, without
from gradtui.graph.incoming_edges import above
from gradtui.graph.operands import is_finite, is_zero, operand, operation
from gradtui.snapshot.differences import Differences
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.graph import Node, Values
from gradtui.snapshot.orders import Order

APART = 0.01
"""A part of the larger of two one-sided slopes by which a corner's differ."""
ALIKE = 1e-6
"""Two one-sided slopes that differ by less differ by rounding, however small they are."""
SEEN = 1e-3
"""A part of the derivative by which autograd's is off where a part of its graph is missing: torch's formulas are off by less."""
LINEAR = {"Mul", "Rsub", "Mm", "Bmm", "Mv", "Dot", "Addmm", "Addmv", "Baddbmm"}
"""Linear where a single operand varies."""
PLAIN = {
    *("Neg", "Sum", "Mean", "Expand", "Stack", "Select", "Unsqueeze", "Squeeze", "AccumulateGrad", "ToCopy", "T"),
    *("View", "Reshape", "UnsafeView", "Transpose", "Permute", "Slice", "Cat", "Index", "Cumsum", "Clone"),
}


def detect(record: Record) -> Iterator[Cause]:
    orders = record.snapshot.orders
    if orders is None or record.asked is not None:
        return
    for order in orders.orders[1:]:
        yield from of_order(record, order)
    if orders.ended in ("not_implemented", "once"):
        custom = next((node for node in record.nodes if _is_custom(node)), None)
        node = custom if orders.ended == "once" else None
        facts: dict[str, Fact] = {"order": len(orders.orders) + 1, "message": orders.reason}
        if node is not None:
            facts["node"] = node
        kind = "further: once" if node is not None else "further: not implemented"
        yield Cause(kind, Place(None if node is None else node.id), facts, "proved")


def of_order(record: Record, order: Order) -> Iterator[Cause]:
    """Of the derivatives of this order, by each variable alone. Nodes are those of the graph of f."""
    for name, values in order.values.items():
        yield from _of(record, order, name, values)


def _of(record: Record, order: Order, name: str, values: Values) -> Iterator[Cause]:
    snapshot = record.snapshot
    named = several(snapshot)
    facts: dict[str, Fact] = {
        "called": by(name, order.order, named),
        "before": by(name, order.order - 1, named),
        "number": values.numbers[0] if values.numbers else None,
    }
    before = order_of(snapshot, order.order - 1)
    is_usual = before is not None and name in before.values and is_finite(before.values[name])
    if not is_usual or (order.order > 2 and any(one == name for one, _ in without(snapshot, order.order - 1))):
        return  # told of the derivative before it
    corner = _corner(record, order, name, values.numbers)
    straight = [node for node in record.nodes if traits_of(operation(node)).pieces]
    if corner is not None:
        kind, left, right, certainty = corner
        node = next((one for one in straight if _is_at_corner(record, one)), None)
        yield Cause(kind, Place(None if node is None else node.id), {**facts, "left": left, "right": right}, certainty)
    elif not is_finite(values):
        yield Cause("further: infinite", Place(), facts, "likely")
    elif order.order == 2 and is_zero(values) and straight:
        node = straight[0]
        more: dict[str, Fact] = {"node": node, "function": traits_of(operation(node)).pieces}
        leaf = next((one.id for one in record.nodes if one.variable == name and not one.edges), None)
        way = frozenset() if leaf is None else frozenset(above(record.uses, leaf) | {leaf})
        if node.id in way and all(_is_straight(record.nodes[place], way) for place in way):
            yield Cause("further: straight", Place(node.id), facts | more, "proved")
    else:
        yield from _cut_off(record, order, name, facts)


def _corner(
    record: Record, order: Order, name: str, values: Sequence[float]
) -> tuple[str, float, float, Certainty] | None:
    """Of the first element at which the derivative before has other slopes on its two sides; a jump is an infinite one."""
    told, known = order.differences.get(name, Differences((), (), ())), None
    if order.order <= len(record.snapshot.derivatives):
        known = record.snapshot.derivatives[order.order - 1].get(name)
    for place, (left, right) in enumerate(zip(told.left, told.right, strict=False)):
        number = known.numbers[place] if known is not None and place < len(known.numbers) else None
        if left is None or right is None or number is not None:
            continue
        here = values[place] if place < len(values) else None
        if left == right and (math.isfinite(left) or here is None or math.isinf(here)):
            continue
        certainty: Certainty = "proved" if known is not None and known.numbers else "likely"
        if math.isinf(left) or math.isinf(right):
            return "further: jump", left, right, certainty
        if abs(left - right) > max(APART * max(abs(left), abs(right)), ALIKE):
            return "further: corner", left, right, certainty
    return None


def _is_at_corner(record: Record, node: Node) -> bool:
    at = operand(record.graph, node, 0)
    return at is not None and 0.0 in at.numbers


def _is_straight(node: Node, way: frozenset[int]) -> bool:
    """Whether it is linear in what varies, which is on the way to the variable, or made of straight pieces."""
    name = operation(node)
    if traits_of(name).pieces or name in PLAIN or traits_of(name).added or has(name, "choosing"):
        return True
    varying = [place for place, edge in enumerate(node.edges) if edge.target in way]
    return (name in LINEAR and len(varying) == 1) or (name == "Div" and varying == [0])


def _cut_off(record: Record, order: Order, name: str, facts: dict[str, Fact]) -> Iterator[Cause]:
    """Where differences say another number than autograd: a part of the derivative before it has no graph."""
    if record.snapshot.origin == "expression":
        return  # the graph of a typed f is whole: torch's own formula is off
    judged = derivative_checks(record.snapshot, order.order).get(name)
    told = order.differences.get(name)
    if judged is None or told is None or judged.autograd is not False or not judged.differences:
        return
    pairs = zip(order.values[name].numbers, told.central, strict=False)
    apart = [(here, true) for here, true in pairs if true is not None and not math.isclose(here, true, rel_tol=SEEN)]
    if not apart:
        return
    if any(event.kind == "ungraphed" and event.reached for event in record.events):
        return  # that is why, and it is told
    custom = next((node for node in record.nodes if _is_custom(node)), None)
    more: dict[str, Fact] = {"number": apart[0][0], "true": apart[0][1]}
    if custom is None:
        yield Cause("further: another", Place(), facts | more, "likely")
    else:
        yield Cause("further: cut off", Place(custom.id), facts | more | {"node": custom}, "likely")


def _is_custom(node: Node) -> bool:
    """Whether it is an autograd.Function of the person's own."""
    return bool(node.note) and not node.order and node.name.endswith("Backward")
