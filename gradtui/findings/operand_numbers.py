"""The numbers that an operation worked on when it went bad: those of the element itself, or the extremes of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import NamedTuple

from gradtui.grad_fns.singularities import Cause
from gradtui.graph.gradients import spread
from gradtui.graph.operands import element, operand
from gradtui.snapshot.model import Graph, Node, Values

Numbers = tuple[float | None, float | None]


class Seen(NamedTuple):
    """Numbers of the first and the second operand. exact: whether these stood at the bad element; else each may have been."""

    first: tuple[float | None, ...]
    second: tuple[float | None, ...]
    exact: bool

    def cause(self, causes: Sequence[Cause], nan: bool = False) -> tuple[Cause, Numbers] | None:
        """The row that holds, and of which numbers. nan: of a value that is nan a pole, which is infinite, comes last."""
        rows = causes if self.exact else sorted(causes, key=lambda cause: (cause.kind == "pole") == nan)
        for cause in rows:
            for a in self.first:
                for b in self.second:
                    if holds(cause, (a, b)):
                        return cause, (a, b)
        return None


def holds(cause: Cause, operands: Sequence[float | None]) -> bool:
    wanted = operands[: len(signature(cause.holds).parameters)]
    return None not in wanted and cause.holds(*wanted)


def at_element(graph: Graph, node: Node, place: int, count: int) -> Seen:
    """Of the element at `place` of `count`, where every number is known."""
    a, b = (element(operand(graph, node, each), place, count) for each in (0, 1))
    return Seen((a,), (b,), True)


def extremes(graph: Graph, node: Node) -> Seen:
    """Of each operand 0, if it is among the elements, the smallest and the largest."""
    first, second = (_extremes(operand(graph, node, each)) for each in (0, 1))
    return Seen(first, second, False)


def _extremes(values: Values | None) -> tuple[float | None, ...]:
    if values is None:
        return (None,)
    found = spread(values)
    known = [each for each in (found.min, found.max) if each is not None]
    return (*((0.0,) if found.zeros else ()), *known) or (None,)
