"""What the tensor operations inside a backward node are, where the table of rules has no row for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradtui.engine.autograd.saved import check
from gradtui.engine.torch_private import DispatchMode, dispatch_modes, is_without_memory, put_on
from gradtui.grad_fns.rule_of_node import rule

MOST = 12
"""Operations of one node that are told."""

Operations = dict[Node, tuple[str, ...]]
LEAF = "torch::autograd::AccumulateGrad"


class Inside(DispatchMode):
    """Listens while one of the nodes runs, on whichever thread the engine runs it; known nodes cost nothing.

    Raises FreedStorageError before an operation of one that does not show what it saved, such as those on lists of tensors.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations: Operations = {}
        self._running: Node | None = None
        self._depth = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        told = self.operations.get(self._running, ()) if self._running is not None else ()
        if self._running is not None and not isinstance(self._running, BackwardCFunction):
            check(self._running, args)
        if self._running is not None and len(told) < MOST:
            self.operations[self._running] = (*told, func.__name__.partition(".")[0])
        # as `run_below` does, in this frame: dynamo, where it runs, would compile another
        for place, one in enumerate(args):
            if isinstance(one, torch.Tensor) and is_without_memory(one):
                args = *args[:place], torch.zeros_like(one, device=one.device), *args[place + 1 :]
        return func(*args, **(kwargs or {}))

    def begin(self, node: Node, grads: object) -> None:
        self._running = node
        self._depth = dispatch_modes() + 1
        self.__enter__()  # type: ignore[no-untyped-call]

    def end(self, *grads: object) -> None:
        if self._running is None:
            return
        self._running = None
        if dispatch_modes() < self._depth:  # where a node raises, the engine takes it off, and torch still counts it in
            put_on(self)
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]


@cache
def _is_known(name: str) -> bool:
    return name == LEAF or rule(name.rpartition("::")[2]) is not None


@contextmanager
def listening(nodes: Sequence[Node]) -> Iterator[Operations]:
    """The operations of those of `nodes` that have no rule, as they run within the `with`."""
    inside = Inside()
    handles: list[Any] = []
    unknown = {name for name in {node.name() for node in nodes} if not _is_known(name)}
    for node in nodes if unknown else ():
        if node.name() in unknown:
            handles += [node.register_prehook(partial(inside.begin, node)), node.register_hook(inside.end)]
    try:
        yield inside.operations
    finally:
        inside.end()  # where the node raised
        for handle in handles:
            handle.remove()
