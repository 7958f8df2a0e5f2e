"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Gradients
from gradtui.engine.autograd.inner import Operations
from gradtui.engine.autograd.reader import MOST_HELD, OVERHEAD, SMALL, Reader
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN
from gradtui.engine.autograd.witness import is_worse, of_sent, of_zeros
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Values, Witness

MOST_WITNESSES = 12
"""Places at which gradients went bad that are looked at: the first explains the others."""


class _Known(NamedTuple):
    """A tensor, where its numbers will stand, the address of its elements (0 where no other may share them), and how many."""

    tensor: torch.Tensor
    place: int
    address: int
    elements: int


class _Edge(NamedTuple):
    """A gradient that went out of a node, and the one that had come in, with their places. came: None where it is too large to
    wait."""

    node: Node
    number: int
    sent: torch.Tensor
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
        self._sent: dict[tuple[Node | None, int], _Known | None] = {}
        self.witnesses: dict[Node, Witness] = {}
        self.settings: dict[Node, Witness] = {}
        self._reader.when_read(self._look)
        self._unseen: list[_Edge] = []
        self._waiting: list[tuple[Node, Gradients | None, Gradients]] = []
        self._held = 0

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        self._waiting.append((node, grad_inputs, grad_outputs))
        self._hold(grad_inputs)

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        self.order.append(leaf)
        self._waiting.append((leaf, None, (grad,)))
        self._hold((grad,))

    def _hold(self, grads: Gradients) -> None:
        """Small gradients wait: to look at many in a row takes half the time of looking at each as the engine comes by."""
        for grad in grads:
            if grad is not None:
                count = grad.numel()
                self._held += count + OVERHEAD if count <= SMALL else MOST_HELD
        if self._held >= MOST_HELD:
            self._follow()

    def _follow(self) -> None:
        """Follow what waits from node to node."""
        waiting, self._waiting = self._waiting, []
        self._held = 0
        for node, grad_inputs, grad_outputs in waiting:
            known = self._arrived(node, grad_outputs)
            if grad_inputs is not None:
                self._leave(node, grad_inputs, known)

    def _arrived(self, node: Node, grad_outputs: Gradients) -> list[_Known]:
        """Of several outputs the gradient of the first that has one, and of those that are wanted."""
        known: list[_Known] = []
        for number, grad in enumerate(grad_outputs):
            arrived = self._sent.pop((node, number), None)
            if grad is None or (known and (node, number) not in self._wanted):
                continue
            came = self._place(grad, (arrived,) if arrived else known)
            known.append(came)
            self._came.setdefault(node, came.place)
            self._outputs[node, number] = came.place
        return known

    def _leave(self, node: Node, grad_inputs: Gradients, known: list[_Known]) -> None:
        """known: of the gradients that came in."""
        came = known[0] if known else None
        gone: list[int | None] = []
        for grad, edge in zip(grad_inputs, node.next_functions, strict=False):
            if grad is None:
                gone.append(None)
                continue
            sent = self._place(grad, known)
            if came is None or came.place != sent.place:
                self._watch(node, len(gone), sent, came)
            known.append(sent)
            gone.append(sent.place)
            self._sent[edge] = None if edge in self._sent else sent
        self._gone[node] = gone

    def read(self) -> tuple[dict[Node, Values | None], dict[Node, tuple[Values | None, ...]]]:
        """The gradient that came into each node, and what each sent along its edges."""
        self._follow()
        values = self._reader.values()
        came = {node: values[place] for node, place in self._came.items()}
        gone = {
            node: tuple([None if place is None else values[place] for place in places])
            for node, places in self._gone.items()
        }
        return came, gone

    def wanted(self) -> dict[tuple[Node, int], Values | None]:
        """The gradient of each output that was wanted, and had one."""
        self._follow()
        values = self._reader.values()
        return {output: values[place] for output, place in self._outputs.items() if output in self._wanted}

    def _watch(self, node: Node, number: int, sent: _Known, came: _Known | None) -> None:
        """Whether the gradient became bad here, now or as soon as its numbers are read; nothing large waits for that."""
        if came is None:
            edge = _Edge(node, number, sent.tensor, sent.place, None, None)
        elif sent.elements <= SMALL < came.elements:
            edge = _Edge(node, number, sent.tensor, sent.place, None, came.place)
        else:
            edge = _Edge(node, number, sent.tensor, sent.place, came.tensor, came.place)
        if sent.elements <= SMALL:
            self._unseen.append(edge)
        else:
            self._look_at(edge)

    def _look(self, ordinary: bool) -> None:
        waiting, self._unseen = self._unseen, []
        for edge in () if ordinary else waiting:
            self._look_at(edge)

    def _look_at(self, edge: _Edge) -> None:
        if edge.node in self.witnesses or len(self.witnesses) >= MOST_WITNESSES:
            return
        sent = self._reader.known(edge.place)
        before = None if edge.came_at is None else self._reader.known(edge.came_at)
        if edge.came_at is not None and is_zero(sent) and not is_zero(before):
            if len(self.settings) < MOST_WITNESSES and (found := of_zeros(edge.node, edge.number)) is not None:
                self.settings[edge.node] = found
        elif is_worse(sent, (before,)):
            with torch.no_grad():
                found = of_sent(edge.node, edge.number, edge.sent, edge.came)
            if found is not None:
                self.witnesses[edge.node] = found

    def _place(self, tensor: torch.Tensor, known: Sequence[_Known]) -> _Known:
        """Read once: the same tensor, or another view of the same elements, is known already."""
        for other in known:
            if tensor is other.tensor:
                return other
        count = tensor.numel()
        address = _address(tensor) if count > FIRST_NUMBERS else 0
        for other in known:
            if address and address == other.address and _same_elements(tensor, other.tensor):
                return _Known(tensor, self._reader.add_view(tensor, other.place, other.tensor), address, count)
        return _Known(tensor, self._reader.add(tensor), address, count)


def _address(tensor: torch.Tensor) -> int:
    """0 of what is no plain piece of memory."""
    if type(tensor) not in PLAIN or tensor.layout is not torch.strided or tensor.is_nested:
        return 0
    try:
        return tensor.data_ptr()
    except RuntimeError:  # inside a transform of torch.func
        return 0


def _same_elements(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether both, which begin at one address, are views of all the elements of one piece of memory."""
    if tensor.numel() != other.numel() or tensor.dtype != other.dtype or tensor.is_complex():
        return False
    return _is_dense(tensor) and _is_dense(other)


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
