"""Was what a person takes for a parameter made by an operation of another? torch keeps no `.grad` for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.incoming_edges import first_use
from gradtui.graph.operands import operation, short
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Node, Parameter


def detect(record: Record) -> Iterator[Cause]:
    for name, leaf in record.wanted.items():
        if leaf.node is not None and not leaf.within and record.nodes[leaf.node].edges:
            yield _cause(record, name, leaf, leaf.node)


def _is_stray(record: Record, name: str) -> bool:
    """Whether it is an nn.Parameter that the model does not have."""
    leaf = record.leaves.get(name)
    return leaf is not None and leaf.registered is False


def _cause(record: Record, name: str, leaf: Parameter, place: int) -> Cause:
    node = record.nodes[place]
    moved = next((event for event in record.events if event.kind == "moved"), None)
    source = node.source or (moved.source if moved else None)
    maker: Fact = moved if moved is not None and node.source is None else node
    if node.source is None and moved is None and has(operation(node), "casting"):
        maker = Part("a cast", {"name": node.name})
    below = {record.nodes[edge.target].variable for edge in node.edges if edge.target is not None} - {None}
    leaves = _leaves(record, node) if node.value is None and record.is_traced else []
    if leaves and all(_is_stray(record, other) for other in leaves):
        made = Place(node.id, node.source or first_use(record.graph, record.uses, node))
        return Cause("parameter computed", made, {"maker": maker}, "proved", (name,))
    of = Part("of", {"names": short(", ".join(sorted(map(str, below))))}) if below else ""
    norm = leaf.grad.norm if leaf.grad is not None else None
    evidence: tuple[tuple[str, Facts], ...] = (("gradient passes", {"norm": norm}),) if norm is not None else ()
    certainty: Certainty = "perhaps" if leaves and moved is None and _others_learn(record, leaves) else "likely"
    return Cause("not a leaf", Place(node.id, source), {"maker": maker, "of": of}, certainty, (name,), evidence)


def _leaves(record: Record, node: Node) -> list[str]:
    """What it was made of in the end."""
    seen, waiting, found = {node.id}, [node], list[str]()
    while waiting:
        one = waiting.pop()
        found += [one.variable or ""] if not one.edges else []
        targets = {edge.target for edge in one.edges if edge.target is not None} - seen
        seen |= targets
        waiting += [record.nodes[target] for target in targets]
    return found


def _others_learn(record: Record, besides: Sequence[str]) -> bool:
    """Whether there are parameters besides: then it may be only the place at which a derivative is taken, as of an equation."""
    others = [one for name, one in record.snapshot.parameters.items() if name not in besides and one.node is not None]
    return any(one.grad is not None and not record.nodes[one.node or 0].edges for one in others)
