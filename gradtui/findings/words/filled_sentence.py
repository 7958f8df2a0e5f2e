"""The facts of a cause put into its sentence: how numbers, places, ranges and further pieces are written. Pure."""

from __future__ import annotations

import string
from collections.abc import Mapping

from gradtui.findings.cause import Extent, Fact, Part
from gradtui.findings.words.branches import DOUBLE_WHERE, double_where
from gradtui.findings.words.parts import PARTS
from gradtui.findings.words.whereabouts import where, where_done
from gradtui.snapshot.model import Event, Node
from gradtui.snapshot.numbers import number

DIGITS = 4
MOST_PLACES = 8


def filled(sentence: str, facts: Mapping[str, Fact]) -> str:
    """With the facts put in; `{norm:2}` with that many digits."""
    return _Sentences().vformat(sentence, (), facts)


class _Sentences(string.Formatter):
    """Of fields in braces names alone are taken, nothing of what they name."""

    def get_field(self, field_name: str, args: object, kwargs: object) -> tuple[object, str]:
        return kwargs[field_name], field_name  # type: ignore[index]

    def format_field(self, value: object, format_spec: str) -> str:
        return _said(value, int(format_spec) if format_spec else DIGITS)  # type: ignore[arg-type]


def _said(fact: Fact, digits: int) -> str:
    if isinstance(fact, Node):
        return where(fact)
    if isinstance(fact, Event):
        return where_done(fact)
    if isinstance(fact, Extent):
        return _range(fact, digits)
    if isinstance(fact, Part):
        return double_where(fact.facts) if fact.name == DOUBLE_WHERE else filled(PARTS[fact.name], fact.facts)
    if isinstance(fact, tuple):  # of nothing but places
        return _elements(fact)  # type: ignore[arg-type]
    if isinstance(fact, float | int):
        return number(fact, digits)
    return fact or ""


def _range(extent: Extent, digits: int) -> str:
    """` (from -104 to -96.2)`; nothing of what is not known."""
    if extent.low is None:
        return ""
    low, high = number(extent.low, digits), number(extent.high, digits)
    return f" ({low})" if low == high else f" (from {low} to {high})"


def _elements(places: tuple[int, ...]) -> str:
    """`, elements 0, 2` behind the name of a tensor of several."""
    if not places:
        return ""
    return f", element{'s'[: len(places) > 1]} {', '.join(map(str, places[:MOST_PLACES]))}"
