"""What a group is called: a module by its path, a repeat by its ends and its number, a run by what is in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradtui.outline.groups import Group
from gradtui.outline.outline import Outline
from gradtui.snapshot.model import Module

MODEL = "model"
"""The outermost module, where nothing tells its class."""
MOST_NAMES = 4
"""Operations that a run names."""
LEAF = "AccumulateGrad"
"""What stands where every run ends; it is named where there is nothing else."""
LOOKED_AT = 100
"""Elements of a run that are looked at for them."""


def title(outline: Outline, id: int, modules: Mapping[str, Module]) -> str:
    """`layer.3`, `layer.0 … layer.11 ×12`, `cell ×200`, `⋯ 602 nodes: Tanh, Mul`; paths begin where the group around ends."""
    group = outline.group(id)
    around = f"{outline.path_around(id)}."
    if group.kind == "module":
        known = modules.get(group.path)
        several = group.call > 0 or (known is not None and (known.calls or 1) > 1)
        name = _short(group.path) if _is_repeated(outline, group) else group.path.removeprefix(around)
        name = name or (known.kind if known is not None else "") or MODEL  # of the whole, the path is empty
        return name + (f" (call {group.call + 1})" if several else "")
    ends = list(_ends(outline, group))
    if ends:
        count = sum(len(outline.group(m).members) for m in group.members) if _in_parts(outline, group) else 0
        return _between(ends, around, count or len(group.members))
    return f"⋯ {group.size:,} nodes: {', '.join(_names(outline, group))}"


def _is_repeated(outline: Outline, group: Group) -> bool:
    """Whether the group around is a repeat, or a part of one."""
    around = None if group.parent is None else outline.group(group.parent)
    if around is not None and around.kind == "part" and around.parent is not None:
        around = outline.group(around.parent)
    return around is not None and around.kind == "repeat"


def _short(path: str) -> str:
    return ".".join(path.split(".")[-2:])


def _in_parts(outline: Outline, group: Group) -> bool:
    first = group.members[0]
    return outline.is_group(first) and outline.group(first).kind == "part"


def _ends(outline: Outline, group: Group) -> Iterable[Group]:
    """The first and the last of equal modules, in the order of the forward pass; nothing where a group has others."""
    if group.kind != "repeat":
        around = group.parent
        if group.kind != "part" or around is None or outline.group(around).kind != "repeat":
            return
    for at in (-1, 0):
        end = outline.group(group.members[at])
        yield outline.group(end.members[at]) if end.kind == "part" else end


def _between(ends: list[Group], around: str, count: int) -> str:
    first, last = (end.path.removeprefix(around) for end in ends)
    return f"{first} ×{count:,}" if first == last else f"{first} … {_short(last)} ×{count:,}"


def _names(outline: Outline, group: Group) -> Iterable[str]:
    """The operations and modules of a run, as they come."""
    found: dict[str, None] = {}
    for member in group.members[:LOOKED_AT]:
        if outline.is_group(member):
            name = outline.group(member).path.rpartition(".")[2]
        else:
            name = outline.graph.nodes[member].name.removesuffix("Backward0")
        if name and name != LEAF:
            found[name] = None
    if not found:
        return [LEAF]
    return [*list(found)[:MOST_NAMES], *(["…"] if len(found) > MOST_NAMES else [])]
