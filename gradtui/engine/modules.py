"""Which module each node belongs to, where nobody watched the forward pass: inferred from whose parameters are near."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from torch.autograd.graph import Node

VIEWS = {"T", "Transpose", "Permute", "View", "UnsafeView", "ReshapeAlias", "Expand", "Unsqueeze", "Squeeze", "Slice"}
VIEWS |= {"Select", "Split", "SplitWithSizes", "Unbind", "Chunk", "ToCopy", "Clone", "Alias"}
"""Operations that make another form of a parameter before it is used."""


def inferred(nodes: Sequence[Node], owners: Mapping[Node, str]) -> dict[Node, str]:
    """The path for each of `nodes`, which stand as `graph.walk` gives them. `owners`: of the AccumulateGrads.

    A node that uses a parameter of a module, or another form of one, is that module's. Any other is in the
    module that holds its nearest such neighbours up and down; the output's side ends at the top, "".
    """
    alone: dict[Node, str] = {}
    direct: dict[Node, str] = {}
    for node in reversed(nodes):
        targets = [target for target, _ in node.next_functions if target is not None]
        if node in owners:
            alone[node] = direct[node] = owners[node]
        elif used := [alone[target] for target in targets if target in alone]:
            direct[node] = _common(used)
            if len(targets) == 1 and _operation(node) in VIEWS:
                alone[node] = used[0]
    below: dict[Node, str] = {}
    for node in reversed(nodes):
        reached = [below[target] for target, _ in node.next_functions if target in below]
        if node in direct or reached:
            below[node] = direct[node] if node in direct else _common(reached)
    return _from_above(nodes, direct, below)


def _from_above(nodes: Sequence[Node], direct: Mapping[Node, str], below: Mapping[Node, str]) -> dict[Node, str]:
    """`above`: the module that holds the nearest direct nodes on the way to the output."""
    above: dict[Node, str] = {}
    found: dict[Node, str] = {}
    for node in nodes:
        own = direct.get(node)
        reached = above.get(node, "")
        if own is None:
            own = _common((reached, below[node])) if node in below else reached
            passed = reached
        else:
            passed = own
        found[node] = own
        for target, _ in node.next_functions:
            if target is not None:
                above[target] = _common((above[target], passed)) if target in above else passed
    return found


def _operation(node: Node) -> str:
    """`T` for `TBackward0`."""
    return node.name().rpartition("Backward")[0]


def _common(paths: Iterable[str]) -> str:
    """The innermost module that holds them all."""
    first, *others = dict.fromkeys(paths)
    for other in others:
        first = _holder(first, other)
    return first


@lru_cache(maxsize=4096)
def _holder(path: str, other: str) -> str:
    parts = []
    for part, its in zip(path.split("."), other.split("."), strict=False):
        if part != its:
            break
        parts.append(part)
    return ".".join(parts)
