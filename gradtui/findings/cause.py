"""What a detector found, without a word: what kind, where, on what facts, how sure, of which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from gradtui.graph.gradients import spread
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Event, Node, Source, Values


class Extent(NamedTuple):
    """From the smallest to the largest finite element; None where that is not known."""

    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Values | None) -> Extent:
        found = None if values is None else spread(values)
        return cls(None, None) if found is None else cls(found.min, found.max)


class Part(NamedTuple):
    """A piece of a sentence that is not always said: a row of `words.parts`, with facts of its own."""

    name: str
    facts: Mapping[str, Fact] = MappingProxyType({})


def elements(count: int) -> Part:
    """So many, in words."""
    return Part("one element" if count == 1 else "elements", {"count": count})


Fact = str | int | float | None | Node | Event | Extent | Part | tuple[int, ...]
"""What is put into a sentence; a node or an event as the place in the code that it is of, numbers as places of elements."""
Facts = Mapping[str, Fact]


class Place(NamedTuple):
    """node: of the graph. source: where in the code, where that is known and no node says it."""

    node: int | None = None
    source: Source | None = None


class Cause(Struct, frozen=True):
    """kind: a row of `sentences.SENTENCES`, which has the kind that the Finding gets, and its words.

    facts: what is put in, by the names that stand in the sentence, and in `evidence`, which are rows of `sentences.EVIDENCE`
    with facts of their own. about: the parameters that it explains; none where it explains all.
    aside: it is no fault, and told only to who asks for its parameter. alone: beside it nothing is known.
    """

    kind: str
    place: Place
    facts: Mapping[str, Fact] = MappingProxyType({})
    certainty: Certainty = "likely"
    about: tuple[str, ...] = ()
    evidence: tuple[tuple[str, Mapping[str, Fact]], ...] = ()
    aside: bool = False
    alone: bool = False
