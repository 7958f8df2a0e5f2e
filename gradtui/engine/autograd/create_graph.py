"""Backward passes of a person's own code under `create_graph`: which node, when it ran, made which others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.torch_private import sequence_number

CREATE_GRAPH = {torch.autograd.grad: 4, torch.autograd.backward: 3, torch.Tensor.backward: 3}
"""The functions that begin backward, each with the place of its argument `create_graph`."""
OUTPUTS = ("outputs", "tensors", "self")
MOST_NODES = 20_000
"""Of the graph that a pass runs over, up to which it is watched: each node gets two hooks."""


@dataclass(slots=True)
class Pass:
    """One pass. first, end: the sequence numbers that came next before and after it. order: how many such passes it went
    through, with those before it. starts, ran: from which number on which node ran, by its own number and its name.
    """

    first: int
    end: int = 0
    order: int = 1
    starts: list[int] = field(default_factory=list)
    ran: list[tuple[int, str]] = field(default_factory=list)

    def maker(self, number: int) -> tuple[int, str] | None:
        """The node that ran when `number` was given: its own sequence number, and its name."""
        place = bisect_right(self.starts, number) - 1
        return self.ran[place] if place >= 0 else None


class Passes:
    """All of them, in their order."""

    def __init__(self) -> None:
        self._all: list[Pass] = []

    def of(self, number: int) -> Pass | None:
        """The pass that made the node of this sequence number; None for what the forward pass made."""
        place = bisect_right(self._all, number, key=lambda one: one.first) - 1
        return self._all[place] if place >= 0 and number < self._all[place].end else None

    @contextmanager
    def watched(
        self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], keep: Callable[[torch.Tensor], object]
    ) -> Iterator[None]:
        """While `func`, one of CREATE_GRAPH, runs. keep: is told of what each node sends on, with its graph."""
        if not _creates(func, args, kwargs):
            yield
            return
        given = args[0] if args else next((kwargs[name] for name in OUTPUTS if name in kwargs), ())
        outputs = given if isinstance(given, list | tuple) else (given,)
        roots = [graph.root(one) for one in outputs if isinstance(one, torch.Tensor) and one.requires_grad]
        nodes = graph.walk(*roots)
        orders = (one.order for node in nodes if (one := self.of(node._sequence_nr())) is not None)
        told = Pass(sequence_number(), order=1 + max(orders, default=0))
        handles: list[Any] = []
        try:
            for node in nodes if len(nodes) <= MOST_NODES else ():
                if graph.sequence(node) is not None:
                    handles.append(node.register_prehook(_begins(told, node)))
                    handles.append(node.register_hook(_sends(keep)))
            yield
        finally:
            for handle in handles:
                handle.remove()
            told.end = sequence_number()
            if told.end > told.first:
                self._all.append(told)
            graph.release(nodes)


def _creates(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    place = CREATE_GRAPH[func]
    return bool(args[place] if len(args) > place else kwargs.get("create_graph", False))


def _begins(told: Pass, node: Node) -> Callable[..., None]:
    ran = node._sequence_nr(), graph.short(node.name())

    def begins(_: object) -> None:
        told.starts.append(sequence_number())
        told.ran.append(ran)

    return begins


def _sends(keep: Callable[[torch.Tensor], object]) -> Callable[..., None]:
    def sends(sent: tuple[torch.Tensor | None, ...], _: object) -> None:
        for one in sent:
            if one is not None:
                keep(one)

    return sends
