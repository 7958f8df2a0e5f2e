"""Letting go of deep graphs.

A node that Python has seen dies by a recursion of torch's through all the nodes below it, which ends the process where
the graph is deep: at some 3,000 nodes on a thread's small stack. So the nodes of a deep graph that stand on every
hundredth level hold those below themselves, and when they die hand them to a list that is emptied later, one by one.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable, Sequence
from typing import Any, cast

from torch.autograd.graph import Node

LEVELS = 100
"""So deep may torch go by itself."""
SAFE = 1000
"""Nodes of a graph that is not deep in any case."""
KEY = "gradtui deep"

_waiting: list[Node] = []
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_waiting))  # outlives the interpreter, which would drop it all at once


class _Below:
    """Sits in the metadata of a node, dies before the node lets go of what is below it, and holds that a little longer."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def __del__(self, waiting: list[Node] = _waiting, callbacks: list[Any] = gc.callbacks) -> None:
        waiting.extend(self.nodes)
        if _let_go is not None and _let_go not in callbacks:
            callbacks.append(_let_go)


def _let_go(phase: str, info: dict[str, int]) -> None:
    """Called by the collector of garbage, which is not in the middle of a node's death."""
    while _waiting:
        _waiting.pop()
    if _let_go in gc.callbacks:
        gc.callbacks.remove(_let_go)


def guard(nodes: Sequence[Node]) -> None:
    """Make the graph of `graph.walk` safe to drop at any place, at any time, on any thread."""
    if len(nodes) <= SAFE:
        return
    levels: dict[Node, int] = {}
    for node in reversed(nodes):
        levels[node] = 1 + max((levels.get(target, 0) for target, _ in node.next_functions if target), default=0)
    for node, level in levels.items():
        guard_node(node, level, (levels.get(target, 0) for target, _ in node.next_functions if target))


def guard_node(node: Node, level: int, below: Iterable[int]) -> None:
    """level: of the node, from the leaves up. below: those of the nodes right below it."""
    if any(other // LEVELS != level // LEVELS for other in below):
        held = [target for target, _ in node.next_functions if target is not None]
        cast(Any, node).metadata[KEY] = _Below(held)
