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
    groups: dict[object, list[Cause]] = {}
    for number, cause in enumerate(causes):
        node = None if cause.place.node is None else record.nodes[cause.place.node]
        source = None if node is None else node.source
        at_a_line = node is not None and source is not None and source.file is not None and cause.about
        key = (cause.kind, cause.certainty, cause.aside, node.name, source) if at_a_line and node else number
        groups.setdefault(key, []).append(cause)
    return [group[0] if len(group) == 1 else _together(record, group) for group in groups.values()]


def _together(record: Record, group: list[Cause]) -> Cause:
    first = max(group, key=lambda cause: len(cause.about))
    others = [cause for cause in group if cause is not first]
    about = dict.fromkeys(name for cause in (first, *others) for name in cause.about)
    paths = {cause.place: record.nodes[cause.place.node or 0].module for cause in group}
    modules = list(dict.fromkeys(paths[cause.place] for cause in others if paths[cause.place] != paths[first.place]))
    more = ("likewise in modules", _named(modules)) if modules else ("likewise at calls", {"count": len(group)})
    return replace(first, about=tuple(about), evidence=(*first.evidence, more))


def _named(modules: list[str]) -> dict[str, Fact]:
    named, more = ", ".join(modules[:MOST_NAMED]), len(modules) - MOST_NAMED
    return {"modules": f"{named} and {more} more" if more > 0 else named}
