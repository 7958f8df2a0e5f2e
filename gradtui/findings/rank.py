"""Which of the causes comes first, and which are but consequences: proved before likely before perhaps."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from gradtui.findings.cause import Cause
from gradtui.findings.words.sentences import TOPICS
from gradtui.snapshot.finding import CERTAINTIES
from gradtui.snapshot.model import Node

ORDER = (
    "refused",
    "values",
    "gradients",
    "cut off",
    "not a leaf",
    "strays",
    "losses",
    "zeros",
    "further",
    "functions",
    "storage",
    "unread",
    "sizes",
    "digits",
)
"""The topics, as they are told: a cause before what may come of it."""
LAST = "digits"
"""Told of a node of which nothing else is."""
ORDINARY = {"cancels at a leaf"}
"""Kinds that many a healthy model has: they come last of those that are as sure."""


def gathered(causes: Iterable[Cause]) -> list[Cause]:
    """The parameters of one cause in one."""
    groups: dict[object, list[Cause]] = {}
    for cause in causes:
        key = cause.kind, cause.place, tuple(sorted((name, str(fact)) for name, fact in cause.facts.items()))
        groups.setdefault(key, []).append(cause)
    return [
        replace(group[0], about=tuple(dict.fromkeys(name for one in group for name in one.about)))
        for group in groups.values()
    ]


def ranked(causes: Iterable[Cause]) -> list[Cause]:
    """By topic, those of most parameters first; then the less certain ones behind the others.

    Of parameters of which there is a proved cause nothing further is said.
    """
    found = sorted(causes, key=lambda one: (ORDER.index(TOPICS[one.kind]), one.certainty == "perhaps", -len(one.about)))
    found = [one for one in found if one.alone] or found
    explained: set[str] = set()
    places: set[int | None] = {None}
    left: list[Cause] = []
    for cause in found:
        if cause.about and explained.issuperset(cause.about):
            continue
        if TOPICS[cause.kind] == LAST and cause.place.node in places:
            continue
        left.append(cause)
        places.add(cause.place.node)
        if cause.certainty == "proved":
            explained.update(cause.about)
    return _causes_first(sorted(left, key=lambda one: (CERTAINTIES.index(one.certainty), one.kind in ORDINARY)))


def _causes_first(found: list[Cause]) -> list[Cause]:
    """What is 0 as another factor is comes behind why that is so, where both are as sure."""
    places = {cause.place.node: cause for cause in reversed(found)}
    left: list[Cause] = []
    for cause in found:
        factor = cause.facts.get("factor")
        made = places.get(factor.id) if isinstance(factor, Node) else None
        if made is not None and made.certainty == cause.certainty and all(one is not made for one in left):
            left.append(made)
        if all(one is not cause for one in left):
            left.append(cause)
    return left
