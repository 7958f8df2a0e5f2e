"""Why a further derivative is 0, infinite, or not there: what was seen, and what people do about it."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.graph.higher import by, order_of
from gradtui.graph.operands import is_finite, is_zero, operation
from gradtui.snapshot.model import Snapshot

STRAIGHT = {
    "Relu": "relu",
    "Threshold": "relu",
    "LeakyRelu": "leaky_relu",
    "Hardtanh": "hardtanh",
    "Hardsigmoid": "hardsigmoid",
    "Abs": "abs",
    "Prelu": "prelu",
    "Clamp": "clamp",
    "Maximum": "max",
    "Minimum": "min",
    "Sign": "sign",
}
"""Operations of straight pieces, by the name of their node: what a person calls them."""


def reasons(snapshot: Snapshot) -> Iterator[str]:
    """One sentence for each order and variable of which there is something to be said, the lowest first."""
    orders = snapshot.orders
    if orders is None:
        return
    several = len(snapshot.variables) > 1
    straight = [STRAIGHT[name] for node in snapshot.graph.nodes if (name := operation(node)) in STRAIGHT]
    for order in orders.orders[1:]:
        before = order_of(snapshot, order.order - 1)
        for name, values in order.values.items():
            called = by(name, order.order, several)
            if not is_finite(values):
                was_finite = before is not None and name in before.values and is_finite(before.values[name])
                if was_finite:
                    yield f"{called} is not finite, where the derivative before it is: it has a corner or a vertical tangent here"
            elif order.order == 2 and is_zero(values) and straight:
                use = "softplus, silu or tanh has a second derivative"
                yield f"{called} is 0: {straight[0]} is made of straight pieces; {use}"
    if orders.ended:
        last = len(orders.orders) + 1
        way = (
            "a smooth function in its place can be differentiated on"
            if orders.ended == "not_implemented"
            else "ask for a lower order"
        )
        yield f"there is no derivative of order {last}: {orders.reason}; {way}"
