"""Why a node did what it did, without a word: the piece of a sentence that says so, and what people do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gradtui.findings.cause import Fact, Part
from gradtui.findings.dtypes import in_dtype
from gradtui.findings.operand_numbers import Seen
from gradtui.findings.stable_form import stable_form
from gradtui.grad_fns import singularities
from gradtui.graph.incoming_edges import Use
from gradtui.snapshot.finding import Certainty, Kind
from gradtui.snapshot.model import Graph, Node
from gradtui.snapshot.numbers import number


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
    row, (a, b) = found
    said = row.why.format(a=_short(a), b=_short(b))
    way = row.remedy if row.kind == "domain" else stable_form(graph, used, node, row.kind) or row.remedy
    return Reason(
        row.kind, "by the table", {"said": said}, in_dtype(way, node.dtype), "proved" if seen.exact else "likely"
    )


def _short(value: float | None) -> str:
    return number(None if value is None else value + 0.0, 4)
