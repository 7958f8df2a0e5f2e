"""Why a node did what it did, without a word: the piece of a sentence that says so, and what people do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gradtui.findings.cause import Fact, Part
from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.operand_numbers import Numbers, Seen, holds
from gradtui.grad_fns import singularities
from gradtui.graph.incoming_edges import Use
from gradtui.snapshot.finding import Certainty, Kind
from gradtui.snapshot.model import Graph, Node
from gradtui.snapshot.numbers import number

FEWEST, MOST = 4, 17
"""Digits of a number in a sentence."""


class Reason(NamedTuple):
    """name: a row of `words.parts.REASONS`, with its facts. way: what people do instead of what stands there."""

    kind: Kind
    name: str
    facts: Mapping[str, Fact] = MappingProxyType({})
    way: str = ""
    certainty: Certainty = "likely"

    def as_facts(self) -> dict[str, Fact]:
        """By the names that sentences have for it."""
        return {"why": Part(self.name, self.facts), "way": self.way or Part(f"way: {self.name}", self.facts)}


def by_the_table(
    rows: Sequence[singularities.Cause],
    seen: Seen,
    node: Node,
    graph: Graph,
    used: Sequence[Sequence[Use]],
    nan: bool = False,
) -> Reason | None:
    """The row that holds of the numbers that were seen; proved where these are those of the bad element itself.

    nan: whether it became nan, which a pole does not make.
    """
    found = seen.cause(rows, nan)
    if found is None:
        return None
    row, numbers = found
    a, b = _short(row, numbers)
    said = row.why.format(a=a, b=b)
    way = row.remedy if row.kind == "domain" else stable_form(graph, used, node, row.kind) or row.remedy
    return Reason(
        row.kind, "by the table", {"said": said}, in_dtype(way, node.dtype), "proved" if seen.exact else "likely"
    )


def _short(row: singularities.Cause, numbers: Numbers) -> tuple[str, str]:
    """As few digits as still show why: 1.0000001 is above 1, and 1 is not."""
    for digits in range(FEWEST, MOST + 1):
        a, b = (number(None if one is None else one + 0.0, digits) for one in numbers)
        if holds(row, [None if one is None else float(text) for one, text in zip(numbers, (a, b), strict=True)]):
            break
    return a, b
