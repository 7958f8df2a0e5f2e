"""Leaves that a loss has but as terms: the number that a sum begins with, or a buffer of zeros that stands for a part that is
switched off. Their gradient depends on nothing, and nothing could be learned by them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from torch.autograd.graph import Node

ADDING = (
    "AddBackward", "SubBackward", "RsubBackward", "NegBackward", "SumBackward", "MeanBackward", "StackBackward", "CatBackward",
    "ViewBackward", "ReshapeAliasBackward", "UnsafeViewBackward", "SqueezeBackward", "UnsqueezeBackward", "SelectBackward",
    "ExpandBackward", "CloneBackward", "ToCopyBackward", "AliasBackward",
)  # fmt: skip
"""Beginnings of the names of what adds up, or hands on."""


def added_only(nodes: Sequence[Node], ends: Iterable[Node]) -> set[Node]:
    """Those of `ends` to which nothing leads but sums, and constant factors of single numbers. nodes: of the whole graph."""
    waiting = [one for node in nodes if not _adds(node) for one in _below(node)]
    other = set(waiting)
    while waiting:
        found = {one for one in _below(waiting.pop()) if one not in other}
        other |= found
        waiting += found
    return {one for one in ends if one not in other}


def _below(node: Node) -> list[Node]:
    return [one for one, _ in node.next_functions if one is not None]


def _adds(node: Any) -> bool:
    name: str = node.name()
    ends = [one is not None for one, _ in node.next_functions]
    if name.startswith("MulBackward") or (name.startswith("DivBackward") and ends[0]):
        return sum(ends) == 1 and all(math.prod(one.shape) == 1 for one in node._input_metadata)
    return name.startswith(ADDING)
