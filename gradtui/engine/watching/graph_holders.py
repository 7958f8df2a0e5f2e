"""What of a person's own holds graphs: the variable, and the line that adds to it."""

from __future__ import annotations

import dis
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, instance_variables, is_a, items
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import is_users
from gradtui.engine.capture.recording import maker

MOST_ITEMS = 100
"""Of one list, dict or object that are looked at, the last ones."""


def holder_of_graphs(
    frame: FrameType | None, holds_many: Callable[[torch.Tensor], bool]
) -> tuple[str, FrameType | None, str]:
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


def line_that_adds(code: CodeType, name: str) -> tuple[CodeType, int] | None:
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
