"""What a node keeps for its backward (`_saved_*`), under torch's own names.

Only for graphs of ours: reading runs unpack hooks, and under checkpointing the forward again.
"""

from __future__ import annotations

from functools import cache

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.values import MOST_NUMBERS, values_of
from gradtui.snapshot import model

SAVED = "_saved_"
MOST_TRUTHS = 64
"""Truth values that are written out."""


def saved(node: Node, most: int = MOST_NUMBERS) -> tuple[model.Saved, ...]:
    """Only before the graph is freed. most: numbers of a tensor that is not summarised."""
    kept = ((name, getattr(node, SAVED + name)) for name in _saved_names(type(node)))
    return tuple(model.Saved(name, _saved_value(value, most)) for name, value in kept if value is not None)


@cache
def _saved_names(kind: type[Node]) -> tuple[str, ...]:
    return tuple(name.removeprefix(SAVED) for name in dir(kind) if name.startswith(SAVED))


def _saved_value(value: object, most: int) -> model.Values | str:
    if isinstance(value, torch.Tensor) and value.dtype is not torch.bool and not value.is_complex():
        return values_of(value, most)
    if isinstance(value, torch.Tensor):
        few = value.numel() <= MOST_TRUTHS or value.dtype is not torch.bool
        return str(value.tolist()) if few else f"{int(value.sum()):,} of {value.numel():,} are true"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return values_of(value - 2**64 if value >= 2**63 else value)  # torch shows a dim of -1 as 2**64 - 1
    return str(value).removeprefix("torch.")
