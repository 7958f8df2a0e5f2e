"""Derivatives of higher order as Snapshots of their own: what is asked of f' is asked of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from gradtui.graph.agreement import Check, Places, checks, not_differentiable
from gradtui.snapshot.graph import Graph, Node, Values
from gradtui.snapshot.model import Note, Snapshot, VariableState
from gradtui.snapshot.orders import Order, Orders


def derivative_checks(snapshot: Snapshot, order: int) -> dict[str, Check]:
    """Whether autograd, calculus and differences agree about the derivative of this order by each variable alone."""
    told = order_of(snapshot, order)
    if told is None:
        return {}
    return checks(_judged(snapshot, told), without(snapshot, order - 1))


def without(snapshot: Snapshot, order: int) -> Places:
    """Where f has no derivative of this order: none of it or of a lower one."""
    lower = (one for one in map(partial(order_of, snapshot), range(1, order + 1)) if one is not None)
    return frozenset().union(*(not_differentiable(_judged(snapshot, one)) for one in lower))


def _judged(snapshot: Snapshot, told: Order) -> Snapshot:
    if told.order == 1:
        return snapshot
    variables = {
        name: VariableState(snapshot.variables[name].value, values)
        for name, values in told.values.items()
        if name in snapshot.variables
    }
    return _of(snapshot, told, variables)


def picture(snapshot: Snapshot, order: int) -> Snapshot:
    """The derivative of one order less as an f of its own, with the graph that backward ran over to give that of `order`.

    Of several variables it is the derivative by one of them, where the graph is of that one; its gradient is a row of the
    Hessian. The snapshot itself for order 1, and for what there is not.
    """
    told = order_of(snapshot, order)
    if told is None or order == 1:
        return snapshot
    leaves = {node.variable: node for node in told.graph.nodes if node.variable is not None}
    variables = {
        name: VariableState(state.value, _gradient(leaves.get(name), state.value))
        for name, state in snapshot.variables.items()
    }
    shown = _of(snapshot, told, variables)
    value = _value(told.graph)
    if value is not None and value.shape:
        shown = replace(
            shown, notes=(Note("vector", f"this is a vector of {value.shape[0]}: backward runs from its sum"),)
        )
    return replace(shown, value=value, derivative={}, differences={})


def order_of(snapshot: Snapshot, order: int) -> Order | None:
    orders = () if snapshot.orders is None else snapshot.orders.orders
    return next((one for one in orders if one.order == order), None)


def node_made_by(snapshot: Snapshot, order: int, node: int | None) -> int | None:
    """The node that `node` of the graph of f made as the first pass ran it, in the graph that gave this order; else itself
    there."""
    first, told = order_of(snapshot, 1), order_of(snapshot, order)
    if node is None or first is None or told is None:
        return None
    own = first.graph.nodes[node]
    newest = 1 + max((one.order for one in first.graph.nodes), default=0)
    made = (one.id for one in told.graph.nodes if one.made_by == node and one.order == newest)
    same = (one.id for one in told.graph.nodes if one.sequence == own.sequence and not one.order and own.edges)
    return next(made, next(same, None))


def why_fewer(orders: Orders) -> str:
    """Why there are fewer than were asked for, where that is a limit of ours, and no finding, which is of f; else empty."""
    if orders.ended != "too_large":
        return ""
    return f"there is no derivative of order {len(orders.orders) + 1}: {orders.reason}; ask for a lower order"


def prime(order: int) -> str:
    """`f''`, `f''''`."""
    return "f" + "'" * order


def several(snapshot: Snapshot) -> bool:
    """Whether a derivative must say by what it is: of several variables, or of the parameters of a module."""
    return len(snapshot.variables) != 1


def by(name: str, order: int, named: bool) -> str:
    """`f''(x)`, and `named`, as of several variables, `∂²f/∂x²`."""
    if not named:
        return f"{prime(order)}({name})"
    power = "" if order == 1 else "⁰¹²³⁴⁵⁶⁷⁸⁹"[order]
    return f"∂{power}f/∂{name}{power}"


def polynomial(coefficients: tuple[float, ...], at: float, x: float) -> float:
    """Taylor's polynomial around `at`, at x."""
    total = 0.0
    for coefficient in reversed(coefficients):
        total = total * (x - at) + coefficient
    return total if math.isfinite(total) else math.nan


def second_order(graph: Graph) -> Iterator[Node]:
    """The nodes that a backward pass made."""
    return (node for node in graph.nodes if node.order)


def _of(snapshot: Snapshot, told: Order, variables: dict[str, VariableState]) -> Snapshot:
    known = snapshot.derivatives[told.order - 1] if told.order <= len(snapshot.derivatives) else None
    leaves = {node.variable: node for node in told.graph.nodes if node.variable is not None}
    parameters = {
        name: replace(one, node=leaves[name].id, grad=leaves[name].grad_output)
        for name, one in snapshot.parameters.items()
        if name in leaves
    }
    return replace(
        snapshot,
        variables=variables,
        graph=told.graph,
        differences=told.differences,
        derivative=known if snapshot.origin == "expression" else {},
        parameters=parameters,
        events=(),
        mismatches=(),
        truth=None,
        notes=(),
        curve=None,
        witnesses=(),
        experiments=(),
        orders=None,
        derivatives=(),
        taylor=None,
        exact_hessian=None,
    )


def _gradient(leaf: Node | None, value: Values) -> Values:
    """0 where no path leads to the variable."""
    if leaf is not None and leaf.grad_output is not None:
        return leaf.grad_output
    return Values(value.shape, (0.0,) * len(value.numbers), value.summary)


def _value(graph: Graph) -> Values | None:
    """Of the one root; of several there is none."""
    return graph.nodes[graph.roots[0]].value if len(graph.roots) == 1 and graph.nodes else None
