"""What a detector found over many updates, without a word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from gradtui.snapshot.finding import Certainty, Finding
from gradtui.snapshot.source import Source

Fact = str | int | float | None


class Fault(Struct, frozen=True):
    """row: of `sentences.SENTENCES`. update: at which it began, None for from the start. about: the parameters.

    evidence: rows of `sentences.EVIDENCE` with facts. begun_by: what a whole backward pass at that update told, where that is
    the cause.
    """

    row: str
    update: int | None
    facts: Mapping[str, Fact] = MappingProxyType({})
    certainty: Certainty = "likely"
    about: tuple[str, ...] = ()
    source: Source | None = None
    evidence: tuple[tuple[str, Mapping[str, Fact]], ...] = ()
    begun_by: Finding | None = None
