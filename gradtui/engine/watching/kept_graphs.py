"""Which graphs of earlier updates are still there."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from types import FrameType
from typing import Any, cast

import torch

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture.places import Places
from gradtui.engine.watching.graph_holders import holder_of_graphs, line_that_adds
from gradtui.engine.watching.segments import SEGMENTS
from gradtui.snapshot.model import Source

TOKEN = "gradtui run"
SEVERAL = 2
"""Updates whose graphs hang on one tensor that is carried on: with more than these."""
ALIVE = SEGMENTS + 3
"""Graphs of earlier updates: with so many more is looked at. The tape itself keeps some."""
FARTHEST = 256
"""Nodes that are gone along to find one that most of a graph keeps alive."""


class _Token:
    """In the metadata of a node: lives as long as that."""

    __slots__ = ("__weakref__", "update")

    def __init__(self, update: int) -> None:
        self.update = update


class KeptGraphs:
    """Each has something in it that lives as long as it does."""

    def __init__(self) -> None:
        self._tokens: list[weakref.ref[_Token]] = []
        self._least, self._something_holds = ALIVE, False
        self._holder: tuple[str, Source | None] | None = None

    def mark(self, outputs: Sequence[torch.Tensor], update: int) -> None:
        """At its end, and at its begin, which anything that is kept of it keeps."""
        made = next((one.grad_fn for one in outputs if one.grad_fn is not None), None)
        if made is None:
            return
        token = _Token(update)
        for node in (made, _begin(made)):
            if TOKEN not in cast(Any, node).metadata:
                cast(Any, node).metadata[TOKEN] = token
        self._tokens.append(weakref.ref(token))

    def alive(self, update: int) -> int:
        """How many of those before it."""
        found = [token for reference in self._tokens if (token := reference()) is not None]
        self._tokens = [weakref.ref(token) for token in found]
        return len({token.update for token in found if token.update < update})

    def holder(self, frame: FrameType, places: Places) -> tuple[str, Source | None]:
        """What holds them, of what is seen from a frame, and the line that adds to it; it is looked for once."""
        if self._holder is None:
            name, outer, part = holder_of_graphs(frame, holds_many)
            adds = line_that_adds(outer.f_code, part) if outer is not None else None
            self._holder = name, None if adds is None else places.of_instruction(*adds)
        return self._holder

    def are_many(self, update: int) -> bool:
        return self.alive(update) >= ALIVE

    def are_held(self, update: int) -> bool:
        """Whether they are many, and something holds them: what only refers to itself in a circle is gone with the next
        collection of garbage, which is then done at once; where it was that, the next time with twice as many."""
        if not self._something_holds and self.alive(update) >= self._least:
            if gc.isenabled():
                gc.collect()
            self._something_holds = self.are_many(update)
            self._least *= 2
        return self._something_holds and self.are_many(update)


def holds_many(tensor: torch.Tensor) -> bool:
    """Whether graphs of several updates hang on it."""
    nodes = graph.walk(graph.root(tensor))
    guard(nodes)
    tokens = (cast(Any, node).metadata.get(TOKEN) for node in nodes)
    several = {token.update for token in tokens if token is not None}
    graph.release(nodes)
    return len(several) > SEVERAL


def _begin(node: Any) -> Any:
    """The node at the far end of one of the ways from it, before the leaf; of a long way one that is far."""
    for _ in range(FARTHEST):
        before = (one for one, _ in node.next_functions if one is not None and one.next_functions)
        following = next(before, None)
        if following is None:
            break
        node = following
    return node
