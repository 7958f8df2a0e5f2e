"""OrdersRequest -> Orders, of a typed f where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import backward, graph
from gradtui.engine.autograd.kept import kept
from gradtui.engine.autograd.values import values_of
from gradtui.engine.orders.chain import Chain, Derivatives, chain, gradient, numbers
from gradtui.engine.orders.differences import differences
from gradtui.engine.orders.facts import OrderFacts
from gradtui.engine.orders.matrices import hessian, jacobian
from gradtui.engine.typed import forward
from gradtui.engine.typed.forward import Forward
from gradtui.engine.typed.tangent import NO_TANGENTS, Tangents
from gradtui.expression.syntax import Expression
from gradtui.snapshot import model
from gradtui.snapshot.orders import Order, Orders, OrdersRequest

Leaves = Mapping[str, torch.Tensor]

MOST_TANGENTS = 2_000
"""Nodes of a graph, times elements, up to which there are tangents: each is a backward pass."""


def orders(
    request: OrdersRequest,
    expression: Expression,
    leaves: Leaves,
    data: Leaves,
    moving: tuple[str, int] | None = None,
) -> Orders | None:
    """None where there is nothing to differentiate by. moving: a leaf, and the element of it whose tangents are wanted at every
    node.

    Raises ExpressionError, RuntimeError.
    """
    nodes: dict[Node, None] = {}
    try:
        return _orders(request, expression, leaves, data, nodes, moving) if leaves else None
    finally:
        held = graph.newest_first(nodes)
        nodes.clear()
        graph.release(held)


def _orders(
    request: OrdersRequest,
    expression: Expression,
    leaves: Leaves,
    data: Leaves,
    nodes: dict[Node, None],
    moving: tuple[str, int] | None,
) -> Orders:
    """`nodes` takes the node objects of all graphs, which must outlive every tensor of this call."""
    chosen = [name for name in leaves if name == request.along] or list(leaves)
    along = chosen[0]
    element = min(request.element, max(0, leaves[along].numel() - 1))
    done = forward.run(expression, {**leaves, **data})
    f = torch.as_tensor(done.output)
    if f.requires_grad:
        nodes.update(dict.fromkeys(graph.walk(graph.root(f))))
    found = chain(f, expression, leaves, request.most)
    for derivatives in found.derivatives[1:]:
        nodes.update(dict.fromkeys(graph.walk(*map(graph.root, _with_graph(derivatives)))))
    graphs = _graphs(done, found, leaves, chosen, moving)
    checked = differences(expression, leaves, data, len(found.derivatives) - 1)
    told = [
        Order(
            order,
            {name: values_of(numbers(one, leaves[name].shape)) for name, one in derivatives.items()},
            graphs[order],
            checked[order - 2] if order > 1 else {},
        )
        for order, derivatives in enumerate(found.derivatives)
        if order
    ]
    slopes = {name: numbers(one, leaves[name].shape) for name, one in found.derivatives[1].items()}
    return Orders(
        along,
        element,
        tuple(told),
        _taylor(f, told, along, element),
        hessian(slopes, leaves, along, element) if len(told) > 1 else None,
        jacobian(f, leaves, element) if f.ndim and f.requires_grad else {},
        found.ended,
        found.reason,
    )


def _with_graph(derivatives: Derivatives, names: Sequence[str] | None = None) -> list[torch.Tensor]:
    """Those that vary: a derivative that is the same everywhere has no graph."""
    told = (one for name, told in derivatives.items() if names is None or name in names for one in told)
    return [one for one in told if one.requires_grad]


def _graphs(
    done: Forward, found: Chain, leaves: Leaves, names: Sequence[str], moving: tuple[str, int] | None
) -> dict[int, model.Graph]:
    """By the order of what backward gave from it: that of f under 1, that of the gradient under 2."""
    graphs: dict[int, model.Graph] = {}
    ids: dict[int, dict[Node, int]] = {}
    for order, before in enumerate(found.derivatives[:-1], start=1):
        outputs = list(dict.fromkeys(_with_graph(before, names)))
        if not outputs:
            graphs[order], ids[order] = model.Graph(), {}
            continue
        roots = [graph.root(one) for one in outputs]
        walked = graph.walk(*roots)
        record = backward.run(outputs[0], walked, *outputs[1:])
        ids[order] = graph.numbered(walked, record.order, roots)
        moved = NO_TANGENTS if moving is None else _tangents(walked, done, found, leaves, *moving)
        facts = OrderFacts(done, record, leaves, found.makers, ids, graphs, moved, kept(walked, leaves.values()))
        graphs[order] = graph.build(walked, record.order, facts, roots)
    return graphs


def _tangents(nodes: Sequence[Node], done: Forward, found: Chain, leaves: Leaves, name: str, element: int) -> Tangents:
    """Of each value that a node made, element by element: forward mode does not go through a backward pass of the engine."""
    recorded = done.recorded | found.makers.recorded
    told: dict[int, torch.Tensor] = {}
    for number in [node._sequence_nr() for node in nodes]:
        value = recorded.get(number)
        if value is None or not value.requires_grad or value.numel() * len(nodes) > MOST_TANGENTS:
            continue
        slopes = [gradient(one, [leaves[name]], again=False)[0].reshape(-1)[element] for one in value.reshape(-1)]
        told[number] = torch.stack(slopes).reshape(value.shape)
    directions = {key: torch.zeros_like(leaf, requires_grad=False) for key, leaf in leaves.items()}
    directions[name].view(-1)[element] = 1
    return Tangents(told, directions)


def _taylor(f: torch.Tensor, orders: Sequence[Order], along: str, element: int) -> tuple[float, ...]:
    """Of sum(f) where f is a vector."""
    slopes = [one.values[along].numbers[element] for one in orders if along in one.values]
    return tuple(slope / math.factorial(k) for k, slope in enumerate((f.detach().sum().item(), *slopes)))
