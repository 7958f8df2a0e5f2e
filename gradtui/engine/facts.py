"""What is known of the nodes of a typed expression's graph: all that can be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine import saved
from gradtui.engine.backward import Backward
from gradtui.engine.forward import Forward
from gradtui.engine.graph import Facts, root
from gradtui.engine.limits import shown_of_each
from gradtui.engine.sources import Sources
from gradtui.engine.tangent import NO_TANGENTS, Tangents
from gradtui.engine.values import MOST_NUMBERS, values_of
from gradtui.snapshot import model


class ExpressionFacts(Facts):
    """From the records of one evaluation; `leaves` are its variables."""

    def __init__(
        self,
        forward: Forward,
        backward: Backward,
        leaves: Mapping[str, torch.Tensor],
        tangents: Tangents = NO_TANGENTS,
    ) -> None:
        self._forward, self._backward, self._leaves, self._tangents = forward, backward, leaves, tangents
        self._names = {root(leaf): name for name, leaf in leaves.items()}
        self._sources = Sources(forward, self._names)
        self._most = shown_of_each(len(backward.order))

    def value(self, node: Node) -> model.Values | None:
        name = self._names.get(node)
        if name is not None:
            return values_of(self._leaves[name])
        return _optional(self._forward.recorded.get(node._sequence_nr()), self._most)

    def grad_output(self, node: Node) -> model.Values | None:
        most = self._most if node not in self._names else MOST_NUMBERS
        return _optional(self._backward.grad_outputs.get(node), most)

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return [_optional(grad, self._most) for grad in self._backward.grad_inputs.get(node, ())]

    def local(self, node: Node) -> Sequence[float | None]:
        return self._backward.local.get(node, ())

    def saved(self, node: Node) -> tuple[model.Saved, ...]:
        return saved.saved(node, self._most)

    def source(self, node: Node) -> model.Source | None:
        return self._sources.of_node(node)

    def operand(self, node: Node, target: Node | None, number: int) -> model.Source | None:
        return self._sources.of_edge(node, target, number)

    def inside(self, node: Node) -> tuple[str, ...]:
        return self._backward.inside.get(node, ())

    def variable(self, node: Node) -> str | None:
        return self._names.get(node)

    def tangent(self, node: Node) -> model.Values | None:
        return _optional(self._tangents.of(node._sequence_nr(), self._names.get(node)), self._most)


def _optional(tensor: torch.Tensor | None, most: int) -> model.Values | None:
    return None if tensor is None else values_of(tensor, most)
