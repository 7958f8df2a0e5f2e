"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Gradients
from gradtui.engine.autograd.inner import Operations
from gradtui.engine.autograd.reader import SMALL, Reader
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN
from gradtui.engine.autograd.witness import is_worse, of_sent, of_zeros
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Values, Witness

MOST_WITNESSES = 12
"""Places at which gradients went bad that are looked at: the first explains the others."""

Known = list[tuple[torch.Tensor, int]]
"""Tensors, and where their numbers will stand."""


class _Edge(NamedTuple):
    """A gradient that went out of a node, and the one that had come in, with where their numbers will stand."""

    node: Node
    number: int
    grad: torch.Tensor
    place: int
    came: torch.Tensor | None
    came_at: int | None


class Summed:
    """What the engine did. Where one tensor goes out of a node and into the next, both have the same Values object.

    order, inside: as in `backward.Backward`. wanted: outputs of nodes, each with its number, whose own gradient is asked for.
    witnesses: of the nodes that made a gradient bad. settings: of those that made zeros of one, what they keep that may say why.
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
        self.witnesses: dict[Node, Witness] = {}
        self.settings: dict[Node, Witness] = {}
        self._reader.when_read(self._look)
        self._unseen: list[_Edge] = []

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        known = self._arrived(node, grad_outputs)
        came = known[0] if known else None
        gone: list[int | None] = []
        for grad, edge in zip(grad_inputs, node.next_functions, strict=False):
            if grad is None:
                gone.append(None)
                continue
            place = self._place(grad, known)
            known.append((grad, place))
            gone.append(place)
            self._sent[edge] = None if edge in self._sent else (grad, place)
            self._watch(node, len(gone) - 1, grad, place, came)
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

    def _watch(
        self, node: Node, edge: int, grad: torch.Tensor, place: int, came: tuple[torch.Tensor, int] | None
    ) -> None:
        """Whether the gradient became bad here, now or as soon as its numbers are read; nothing large waits for that."""
        if len(self.witnesses) >= MOST_WITNESSES or (came is not None and came[1] == place):
            return
        arrived = came[0] if came is not None else None
        waiting = _Edge(node, edge, grad, place, arrived, None if came is None else came[1])
        if self._reader.known(place) is not None and (came is None or self._reader.known(came[1]) is not None):
            self._look_at(waiting)
            return
        if arrived is not None and arrived.numel() > SMALL:
            waiting = waiting._replace(came=None)
        if grad.numel() <= SMALL:
            self._unseen.append(waiting)

    def _look(self) -> None:
        waiting, self._unseen = self._unseen, []
        for each in waiting:
            self._look_at(each)

    def _look_at(self, edge: _Edge) -> None:
        before = None if edge.came_at is None else self._reader.known(edge.came_at)
        if edge.node in self.witnesses or len(self.witnesses) >= MOST_WITNESSES:
            return
        sent = self._reader.known(edge.place)
        if edge.came_at is not None and is_zero(sent) and not is_zero(before):
            if len(self.settings) < MOST_WITNESSES and (found := of_zeros(edge.node, edge.number)) is not None:
                self.settings[edge.node] = found
        elif is_worse(sent, (before,)):
            with torch.no_grad():
                found = of_sent(edge.node, edge.number, edge.grad, edge.came)
            if found is not None:
                self.witnesses[edge.node] = found

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
