"""What a node keeps for its backward (`_saved_*`), under torch's own names; and whether it is still there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.autograd.graph import Node

from gradtui.engine.tensors.readable_tensors import is_freed, readable
from gradtui.engine.tensors.values import MOST_NUMBERS, PLAIN, legible
from gradtui.engine.torch_private import RAW, names_of, saved_tensors
from gradtui.snapshot import model

SAVED = "_saved_"
MOST_TRUTHS = 64
"""Truth values that are written out."""


class FreedStorageError(Exception):
    """A node was about to run, and to read a tensor that it had saved and whose storage is gone: that ends the process."""

    def __init__(self, node: Node, tensor: torch.Tensor) -> None:
        super().__init__(f"{node.name()} needs a tensor whose storage is freed")
        self.node, self.tensor = node, tensor


def saved(node: Node, most: int = MOST_NUMBERS) -> tuple[model.Saved, ...]:
    """Only before the graph is freed, and only of graphs of ours: it runs unpack hooks, and under checkpointing the forward.

    most: numbers of a tensor that is not summarised.
    """
    kept = ((name, getattr(node, SAVED + name)) for name in names_of(type(node), SAVED))
    return tuple(model.Saved(name, _saved_value(value, most)) for name, value in kept if value is not None)


@contextmanager
def guarded(losers: Iterable[Node]) -> Iterator[None]:
    """Within it the engine raises FreedStorageError, where it would have ended the process.

    losers: nodes that have lost what they saved. They are looked at again when it is their turn: sharded training brings it
    back by then.
    """
    handles: list[Any] = []
    try:
        for node in losers:
            handles.append(node.register_prehook(partial(_check_saved, node)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def lost(node: Node) -> torch.Tensor | None:
    """A tensor that it saved and whose storage is gone; None for none. Nothing is unpacked, so that no hook runs."""
    return next(filter(is_lost, saved_tensors(node)), None)


WRITTEN_OVER = "modified by an inplace operation"
"""What torch says when a tensor is not as it was saved."""


def lost_version(node: Node) -> torch.Tensor | None:
    """A tensor that it saved and that was written over since; None for none. No hook runs."""
    for name in names_of(type(node), RAW):
        for tensor in saved_tensors(node, name):
            try:
                getattr(node, (SAVED if hasattr(type(node), SAVED + name) else "saved_") + name)
            except RuntimeError as error:
                if WRITTEN_OVER in str(error) and (name != "tensors" or tensor._version):
                    return tensor
    return None


def is_lost(tensor: torch.Tensor) -> bool:
    """Whether its storage is gone, whatever its class."""
    if type(tensor) in PLAIN and tensor.layout is torch.strided:
        return is_freed(tensor)
    return readable(tensor) == "freed"


def check(node: Node, operands: Iterable[object]) -> None:
    """Raises FreedStorageError where one of `operands`, or a tensor in a list of them, is lost."""
    for operand in operands:
        if isinstance(operand, torch.Tensor):
            if is_lost(operand):
                raise FreedStorageError(node, operand)
        elif isinstance(operand, list | tuple):
            check(node, operand)


def _check_saved(node: Node, grads: object) -> None:
    tensor = lost(node)
    if tensor is not None:
        raise FreedStorageError(node, tensor)


def _saved_value(value: object, most: int) -> model.Values | str:
    if isinstance(value, torch.Tensor) and value.dtype is not torch.bool and not value.is_complex():
        return legible(value, most)
    if isinstance(value, torch.Tensor):
        few = value.numel() <= MOST_TRUTHS or value.dtype is not torch.bool
        return str(value.tolist()) if few else f"{int(value.sum()):,} of {value.numel():,} are true"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return model.Values((), (float(value - 2**64 if value >= 2**63 else value),))  # a dim of -1 is 2**64 - 1
    return str(value).removeprefix("torch.")
