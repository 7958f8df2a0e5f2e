"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from threading import Lock

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Gradients
from gradtui.engine.autograd.inner import Operations
from gradtui.engine.autograd.witness import is_worse, of_sent, of_zeros
from gradtui.engine.tensors.reader import MOST_HELD, OVERHEAD, Kind, Reader
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Values, Witness

MOST_WITNESSES = 12
"""Places at which gradients went bad that are looked at: the first explains the others."""


_Ran = tuple[Node, Gradients, Gradients]
"""A node as the engine ran it: what it sent along its edges, nothing where it is a leaf, and what came in."""


class Summed:
    """What the engine did. Where one tensor goes out of a node and into the next, both have the same Values object.

    order, inside: as in `backward.Backward`. wanted: outputs of nodes, each with its number, whose own gradient is asked for.
    witnesses: of the nodes that made a gradient bad. settings: of those that made zeros of one, what they keep that may say why.
    """

    def __init__(self, wanted: Collection[tuple[Node, int]] = ()) -> None:
        self.order: list[Node] = []
        self.inside: Operations = {}
        self.witnesses: dict[Node, Witness] = {}
        self.settings: dict[Node, Witness] = {}
        self._wanted = wanted
        self._reader = Reader()
        self._reading = Lock()  # the engine runs the nodes of each kind of device on a thread of its own
        self._waiting: list[_Ran] = []
        self._held = 0
        self._came: dict[Node, int] = {}
        self._gone: dict[Node, list[int | None]] = {}
        self._later: set[Node] = set()
        self._outputs: dict[tuple[Node, int], int] = {}
        self._on_the_way: dict[tuple[Node | None, int], tuple[torch.Tensor, int] | None] = {}

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        self._waiting.append((node, grad_inputs, grad_outputs))
        self._hold(grad_inputs)

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        self.order.append(leaf)
        self._waiting.append((leaf, (), (grad,)))
        self._hold((grad,))

    def _hold(self, grads: Gradients) -> None:
        """Small gradients wait: to look at many in a row takes half the time of looking at each as the engine comes by."""
        for grad in grads:
            if grad is not None:
                self._held += grad.numel() + OVERHEAD
        if self._held >= MOST_HELD:
            with self._reading:
                self._send(self._read())

    def _read(self) -> list[_Ran]:
        """All that waits. Gives it, as what was sent may be on its way yet."""
        waiting, self._waiting = self._waiting, []
        self._held = 0
        places, add = self._reader.places, self._reader.add
        for node, sent, came in waiting:
            self._arrive(node, came)
            gone: list[int | None] = []
            for grad in sent:
                if grad is None:
                    gone.append(None)
                else:
                    known = places.get(id(grad))
                    gone.append(add(grad) if known is None else known)
            if sent:
                self._gone[node] = gone
        odd = self._reader.read()
        for node, sent, came in waiting if odd else ():
            if not odd.isdisjoint(self._gone.get(node, ())):
                self._look(node, sent, came, odd)
        return waiting

    def _arrive(self, node: Node, grads: Gradients) -> None:
        """Of several outputs the gradient of the first that has one, and of those that are wanted."""
        first = True
        for number, grad in enumerate(grads):
            arrived = self._on_the_way.pop((node, number), None) if self._on_the_way else None
            if grad is None:
                continue
            if arrived is not None and arrived[0] is grad:
                self._reader.know(*arrived)
            if first:
                self._came.setdefault(node, self._reader.add(grad))  # a leaf may be reached twice
                if number:
                    self._later.add(node)
                first = False
            if self._wanted and (node, number) in self._wanted:
                self._outputs[node, number] = self._reader.add(grad)

    def _send(self, ran: Sequence[_Ran]) -> None:
        """What was sent to nodes that have not run yet: there the same tensor comes in, where it is not added to another."""
        for node, sent, _ in ran:
            for grad, edge, place in zip(sent, node.next_functions, self._gone.get(node, ()), strict=False):
                if grad is not None and place is not None and edge[0] not in self._came:
                    self._on_the_way[edge] = None if edge in self._on_the_way else (grad, place)

    def read(self, others: Iterable[torch.Tensor] = ()) -> list[Values | None]:
        """All that waits, and `others` with it, whose Values are returned. `came` and `gone` may then be asked."""
        beside = [self._reader.add(other) for other in others]
        self._read()
        return [self._reader.values[place] for place in beside]

    def came(self, node: Node) -> Values | None:
        """The gradient that came into it."""
        place = self._came.get(node)
        return None if place is None else self._reader.values[place]

    def kind(self, node: Node) -> Kind | None:
        """Of its first output, which the engine sees to that a gradient of it has too; None where none came, or it is unknown."""
        place = self._came.get(node)
        return None if place is None or node in self._later else self._reader.kind(place)

    def gone(self, node: Node) -> Sequence[Values | None]:
        """What it sent along its edges."""
        values = self._reader.values
        return [None if place is None else values[place] for place in self._gone.get(node, ())]

    def wanted(self) -> dict[tuple[Node, int], Values | None]:
        """The gradient of each output that was wanted, and had one."""
        return {output: self._reader.values[place] for output, place in self._outputs.items()}

    def _look(self, node: Node, sent: Gradients, came: Gradients, odd: Collection[int]) -> None:
        """Whether a gradient became bad in a node; odd: places of what may be bad."""
        first = next((grad for grad in came if grad is not None), None)
        place = self._came.get(node)
        before = None if place is None else self._reader.values[place]
        for number, (grad, gone) in enumerate(zip(sent, self._gone[node], strict=True)):
            if grad is not None and gone is not None and gone in odd and gone != place:
                self._look_at(node, number, grad, first, self._reader.values[gone], before)

    def _look_at(
        self,
        node: Node,
        number: int,
        sent: torch.Tensor,
        came: torch.Tensor | None,
        values: Values | None,
        before: Values | None,
    ) -> None:
        if node in self.witnesses or len(self.witnesses) >= MOST_WITNESSES:
            return
        if came is not None and is_zero(values) and not is_zero(before):
            if len(self.settings) < MOST_WITNESSES and (found := of_zeros(node, number)) is not None:
                self.settings[node] = found
        elif is_worse(values, (before,)):
            with torch.no_grad():
                found = of_sent(node, number, sent, came)
            if found is not None:
                self.witnesses[node] = found
