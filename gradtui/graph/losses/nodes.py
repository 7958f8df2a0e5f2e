"""Nodes of a graph as torch has it, or as a Snapshot has it: what is asked of one is asked of functions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from gradtui.graph.operands import operation_of

N = TypeVar("N", bound=Hashable)


class Nodes(Generic[N]):
    """name: torch's name of a node. following: what its edges lead to, None for a constant; nothing of a leaf."""

    def __init__(self, name: Callable[[N], str], following: Callable[[N], Sequence[N | None]]) -> None:
        self._name, self._following = name, following

    def _operation(self, node: N) -> str:
        return operation_of(self._name(node))

    def _learned(self, node: N) -> list[N]:
        return [one for one in self._following(node) if one is not None]

    def _below(self, nodes: Iterable[N]) -> set[N]:
        """These, and all that they are made of."""
        waiting = [*nodes]
        seen = {*waiting}
        while waiting:
            new = [one for one in self._learned(waiting.pop()) if one not in seen]
            seen.update(new)
            waiting += new
        return seen
