"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Gradients
from gradtui.engine.autograd.inner import Operations
from gradtui.engine.autograd.reader import Reader
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN
from gradtui.snapshot.model import Values

Known = list[tuple[torch.Tensor, int]]
"""Tensors, and where their numbers will stand."""


class Summed:
    """What the engine did. Where one tensor goes out of a node and into the next, both have the same Values object.

    order, inside: as in `backward.Backward`. wanted: outputs of nodes, each with its number, whose own gradient is asked for.
    """

    def __init__(self, wanted: Collection[tuple[Node, int]] = ()) -> None:
        self.order: list[Node] = []
        self._wanted = wanted
        self._outputs: dict[tuple[Node, int], int] = {}
        self.inside: Operations = {}
        self._reader = Reader()
        self._came: dict[Node, int] = {}
        self._gone: dict[Node, list[int | None]] = {}
        self._sent: dict[tuple[Node | None, int], tuple[torch.Tensor, int] | None] = {}

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        known = self._arrived(node, grad_outputs)
        gone: list[int | None] = []
        for grad, edge in zip(grad_inputs, node.next_functions, strict=False):
            if grad is None:
                gone.append(None)
                continue
            place = self._place(grad, known)
            known.append((grad, place))
            gone.append(place)
            self._sent[edge] = None if edge in self._sent else (grad, place)
        self._gone[node] = gone

    def _arrived(self, node: Node, grad_outputs: Gradients) -> Known:
        """Of several outputs the gradient of the first that has one, and of those that are wanted."""
        known: Known = []
        for number, grad in enumerate(grad_outputs):
            arrived = self._sent.pop((node, number), None)
            if grad is None or (known and (node, number) not in self._wanted):
                continue
            place = self._place(grad, [arrived] if arrived else known)
            known.append((grad, place))
            self._came.setdefault(node, place)
            self._outputs[node, number] = place
        return known

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        self.order.append(leaf)
        arrived = self._sent.pop((leaf, 0), None)
        if grad is not None:
            self._came[leaf] = self._place(grad, [arrived] if arrived else [])

    def read(self) -> tuple[dict[Node, Values | None], dict[Node, tuple[Values | None, ...]]]:
        """The gradient that came into each node, and what each sent along its edges."""
        values = self._reader.values()
        came = {node: values[place] for node, place in self._came.items()}
        gone = {
            node: tuple([None if place is None else values[place] for place in places])
            for node, places in self._gone.items()
        }
        return came, gone

    def wanted(self) -> dict[tuple[Node, int], Values | None]:
        """The gradient of each output that was wanted, and had one."""
        values = self._reader.values()
        return {output: values[place] for output, place in self._outputs.items() if output in self._wanted}

    def _place(self, tensor: torch.Tensor, known: Known) -> int:
        """Read once: the same tensor, or another view of the same elements, is known already."""
        for other, place in known:
            if tensor is other:
                return place
        if tensor.numel() > FIRST_NUMBERS:
            for other, place in known:
                if _same_elements(tensor, other):
                    return self._reader.add_view(tensor, place, other)
        return self._reader.add(tensor)


def _same_elements(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether both are views of all the elements of one piece of memory."""
    if type(tensor) not in PLAIN or type(other) not in PLAIN:
        return False
    if tensor.layout is not torch.strided or other.layout is not torch.strided:
        return False
    if tensor.is_nested or other.is_nested:
        return False
    if tensor.data_ptr() != other.data_ptr() or tensor.numel() != other.numel() or tensor.dtype != other.dtype:
        return False
    return not tensor.is_complex() and _is_dense(tensor) and _is_dense(other)


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
