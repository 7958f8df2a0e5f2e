"""Which of the findings comes first, and which are but consequences: proved before likely before perhaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from gradtui.findings.cause import Cause
from gradtui.snapshot.finding import CERTAINTIES, Finding


def gathered(causes: Iterable[Cause]) -> list[Cause]:
    """The parameters of one cause in one, those of most parameters first."""
    groups: dict[object, list[Cause]] = {}
    for cause in causes:
        key = cause.kind, cause.place, tuple(sorted((name, str(fact)) for name, fact in cause.facts.items()))
        groups.setdefault(key, []).append(cause)
    merged = [
        replace(group[0], about=tuple(dict.fromkeys(name for one in group for name in one.about)))
        for group in groups.values()
    ]
    return sorted(merged, key=lambda cause: -len(cause.about))


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """As they were found, but for the less certain ones, which come after the others."""
    return tuple(sorted(findings, key=lambda one: CERTAINTIES.index(one.certainty)))
