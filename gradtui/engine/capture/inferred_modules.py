"""Which module each node belongs to, where nobody watched the forward pass: inferred from whose parameters are near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache, reduce

from torch.autograd.graph import Node

from gradtui.grad_fns.traits import has


def inferred(nodes: Sequence[Node], owners: Mapping[Node, str]) -> dict[Node, str]:
    """The path for each of `nodes`, which stand as `graph.walk` gives them. `owners`: of the AccumulateGrads.

    A node that uses a parameter of a module, or another form of one, is that module's. Any other is in the
    module that holds its nearest such neighbours up and down; the output's side ends at the top, "".
    """
    targets = {node: [target for target, _ in node.next_functions if target is not None] for node in nodes}
    alone = dict(owners)
    direct = dict(owners)
    below: dict[Node, str] = {}
    for node in reversed(nodes):
        reached = targets[node]
        if node in owners:
            below[node] = owners[node]
        elif used := [alone[target] for target in reached if target in alone]:
            below[node] = direct[node] = _common(used)
            if len(reached) == 1 and _is_another_form(node.name()):
                alone[node] = used[0]
        elif held := [below[target] for target in reached if target in below]:
            below[node] = _common(held)
    return _from_above(targets, direct, below)


def _from_above(
    targets: Mapping[Node, Sequence[Node]], direct: Mapping[Node, str], below: Mapping[Node, str]
) -> dict[Node, str]:
    """`above`: the module that holds the nearest direct nodes on the way to the output."""
    above: dict[Node, str] = {}
    found: dict[Node, str] = {}
    for node, reached in targets.items():
        own, passed = direct.get(node), above.get(node, "")
        if own is None:
            own = _holder(passed, below[node]) if node in below else passed
        else:
            passed = own
        found[node] = own
        for target in reached:
            above[target] = _holder(above[target], passed) if target in above else passed
    return found


@cache
def _is_another_form(name: str) -> bool:
    """Whether `TBackward0` and the like make another form, or a part, of a parameter before it is used."""
    operation = name.rpartition("Backward")[0]
    return has(operation, "view") or has(operation, "part")


def _common(paths: Sequence[str]) -> str:
    """The innermost module that holds them all."""
    return paths[0] if len(paths) == 1 else reduce(_holder, paths)


@lru_cache(maxsize=4096)
def _holder(path: str, other: str) -> str:
    """The innermost module that holds both."""
    parts = []
    for part, its in zip(path.split("."), other.split("."), strict=False):
        if part != its:
            break
        parts.append(part)
    return ".".join(parts)
