"""Causes of one kind at one line of code that runs in several modules, or several times, are one; the others are a word of it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from gradtui.findings.cause import Cause, Fact
from gradtui.findings.record import Record

MOST_NAMED = 3
"""Modules that are named one by one."""


def of_one_line(record: Record, causes: Iterable[Cause]) -> list[Cause]:
    """The one of most parameters stands for all of a line, with the parameters of all."""
    groups: dict[object, list[tuple[Cause, str]]] = {}
    for number, cause in enumerate(causes):
        key: object = number
        module = ""
        if cause.about and cause.place.node is not None:
            node = record.nodes[cause.place.node]
            module = node.module
            if node.source is not None and node.source.file is not None:
                key = cause.kind, cause.certainty, cause.aside, node.name, node.source
        groups.setdefault(key, []).append((cause, module))
    return [group[0][0] if len(group) == 1 else _together(group) for group in groups.values()]


def _together(group: list[tuple[Cause, str]]) -> Cause:
    """group: each with the path of its module."""
    first, module = max(group, key=lambda one: len(one[0].about))
    about = dict.fromkeys(name for cause in (first, *(cause for cause, _ in group)) for name in cause.about)
    modules = [path for path in dict.fromkeys(path for _, path in group) if path != module]
    more = ("likewise in modules", _named(modules)) if modules else ("likewise at calls", {"count": len(group)})
    return replace(first, about=tuple(about), evidence=(*first.evidence, more))


def _named(modules: list[str]) -> dict[str, Fact]:
    named, more = ", ".join(modules[:MOST_NAMED]), len(modules) - MOST_NAMED
    return {"modules": f"{named} and {more} more" if more > 0 else named}
