"""Was what a person takes for a parameter made by an operation of another? torch keeps no `.grad` for it."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import operation, short
from gradtui.snapshot.model import Parameter


def detect(record: Record) -> Iterator[Cause]:
    for name, leaf in record.wanted.items():
        if leaf.node is not None and not leaf.within and record.nodes[leaf.node].edges:
            yield _cause(record, name, leaf, leaf.node)


def _cause(record: Record, name: str, leaf: Parameter, place: int) -> Cause:
    node = record.nodes[place]
    moved = next((event for event in record.events if event.kind == "moved"), None)
    source = node.source or (moved.source if moved else None)
    maker: Fact = moved if moved is not None and node.source is None else node
    if node.source is None and moved is None and has(operation(node), "casting"):
        maker = Part("a cast", {"name": node.name})
    below = {record.nodes[edge.target].variable for edge in node.edges if edge.target is not None} - {None}
    of = Part("of", {"names": short(", ".join(sorted(map(str, below))))}) if below else ""
    norm = leaf.grad.norm if leaf.grad is not None else None
    evidence: tuple[tuple[str, Facts], ...] = (("gradient passes", {"norm": norm}),) if norm is not None else ()
    return Cause("not a leaf", Place(node.id, source), {"maker": maker, "of": of}, "likely", (name,), evidence)
