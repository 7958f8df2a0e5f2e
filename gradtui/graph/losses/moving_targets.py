"""Where a loss compares what a network gives with a target that the same network makes. Pure.

Of a graph as torch has it, and of that of a Snapshot: what a node is called and what it leads to is asked of functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradtui.grad_fns.traits import Trait, has
from gradtui.graph.losses.nodes import N, Nodes

COMPARING = {"MseLoss", "SmoothL1Loss", "HuberLoss"}
DISTANCES = {"Pow", "Abs", "Mul", "LinalgVectorNorm", "Norm"}
"""Of a difference that is made by itself."""
ADDING, SCALING = {"Add", "Sub", "Rsub"}, {"Mul", "Div"}
FOLDING = {"Max", "Amax", "Min", "Amin", "Sum", "Mean"}
PASSING: tuple[Trait, ...] = ("view", "part", "looking up", "choosing", "bounded")
FARTHEST = 64
"""Nodes that are looked at from one side of a comparison."""
MOST_COMPARISONS, MOST_BELOW = 64, 5_000
"""Of a graph; nodes below one side, whose leaves are looked for."""


class MovingTargets(Nodes[N]):
    """Those of the comparisons in a graph."""

    def found(self, nodes: Iterable[N]) -> Iterator[tuple[N, frozenset[N]]]:
        """The nodes that compare, and the leaves that one side is made of, where the other is a constant plus a factor times
        what the same leaves give in the same way: an estimate of what comes later, of which nothing is cut off."""
        compared = 0
        for node in nodes:
            a, b = self._compared(node)
            if a is not None and b is not None:
                compared += 1
                if compared > MOST_COMPARISONS:
                    return
                leaves = self._shared(a, b) or self._shared(b, a)
                if leaves:
                    yield node, leaves

    def _compared(self, node: N) -> tuple[N | None, N | None]:
        name = self._operation(node)
        if name not in COMPARING and name not in DISTANCES:
            return None, None
        sides = self._following(node)
        if name in DISTANCES:
            difference = sides[0] if sides else None
            if (
                difference is None
                or (name == "Mul" and sides[-1] != difference)
                or self._operation(difference) != "Sub"
            ):
                return None, None
            sides = self._following(difference)
        return (sides[0], sides[1]) if len(sides) == 2 else (None, None)

    def _shared(self, given: N, target: N) -> frozenset[N]:
        """The leaves of both, where the second is made of the first one's kind."""
        makers = {self._operation(one): one for one in self._makers(given) if self._learned(one)}
        for one in self._scaled_and_shifted(target):
            maker = makers.get(self._operation(one))
            if maker is not None and (leaves := self._leaves(maker)) == self._leaves(one):
                return leaves
        return frozenset()

    def _passes(self, node: N) -> bool:
        """Whether what it gives are elements of its operands, or what a few of these fold to."""
        name = self._operation(node)
        return name in FOLDING or any(has(name, trait) for trait in PASSING)

    def _makers(self, start: N) -> Iterator[N]:
        """What made the elements that come in."""
        waiting, seen = [start], {start}
        while waiting and len(seen) < FARTHEST:
            node = waiting.pop()
            if not self._passes(node):
                yield node
                continue
            new = [one for one in self._learned(node) if one not in seen]
            seen.update(new)
            waiting += new

    def _scaled_and_shifted(self, start: N) -> Iterator[N]:
        """What is reached by way of a constant that is added and one that is multiplied by."""
        waiting, seen = [(start, False, False)], {(start, False, False)}
        while waiting and len(seen) < FARTHEST:
            node, shifted, scaled = waiting.pop()
            if shifted and scaled:
                yield node
            name, learned = self._operation(node), self._learned(node)
            alone = len(learned) == 1
            if name in ADDING:
                shifted = shifted or alone
            elif name in SCALING and alone:
                scaled = True
            elif not self._passes(node):
                continue
            new = [each for one in learned if (each := (one, shifted, scaled)) not in seen]
            seen.update(new)
            waiting += new

    def _leaves(self, start: N) -> frozenset[N]:
        """None where there is too much below it."""
        waiting, seen = [start], {start}
        while waiting:
            new = [one for one in self._learned(waiting.pop()) if one not in seen]
            seen.update(new)
            waiting += new
            if len(seen) > MOST_BELOW:
                return frozenset()
        return frozenset(one for one in seen if not self._following(one))
