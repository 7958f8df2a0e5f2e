"""Does a custom autograd.Function send back what is not the derivative of its forward?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.graph.incoming_edges import below
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Mismatch


def detect(record: Record) -> Iterator[Cause]:
    for one in record.snapshot.mismatches:
        facts: dict[str, Fact] = {
            "function": one.function,
            "input": f"input {one.input + 1}" + (f" ({one.name})" if one.name else ""),
            "factor": one.factor,
            "inverse": 1 / one.factor if one.factor else None,
            "there": f" at {list(one.index)}" if one.index else "",
            "sent": one.sent,
            "true": one.true,
        }
        applied = ("backward of", {"node": record.nodes[one.node]})
        certainty: Certainty = "perhaps" if one.meant else "likely"
        yield Cause(
            _kind(one),
            Place(one.node, one.defined),
            facts,
            certainty,
            _leaves_below(record, one),
            (applied, ("slopes", facts)),
        )


def _leaves_below(record: Record, one: Mismatch) -> tuple[str, ...]:
    """The leaves to which what it sends goes on."""
    names = {leaf.node: name for name, leaf in record.leaves.items() if leaf.node is not None}
    edges = record.nodes[one.node].edges
    sent = edges if one.edge is None else edges[one.edge : one.edge + 1]
    reached = below(record.graph, (edge.target for edge in sent if edge.target is not None))
    return tuple(names[place] for place in sorted(reached & names.keys()))


def _kind(one: Mismatch) -> str:
    if one.meant:
        return "backward is a stand-in"
    if one.ignored:
        return "backward ignores what comes in"
    return "backward is another by a factor" if one.factor else "backward is another"
