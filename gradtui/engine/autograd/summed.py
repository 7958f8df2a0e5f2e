"""A record of the engine's run that keeps numbers, never tensors: for graphs of any size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Gradients
from gradtui.engine.autograd.inner import Operations
from gradtui.engine.autograd.reader import MOST_HELD, OVERHEAD, SMALL, Kind, Placed, Reader
from gradtui.engine.autograd.witness import is_worse, of_sent, of_zeros
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Values, Witness

MOST_WITNESSES = 12
"""Places at which gradients went bad that are looked at: the first explains the others."""


_Sent = tuple[Node, int, Placed, Placed | None]
"""A node, the number of its edge, the gradient that went out along it, and the one that had come in."""


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
        self._values: list[Values | None] = []
        self._came: dict[Node, int] = {}
        self._later: set[Node] = set()
        self._gradients: int | None = None  # places of gradients are below it
        self._gone: dict[Node, list[int | None]] = {}
        self._sent: dict[tuple[Node | None, int], Placed | None] = {}
        self.witnesses: dict[Node, Witness] = {}
        self.settings: dict[Node, Witness] = {}
        self._reader.when_read(self._look)
        self._unseen: list[_Sent] = []
        self._waiting: list[tuple[Node, Gradients, Gradients]] = []
        self._held = 0

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
                count = grad.numel()
                self._held += count + OVERHEAD if count <= SMALL else MOST_HELD
        if self._held >= MOST_HELD:
            self._follow()

    def _follow(self) -> None:
        """Follow what waits from node to node."""
        waiting, self._waiting = self._waiting, []
        self._held = 0
        sent_along = self._sent
        for node, grad_inputs, grad_outputs in waiting:
            known = self._arrived(node, grad_outputs)
            if not grad_inputs:
                continue
            came = known[0] if known else None
            gone: list[int | None] = []
            for grad, edge in zip(grad_inputs, node.next_functions, strict=False):
                if grad is None:
                    gone.append(None)
                    continue
                sent = came if came is not None and grad is came.tensor else self._reader.add(grad, known)
                if came is None or came.place != sent.place:
                    self._watch(node, len(gone), sent, came)
                known.append(sent)
                gone.append(sent.place)
                sent_along[edge] = None if edge in sent_along else sent
            self._gone[node] = gone

    def _arrived(self, node: Node, grad_outputs: Gradients) -> list[Placed]:
        """Of several outputs the gradient of the first that has one, and of those that are wanted."""
        known: list[Placed] = []
        for number, grad in enumerate(grad_outputs):
            output = (node, number)
            arrived = self._sent.pop(output, None)
            if grad is None or (known and output not in self._wanted):
                continue
            if arrived is not None and grad is arrived.tensor:
                came = arrived
            else:
                came = self._reader.add(grad, (arrived,) if arrived is not None else known)
            if not known:
                self._came.setdefault(node, came.place)  # a leaf may be reached twice
                if number:
                    self._later.add(node)
            known.append(came)
            if output in self._wanted:
                self._outputs[output] = came.place
        return known

    def read(self, others: Iterable[torch.Tensor] = ()) -> list[Values | None]:
        """All that waits, and `others` with it, whose Values are returned. `came` and `gone` may then be asked."""
        self._follow()
        beside = [self._reader.add(other).place for other in others]
        self._gradients = min(beside, default=None)
        self._values = self._reader.values()
        return [self._values[place] for place in beside]

    def came(self, node: Node) -> Values | None:
        """The gradient that came into it."""
        place = self._came.get(node)
        return None if place is None else self._values[place]

    def kind(self, node: Node) -> Kind | None:
        """Of its first output, which the engine sees to that a gradient of it has too; None where none came, or it is unknown."""
        place = self._came.get(node)
        return None if place is None or node in self._later else self._reader.kind(place)

    def gone(self, node: Node) -> Sequence[Values | None]:
        """What it sent along its edges."""
        values = self._values
        return [None if place is None else values[place] for place in self._gone.get(node, ())]

    def wanted(self) -> dict[tuple[Node, int], Values | None]:
        """The gradient of each output that was wanted, and had one."""
        self._follow()
        values = self._reader.values()
        return {output: values[place] for output, place in self._outputs.items()}

    def _watch(self, node: Node, number: int, sent: Placed, came: Placed | None) -> None:
        """Whether the gradient became bad here, now or as soon as its numbers are read; nothing large waits for that."""
        if sent.elements > SMALL:
            self._look_at((node, number, sent, came))
        elif came is not None and came.elements > SMALL:
            self._unseen.append((node, number, sent, Placed(None, came.elements, came.place)))
        else:
            self._unseen.append((node, number, sent, came))

    def _look(self, odd: Set[int]) -> None:
        waiting, self._unseen = self._unseen, []
        odd = {place for place in odd if self._gradients is None or place < self._gradients}
        for each in waiting if odd else ():
            if each[2].place in odd:
                self._look_at(each)

    def _look_at(self, each: _Sent) -> None:
        node, number, sent, came = each
        if node in self.witnesses or len(self.witnesses) >= MOST_WITNESSES:
            return
        values = self._reader.known(sent.place)
        before = None if came is None else self._reader.known(came.place)
        if came is not None and is_zero(values) and not is_zero(before):
            if len(self.settings) < MOST_WITNESSES and (found := of_zeros(node, number)) is not None:
                self.settings[node] = found
        elif sent.tensor is not None and is_worse(values, (before,)):
            with torch.no_grad():
                found = of_sent(node, number, sent.tensor, None if came is None else came.tensor)
            if found is not None:
                self.witnesses[node] = found
