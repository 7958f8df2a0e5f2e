"""What a detector found, without a word: what kind, where, on what facts, how sure, of which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Event, Node, Source

Fact = str | int | float | None | Node | Event
"""What is put into a sentence; a node or an event as the place in the code that it is of."""


class Place(NamedTuple):
    """node: of the graph. source: where in the code, where that is known and no node says it."""

    node: int | None = None
    source: Source | None = None


class Cause(Struct, frozen=True):
    """kind: a row of `sentences.SENTENCES`, which has the kind that the Finding gets, and its words.

    facts: what is put in, by the names that stand in the sentence, and in `evidence`, which are rows of `sentences.EVIDENCE`
    with facts of their own. about: the parameters that it explains.
    remedy: a row of `sentences.REMEDIES`, instead of the usual one of the kind.
    """

    kind: str
    place: Place
    facts: Mapping[str, Fact] = MappingProxyType({})
    certainty: Certainty = "likely"
    about: tuple[str, ...] = ()
    evidence: tuple[tuple[str, Mapping[str, Fact]], ...] = ()
    remedy: str | None = None
