"""Which graphs of earlier updates are still there, and what of a person's own holds them."""

from __future__ import annotations

import dis
import gc
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, cast

import torch

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture.introspection import entries, instance_variables, is_a, items
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import Places, is_users
from gradtui.engine.capture.recording import maker
from gradtui.engine.watching.kept_calls.segments import SEGMENTS
from gradtui.snapshot.model import Source

TOKEN = "gradtui run"
SEVERAL = 2
"""Updates whose graphs hang on one tensor that is carried on: with more than these."""
ALIVE = SEGMENTS + 3
"""Graphs of earlier updates: with so many more is looked at. The tape itself keeps some."""
LONGEST = 1.0
"""Seconds of collections in a row: of circles that hold one another, as hooks of modules make them, each frees a few."""
FARTHEST = 256
"""Nodes that are gone along to find one that most of a graph keeps alive."""


MOST_ITEMS = 100
"""Of one list, dict or object that are looked at, the last ones."""


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
            name, outer, part = _holder(frame, holds_many)
            adds = _line_that_adds(outer.f_code, part) if outer is not None else None
            self._holder = name, None if adds is None else places.of_instruction(*adds)
        return self._holder

    def are_many(self, update: int) -> bool:
        return self.alive(update) >= ALIVE

    def are_held(self, update: int) -> bool:
        """Whether they are many, and something holds them.

        Graphs that are alive only through a reference cycle are held by nothing: garbage is collected here to see. Where that
        frees them, it is done again only at twice as many.
        """
        if not self._something_holds and self.alive(update) >= self._least:
            latest = time.monotonic() + LONGEST
            freed = gc.isenabled() and gc.collect()
            while freed and self.are_many(update):
                freed = gc.collect()
                if time.monotonic() > latest:
                    break
            self._something_holds = not freed and self.are_many(update)
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


def _holder(frame: FrameType | None, holds_many: Callable[[torch.Tensor], bool]) -> tuple[str, FrameType | None, str]:
    """A variable, or an attribute or item of one, that is a list or dict of tensors with a graph, or one on which many hang; the
    frame it was found from, and its own last name."""
    for holds in (_holds_graphs, lambda value: _has_graph(value) and holds_many(value)):
        around = frame
        while around is not None:
            if is_users(around):
                for scope in (local_variables(around), around.f_globals):
                    for name, value, last in _containers(scope):
                        if holds(value):
                            return name, around, last
            around = around.f_back
    return "", None, ""


def _has_graph(value: object) -> bool:
    return is_a(value, torch.Tensor) and maker(value) is not None


def _containers(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Variables, attributes of objects, and what stands in dicts of both."""
    near = [(name, value, name) for name, value in [*scope.items()] if not name.startswith("__")]
    yield from near
    inside = [
        (f"{name}.{part}", one, part)
        for name, value, _ in near
        if not is_a(value, type, torch.Tensor)
        for part, one in [*entries(getattr(value, "__dict__", None))][:MOST_ITEMS]
    ]
    yield from inside
    for name, value, _ in (*near, *inside):
        for key, one in [*entries(value)][:MOST_ITEMS]:
            if is_a(key, str):
                yield f"{name}[{key!r}]", one, key


def _holds_graphs(value: object) -> bool:
    return sum(_has_graph(one) or any(map(_has_graph, _parts(one))) for one in _parts(value)) > 2


def _parts(value: object) -> list[Any]:
    """The last ones of a list or dict, what a record of several things has: `(state, loss)`, `{"loss": loss}`, `Step(loss)`."""
    if is_a(value, deque):
        return [*deque.__iter__(value)][-MOST_ITEMS:]
    if is_a(value, list, tuple):
        return [*items(value)][-MOST_ITEMS:]
    held = value if is_a(value, dict) or is_a(value, torch.nn.Module) else instance_variables(value)
    return [one for _, one in entries(held)][-MOST_ITEMS:]


def _line_that_adds(code: CodeType, name: str) -> tuple[CodeType, int] | None:
    """The instruction of a function that puts something into what is called so: `name.append(...)`, `name[...] = ...`."""
    for inside in (code, *(one for one in code.co_consts if isinstance(one, CodeType))):
        loaded = False
        for one in dis.get_instructions(inside):
            if one.argval == name and one.opname.startswith("LOAD_"):
                loaded = True
            elif loaded and one.argval in ("append", "appendleft", "extend", "insert", "add"):
                return inside, one.offset
            elif one.opname not in ("CACHE", "BINARY_SUBSCR"):
                loaded = False
    return None
