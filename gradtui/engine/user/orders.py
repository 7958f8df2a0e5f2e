"""Derivatives of higher order of a function of a file: over the graph that its own code made, and by running it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import backward, graph
from gradtui.engine.autograd.backward import Backward
from gradtui.engine.autograd.graph import Facts, Known
from gradtui.engine.autograd.kept import kept
from gradtui.engine.autograd.undisturbed import undisturbed
from gradtui.engine.capture.facts import why_not_run
from gradtui.engine.orders.chain import Chain
from gradtui.engine.orders.evaluate import Leaves, Subject, orders_of
from gradtui.engine.tensors.values import legible
from gradtui.engine.typed.limits import shown_of_each
from gradtui.engine.user.rerun import Again
from gradtui.snapshot import model
from gradtui.snapshot.differences import Differences
from gradtui.snapshot.orders import Orders, OrdersRequest


def orders(
    request: OrdersRequest,
    f: torch.Tensor,
    outputs: Sequence[torch.Tensor],
    variables: Leaves,
    parameters: Mapping[str, model.Parameter],
    built: model.Graph,
    nodes: list[Node],
    again: Again | None,
) -> Orders | None:
    """f: what is differentiated, made of the `outputs`; by the variables, or where there are none by the parameters that it has
    a gradient by, of any shape. built: the graph of `nodes`, as a capture has it. again: f run again, where that gives the same.

    None where there is nothing to differentiate by, or backward must not be run again. Raises RuntimeError.
    """
    differentiable = [output for output in outputs if output.requires_grad]
    if not (variables or parameters) or any(output.is_complex() for output in outputs):
        return None
    if why_not_run(backward.leaves_of(nodes).values()):
        return None
    with undisturbed():
        ids: dict[Node, int] = {}
        if differentiable:
            record = backward.run(differentiable[0], nodes, *differentiable[1:])
            ids = graph.numbered(nodes, record.order, [graph.root(output) for output in differentiable])
        known = {node: built.nodes[number] for node, number in ids.items()}
        leaves = variables or _tensors(parameters, {number: node for node, number in ids.items()})
        if not leaves:
            return None

        def facts(walked: list[Node], record: Backward, found: Chain) -> Facts:
            return FileFacts(known, record, kept(walked, backward.leaves_of(walked).values()).size, len(walked))

        def differences(most: int) -> list[dict[str, Differences]]:
            found = {} if again is None else {name: again.further(name, most) for name in leaves}
            return [{name: told[place] for name, told in found.items() if told} for place in range(most - 1)]

        before = max((node.order for node in built.nodes), default=0)
        subject = Subject(f, leaves, facts, differences, first=(built, ids), before=before, polynomial=bool(variables))
        return orders_of(request, lambda: subject)


def _tensors(parameters: Mapping[str, model.Parameter], nodes: Mapping[int, Node]) -> Leaves:
    """The parameters themselves, as far as they are in the graph."""
    found = {
        name: backward.leaf_of(nodes[one.node])
        for name, one in parameters.items()
        if one.node is not None and one.node in nodes
    }
    return {name: leaf for name, leaf in found.items() if leaf is not None and leaf.is_floating_point()}


class FileFacts(Facts):
    """Of what the function made as the capture has it, of the rest what this pass saw. kept: bytes. count: of the nodes."""

    def __init__(self, made: Mapping[Node, model.Node], record: Backward, kept: Mapping[Node, int], count: int) -> None:
        self._made, self._record, self._kept, self._most = made, record, kept, shown_of_each(count)

    def known(self, node: Node) -> Known:
        told = Known(
            grad_output=self._values(self._record.grad_outputs.get(node)),
            inside=self._record.inside.get(node, ()),
            kept=self._kept.get(node, 0),
        )
        one = self._made.get(node)
        if one is None:
            return told
        place = Known(source=one.source, module=one.module, call=one.call)
        return told | place | Known(value=one.value, variable=one.variable, note=one.note, order=one.order)

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return [self._values(grad) for grad in self._record.grad_inputs.get(node, ())]

    def local(self, node: Node) -> Sequence[float | None]:
        return self._record.local.get(node, ())

    def _values(self, tensor: torch.Tensor | None) -> model.Values | None:
        return None if tensor is None else legible(tensor, self._most)
