"""What is known of the nodes of a typed expression's graph: all that can be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import saved
from gradtui.engine.autograd.backward import Backward
from gradtui.engine.autograd.graph import Facts, Known, root
from gradtui.engine.tensors.values import MOST_NUMBERS, values_of
from gradtui.engine.typed.forward import Forward
from gradtui.engine.typed.limits import shown_of_each
from gradtui.engine.typed.sources import Sources
from gradtui.engine.typed.tangent import NO_TANGENTS, Tangents
from gradtui.snapshot import model


class ExpressionFacts(Facts):
    """From the records of one evaluation; `leaves` are its variables. kept: bytes, of nodes that keep something."""

    def __init__(
        self,
        forward: Forward,
        backward: Backward,
        leaves: Mapping[str, torch.Tensor],
        tangents: Tangents = NO_TANGENTS,
        kept: Mapping[Node, int] = MappingProxyType({}),
    ) -> None:
        self._kept = kept
        self._forward, self._backward, self._leaves, self._tangents = forward, backward, leaves, tangents
        self._names = {root(leaf): name for name, leaf in leaves.items()}
        self._sources = Sources(forward, self._names)
        self._most = shown_of_each(len(backward.order))

    def known(self, node: Node) -> Known:
        number, name = node._sequence_nr(), self._names.get(node)
        told = Known(
            grad_output=_optional(self._backward.grad_outputs.get(node), MOST_NUMBERS if name else self._most),
            saved=saved.saved(node, self._most),
            source=self._sources.of_node(node),
            tangent=_optional(self._tangents.of(number, name), self._most),
            inside=self._backward.inside.get(node, ()),
            kept=self._kept.get(node, 0),
        )
        if name is not None:
            return told | Known(variable=name, value=values_of(self._leaves[name]))
        return told | Known(value=_optional(self._forward.recorded.get(number), self._most))

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return [_optional(grad, self._most) for grad in self._backward.grad_inputs.get(node, ())]

    def local(self, node: Node) -> Sequence[float | None]:
        return self._backward.local.get(node, ())

    def operands(self, node: Node) -> Sequence[model.Source | None]:
        return [self._sources.of_edge(node, target, number) for target, number in node.next_functions]


def _optional(tensor: torch.Tensor | None, most: int) -> model.Values | None:
    return None if tensor is None else values_of(tensor, most)
