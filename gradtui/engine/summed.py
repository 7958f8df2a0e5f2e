"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch.autograd.graph import Node

from gradtui.engine.backward import Gradients
from gradtui.engine.inside import Operations
from gradtui.engine.values import legible, viewed
from gradtui.snapshot.model import Values

Known = list[tuple[torch.Tensor, Values | None]]


@dataclass(frozen=True, slots=True)
class Summed:
    """What the engine did. Where one tensor goes out of a node and into the next, both have the same Values object.

    order, grad_outputs, grad_inputs, inside: as in `backward.Backward`.
    """

    order: list[Node] = field(default_factory=list)
    grad_outputs: dict[Node, Values | None] = field(default_factory=dict)
    grad_inputs: dict[Node, tuple[Values | None, ...]] = field(default_factory=dict)
    inside: Operations = field(default_factory=dict)
    _sent: dict[tuple[Node, int], tuple[torch.Tensor, Values | None] | None] = field(default_factory=dict)

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        known: Known = []
        for number, grad in enumerate(grad_outputs):
            arrived = self._sent.pop((node, number), None)
            if grad is not None and not known:
                known.append((grad, _values(grad, [arrived] if arrived else [])))
                self.grad_outputs[node] = known[0][1]
        told: list[Values | None] = []
        for grad, (target, number) in zip(grad_inputs, node.next_functions, strict=False):
            if grad is None:
                told.append(None)
                continue
            values = _values(grad, known)
            known.append((grad, values))
            told.append(values)
            if target is not None:
                place = target, number
                self._sent[place] = None if place in self._sent else (grad, values)
        self.grad_inputs[node] = tuple(told)

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        self.order.append(leaf)
        arrived = self._sent.pop((leaf, 0), None)
        self.grad_outputs[leaf] = None if grad is None else _values(grad, [arrived] if arrived else [])


def _values(tensor: torch.Tensor, known: Known) -> Values | None:
    """Read once: the same tensor, or another view of the same elements, is known already."""
    for other, values in known:
        if tensor is other:
            return values
        if values is not None and values.summary is not None and _same_elements(tensor, other):
            return viewed(values, tensor)
    return legible(tensor)


def _same_elements(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    if tensor.numel() != other.numel() or tensor.dtype != other.dtype or tensor.is_complex():
        return False
    if tensor.layout is not torch.strided or other.layout is not torch.strided:
        return False
    return tensor.data_ptr() == other.data_ptr() and _is_dense(tensor) and _is_dense(other)


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill a piece of memory, each once, in whatever order."""
    if tensor.is_contiguous():
        return True
    filled = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1 and stride != filled:
            return False
        filled *= size
    return True
