"""kind of cause -> what is said of it and what people do about it: the only place with words."""

from __future__ import annotations

import string
from typing import Literal, NamedTuple

from gradtui.findings.cause import Cause, Fact
from gradtui.findings.cutting import CUTTING, EVIDENCE_OF_CUTS
from gradtui.findings.whereabouts import gathered, where, where_done
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Event, Node, Snapshot
from gradtui.snapshot.numbers import number


class Sentence(NamedTuple):
    """kind, phase: of the Finding. text, remedy: with the names of facts in braces."""

    kind: Kind
    phase: Literal["forward", "backward"]
    text: str
    remedy: str


SENTENCES: dict[str, Sentence] = {
    "storage freed": Sentence(
        "freed",
        "forward",
        "its storage is freed, so what it holds cannot be read",
        "capture while it is there: before its storage is freed, or where what freed it has filled it again",
    ),
}
REMEDIES: dict[str, str] = {}
EVIDENCE: dict[str, str] = {}

SENTENCES |= {kind: Sentence(*row) for kind, row in CUTTING.items()}  # type: ignore[arg-type]
EVIDENCE |= EVIDENCE_OF_CUTS


def told(cause: Cause, snapshot: Snapshot) -> Finding:
    """The Finding: what it is about, the sentence with its facts, the remedy, the evidence."""
    row = SENTENCES[cause.kind]
    text = filled(row.text, cause.facts)
    if cause.about:
        text = f"{gathered(cause.about, snapshot.parameters or cause.about)}: {text}"
    remedy = filled(row.remedy if cause.remedy is None else REMEDIES[cause.remedy], cause.facts)
    evidence = tuple(filled(EVIDENCE[name], facts) for name, facts in cause.evidence)
    about, node = next(iter(cause.about), None), cause.place.node
    source = cause.place.source or (snapshot.graph.nodes[node].source if node is not None else None)
    if source is not None and source.file is None:
        source = None  # a piece of the expression is shown by its node
    return Finding(row.kind, row.phase, node, text, remedy, about, source, evidence, cause.certainty)


def filled(sentence: str, facts: object) -> str:
    """With the facts put in."""
    return _Sentences().vformat(sentence, (), {name: _said(fact) for name, fact in dict(facts).items()})  # type: ignore[call-overload]


class _Sentences(string.Formatter):
    """Of fields in braces names alone are taken, nothing of what they name."""

    def get_field(self, field_name: str, args: object, kwargs: object) -> tuple[object, str]:
        return kwargs[field_name], field_name  # type: ignore[index]


def _said(fact: Fact) -> str:
    if isinstance(fact, Node):
        return where(fact)
    if isinstance(fact, Event):
        return where_done(fact)
    if isinstance(fact, float | int):
        return number(fact, 4)
    return fact or ""
