"""Which of the findings comes first, and which are but consequences: proved before likely before perhaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from gradtui.findings.cause import Cause
from gradtui.findings.words.whereabouts import gathered as gathered_names
from gradtui.snapshot.finding import CERTAINTIES, Finding


def collected(found: Iterable[Finding], leaves: Collection[str]) -> list[Finding]:
    """One for all parameters of which the same is to be said, those of most parameters first."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.kind, finding.node, finding.source, finding.text), []).append(finding)
    ordered = sorted(groups.values(), key=lambda group: -len(group))
    return [
        replace(group[0], text=f"{gathered_names([one.parameter or '' for one in group], leaves)}: {group[0].text}")
        for group in ordered
    ]


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


def ranked(findings: Sequence[tuple[Finding, Collection[str]]]) -> tuple[Finding, ...]:
    """As they were found, but for the less certain ones, which come after the others.

    With each the parameters that it is about: of these, once there is a proved cause, nothing further is said.
    """
    explained: set[str] = set()
    left: list[Finding] = []
    for finding, about in findings:
        if about and explained.issuperset(about):
            continue
        left.append(finding)
        if finding.certainty == "proved":
            explained.update(about)
    return tuple(sorted(left, key=lambda one: CERTAINTIES.index(one.certainty)))
