"""Is one of several ways of learning lost: through straight pieces, a sample, the choice of the nearest rows, or a checkpoint?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.detectors.zero_gradient import silent_leaves
from gradtui.findings.record import Record
from gradtui.findings.zeros.second_derivative import is_nothing, is_of_pieces, pieces
from gradtui.findings.zeros.zero_factor import leaves_below
from gradtui.graph.operands import is_zero, operation


def detect(record: Record) -> Iterator[Cause]:
    """Where some parameters do learn by another way; of what does not, zero_gradient and cut_off tell."""
    if not record.has_run or record.snapshot.problem is not None or record.snapshot.experiments:
        return
    yield from _straight_penalty(record)
    if not record.is_expression:
        yield from _fed_on(record)
        yield from _drawn(record)
        yield from _wrapped(record)


def _straight_penalty(record: Record) -> Iterator[Cause]:
    """A loss of gradients goes through a function of straight pieces, whose second derivative is 0."""
    reached = [node for node in record.nodes if node.grad_output is not None and not is_zero(node.grad_output)]
    lost = [
        node
        for node in reached
        if is_of_pieces(node)
        and any(edge.target is not None and edge.grad is not None and is_zero(edge.grad) for edge in node.edges)
    ]
    lost = lost or [node for node in reached if is_nothing(node) and not record.is_expression]
    if not lost or any(is_of_pieces(record.nodes[killer.node]) for _, killer in silent_leaves(record)):
        return
    node = min(lost, key=lambda one: one.id)
    facts: dict[str, Fact] = {"node": node, "function": pieces(node)}
    kind = "penalty through straight pieces" if is_of_pieces(node) else "penalty of nothing"
    yield Cause(kind, Place(node.id), facts, "perhaps")


def _fed_on(record: Record) -> Iterator[Cause]:
    """A sample, or the nearest rows, go on into a layer."""
    for event in record.events:
        about = _learning(record, event.fed)
        if event.reached and about:
            kind = "sample goes on" if event.kind == "sampled" else "nearest goes on"
            place = Place(event.node, event.source)
            yield Cause(kind, place, {"event": event, "what": event.what}, "perhaps", about)


def _drawn(record: Record) -> Iterator[Cause]:
    """What is drawn at random by an operation that is in the graph."""
    for node in record.nodes:
        if operation(node) == "Normal" and node.grad_output is not None and not is_zero(node.grad_output):
            about = _learning(record, sorted(leaves_below(record, node)))
            if about:
                yield Cause("draw goes on", Place(node.id), {"node": node}, "perhaps", about)


def _wrapped(record: Record) -> Iterator[Cause]:
    """What a reentrant checkpoint gives out in a list, say, beside what it returns as it is."""
    for event in record.events:
        about = _learning(record, event.leaves)
        if event.kind == "wrapped" and event.reached and about:
            yield Cause("wrapped goes on", Place(None, event.source), {"event": event}, "perhaps", about)


def _learning(record: Record, names: Iterable[str]) -> tuple[str, ...]:
    there = (name for name in names if name in record.wanted and record.leaves[name].node is not None)
    return tuple(name for name in there if not is_zero(record.leaves[name].grad))
