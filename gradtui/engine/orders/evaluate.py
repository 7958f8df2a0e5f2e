"""OrdersRequest -> Orders, of an f where it stands: of a typed one here, of a file's in `engine.user.orders`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.engine.autograd import backward, graph
from gradtui.engine.autograd.backward import Backward
from gradtui.engine.autograd.graph import Facts
from gradtui.engine.autograd.kept import kept
from gradtui.engine.orders.chain import Chain, Derivatives, chain, gradient, is_separable, mixed, numbers
from gradtui.engine.orders.differences import differences
from gradtui.engine.orders.facts import OrderFacts
from gradtui.engine.orders.hessian_and_jacobian import hessian, jacobian
from gradtui.engine.orders.taylor import coefficients
from gradtui.engine.tensors.values import values_of
from gradtui.engine.typed import forward
from gradtui.engine.typed.facts import ExpressionFacts
from gradtui.engine.typed.forward import Forward
from gradtui.engine.typed.tangent import NO_TANGENTS, Tangents
from gradtui.expression.syntax import Expression
from gradtui.snapshot import model
from gradtui.snapshot.differences import Differences
from gradtui.snapshot.orders import Order, Orders, OrdersRequest

Leaves = Mapping[str, torch.Tensor]

MOST_TANGENTS = 2_000
"""Nodes of a graph, times elements, up to which there are tangents: each is a backward pass."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is differentiated: f by its leaves, and what is known of it.

    facts: of what the forward pass made, for the graph of these nodes with this pass over it. first: the graph of f, where it is
    built already, with its ids; `before`: how many backward passes it went through itself. differences: of the orders from 2
    up to one. separable: as of `chain`. polynomial: whether Taylor's is wanted.
    """

    f: torch.Tensor
    leaves: Leaves
    facts: Callable[[list[Node], Backward, Chain], Facts]
    differences: Callable[[int], Sequence[Mapping[str, Differences]]]
    separable: Callable[[str], bool] = mixed
    first: tuple[model.Graph, Mapping[Node, int]] | None = None
    before: int = 0
    polynomial: bool = True


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

    def subject() -> Subject:
        done = forward.run(expression, {**leaves, **data})

        def facts(walked: list[Node], record: Backward, found: Chain) -> Facts:
            moved = NO_TANGENTS if moving is None else _tangents(walked, done, found, leaves, *moving)
            return ExpressionFacts(done, record, leaves, moved, kept(walked, leaves.values()).size)

        return Subject(
            torch.as_tensor(done.output),
            leaves,
            facts,
            partial(differences, expression, leaves, data),
            partial(is_separable, expression),
        )

    return orders_of(request, subject) if leaves else None


def orders_of(request: OrdersRequest, subject: Callable[[], Subject]) -> Orders:
    """Of what `subject` makes: its nodes are released after all tensors of it are gone. Raises RuntimeError."""
    nodes: dict[Node, None] = {}
    try:
        return _orders(request, subject(), nodes)
    finally:
        held = graph.newest_first(nodes)
        nodes.clear()
        graph.release(held)


def _orders(request: OrdersRequest, of: Subject, nodes: dict[Node, None]) -> Orders:
    """`nodes` takes the node objects of all graphs, which must outlive every tensor of this call."""
    f, leaves = of.f, of.leaves
    chosen = [name for name in leaves if name == request.along] or list(leaves)
    along = chosen[0]
    element = min(request.element, max(0, leaves[along].numel() - 1))
    if f.requires_grad:
        nodes.update(dict.fromkeys(graph.walk(graph.root(f))))
    found = chain(f, leaves, request.most, of.separable)
    for derivatives in found.derivatives[1:]:
        nodes.update(dict.fromkeys(graph.walk(*map(graph.root, _with_graph(derivatives)))))
    graphs = _graphs(of, found, chosen)
    checked = of.differences(len(found.derivatives) - 1)
    told = [
        Order(
            order,
            {name: values_of(numbers(one, leaves[name].shape)) for name, one in derivatives.items()},
            graphs[order],
            dict(checked[order - 2]) if order > 1 else {},
        )
        for order, derivatives in enumerate(found.derivatives)
        if order
    ]
    slopes = {name: numbers(one, leaves[name].shape) for name, one in found.derivatives[1].items()}
    degree = len(told) if request.degree is None else request.degree
    known = [one.values[along].numbers for one in told if along in one.values and not one.values[along].summary]
    return Orders(
        along,
        element,
        tuple(told),
        coefficients(f, [each[element] for each in known], leaves[along], element, degree, nodes)
        if of.polynomial
        else (),
        hessian(slopes, leaves, along, element) if len(told) > 1 else None,
        jacobian(f, leaves, element) if f.ndim == 1 and f.requires_grad else {},
        found.ended,
        found.reason,
        degree,
    )


def _with_graph(derivatives: Derivatives, names: Sequence[str] | None = None) -> list[torch.Tensor]:
    """Those that vary: a derivative that is the same everywhere has no graph."""
    told = (one for name, told in derivatives.items() if names is None or name in names for one in told)
    return [one for one in told if one.requires_grad]


def _graphs(of: Subject, found: Chain, names: Sequence[str]) -> dict[int, model.Graph]:
    """By the order of what backward gave from it: that of f under 1, that of the gradient under 2."""
    graphs: dict[int, model.Graph] = {}
    ids: dict[int, Mapping[Node, int]] = {}
    for order, before in enumerate(found.derivatives[:-1], start=1):
        outputs = list(dict.fromkeys(_with_graph(before, names)))
        if order == 1 and of.first is not None:
            graphs[order], ids[order] = of.first
            continue
        if not outputs:
            graphs[order], ids[order] = model.Graph(derivative=order - 1), {}
            continue
        roots = [graph.root(one) for one in outputs]
        walked = graph.walk(*roots)
        record = backward.run(outputs[0], walked, *outputs[1:])
        ids[order] = graph.numbered(walked, record.order, roots)
        facts = OrderFacts(of.facts(walked, record, found), found.makers, ids, graphs, len(walked), of.before)
        graphs[order] = replace(graph.build(walked, record.order, facts, roots), derivative=order - 1)
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
