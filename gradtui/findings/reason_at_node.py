"""Why a node did what it did, without a word: the piece of a sentence that says so, and what people do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gradtui.findings.cause import Fact, Part
from gradtui.findings.operand_numbers import Seen
from gradtui.grad_fns import singularities
from gradtui.grad_fns.stable_forms import STABLE
from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import operation
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
    way = row.remedy if row.kind == "domain" else stable_form(graph, used, node) or row.remedy
    return Reason(row.kind, "by the table", {"said": said}, way, "proved" if seen.exact else "likely")


def stable_form(graph: Graph, used: Sequence[Sequence[Use]], node: Node) -> str:
    """What people write instead of this node and its operand, or of this node and those that use its value. used: `uses`."""
    if node.id < 0:
        return ""
    near_below = [graph.nodes[edge.target] for edge in node.edges if edge.target is not None]
    complements = [one for one in near_below if operation(one) == "Rsub"]
    far_below = [
        (graph.nodes[edge.target], one) for one in complements for edge in one.edges if edge.target is not None
    ]
    below = [tuple(map(operation, (*chain, node))) for chain in (*far_below, *((one,) for one in near_below))]
    near = [(node.id, user) for user, _ in used[node.id]]
    far = [(*pair, user) for pair in near for user, _ in used[pair[-1]]]
    above = [tuple(operation(graph.nodes[place]) for place in chain) for chain in (*far, *near)]
    return next((STABLE[chain] for chain in (*below, *above) if chain in STABLE), "")


def _short(value: float | None) -> str:
    return number(None if value is None else value + 0.0, 4)
