"""Backward passes that run within a node of another one, as that of a reentrant checkpoint does over what it has run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.utils.weak import WeakTensorKeyDictionary

from gradtui.engine.autograd.graph import release, root, walk
from gradtui.engine.autograd.inner import LEAF
from gradtui.engine.torch_private import checkpoints_may_run, through_backward


class Nested:
    """What they give to leaves, which `.grad` holds only as long as the node runs.

    of: the gradient of each leaf that is still there afterwards, over all nodes. nodes: by leaf, the first node that gave it
    something. Leaves are told apart by their identity.
    """

    def __init__(self) -> None:
        self.of: Any = WeakTensorKeyDictionary()
        self.nodes: Any = WeakTensorKeyDictionary()
        self._running: dict[int, Node] = {}
        self._before: list[tuple[torch.Tensor, torch.Tensor | None]] = []

    def begin(self, node: Node, grads: object) -> None:
        self._running[get_ident()] = node

    def end(self, *grads: object) -> None:
        self._running.pop(get_ident(), None)
        for leaf, grad in reversed(self._before):
            leaf.grad = grad
        self._before.clear()

    def around(self, run: Any, outputs: Any, *args: Any, **kwargs: Any) -> Any:
        """In place of the engine's function. Nothing is accumulated, and so no hook of that runs, as an optimizer's may."""
        node = self._running.get(get_ident())
        if node is None or not kwargs.get("accumulate_grad"):
            return run(outputs, *args, **kwargs)
        grads, keep, create, wanted = args
        leaves = list(wanted) or _leaves(outputs)
        if leaves:
            with_inputs = kwargs | {"accumulate_grad": False, "allow_unreachable": True}
            found = run(outputs, grads, keep, create, tuple(leaves), **with_inputs)
            for leaf, grad in zip(leaves, found, strict=True):
                if grad is not None and isinstance(leaf, torch.Tensor):
                    self._give(leaf, grad, node)
        return ()

    def _give(self, leaf: torch.Tensor, grad: torch.Tensor, node: Node) -> None:
        self._before.append((leaf, leaf.grad))
        leaf.grad = grad if leaf.grad is None else leaf.grad + grad
        self.of[leaf] = grad if leaf not in self.of else self.of[leaf] + grad
        self.nodes.setdefault(leaf, node)

    def add(self, came: Mapping[torch.Tensor, torch.Tensor | None]) -> None:
        """Add what came to the leaves by the other ways."""
        for leaf, grad in came.items() if self.of else ():
            if leaf in self.of and grad is not None:
                self.of[leaf] = self.of[leaf] + grad


def _leaves(outputs: Sequence[Any]) -> list[torch.Tensor]:
    nodes = walk(*(root(one) if isinstance(one, torch.Tensor) else one.node for one in outputs))
    try:
        return [node.variable for node in nodes if node.name() == LEAF]  # type: ignore[attr-defined]
    finally:
        release(nodes)


@contextmanager
def nested(functions: Sequence[Node]) -> Iterator[Nested]:
    """Watches those within the nodes of Functions; a reentrant checkpoint then runs in a backward to given inputs, too."""
    told = Nested()
    if not functions:
        yield told
        return
    handles: list[Any] = []
    for node in functions:
        handles += [node.register_prehook(partial(told.begin, node)), node.register_hook(told.end)]
    stop = through_backward(told.around)
    try:
        with checkpoints_may_run():
            yield told
    finally:
        stop()
        told.end()  # where the node raised
        for handle in handles:
            handle.remove()
