"""Is one of several ways of learning lost: through straight pieces, a sample, the choice of the nearest rows, a checkpoint?
Or all but a penalty on the weights themselves?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from gradtui.findings.cause import Cause, Fact, Part, Place
from gradtui.findings.detectors import zero_gradient
from gradtui.findings.detectors.cut_off import blamed, cut
from gradtui.findings.detectors.zero_gradient import silent_leaves
from gradtui.findings.record import Record
from gradtui.findings.zeros.second_derivative import is_nothing, is_of_pieces, pieces
from gradtui.findings.zeros.without_penalties import without_penalties
from gradtui.findings.zeros.zero_factor import leaves_below
from gradtui.graph.losses.penalties import Penalties, Reached
from gradtui.graph.operands import is_zero, operation, quote


def detect(record: Record) -> Iterator[Cause]:
    """Where some parameters do learn by another way; of what does not, zero_gradient and cut_off tell."""
    if not record.has_run or record.snapshot.problem is not None or record.snapshot.experiments:
        return
    yield from _straight_penalty(record)
    if not record.is_expression:
        yield from _fed_on(record)
        yield from _drawn(record)
        yield from _wrapped(record)
        yield from _penalised(record)


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


def _penalised(record: Record) -> Iterator[Cause]:
    reached = _reached(record)
    if reached.by_penalties:
        yield from _cut_off(record, reached)
        yield from _silent(record, reached)


def _reached(record: Record) -> Reached[int]:
    nodes = record.nodes
    penalties = Penalties[int](
        lambda node: nodes[node].name,
        lambda node: [edge.target for edge in nodes[node].edges],
        lambda node: math.prod(nodes[node].shape),
    )
    return penalties.found(record.graph.roots)


def _cut_off(record: Record, reached: Reached[int]) -> Iterator[Cause]:
    """What is made of it was taken out of the graph on its way to the loss."""
    alone = reached.alone
    nothing_learns = not any(leaf.node is not None and leaf.node not in alone for leaf in record.leaves.values())
    for name, leaf in record.wanted.items():
        events = [one for one in blamed(record.events_of.get(name, ())) if one.reached] if leaf.node in alone else ()
        if leaf.node is not None and events:
            cause = cut(record, name, events[0], nothing_learns)
            absent = Part("in its penalty alone", {"penalty": quote(record.nodes[alone[leaf.node]])})
            yield replace(cause, facts={**cause.facts, "absent": absent})


def _silent(record: Record, reached: Reached[int]) -> Iterator[Cause]:
    """All that comes from elsewhere is 0."""
    names = {
        name: leaf.node
        for name, leaf in record.wanted.items()
        if leaf.node in reached.by_penalties and leaf.grad is not None and not is_zero(leaf.grad)
    }
    if not names:
        return
    without = Record(without_penalties(record.snapshot, reached), record.asked)
    for cause in zero_gradient.detect(without):
        for name in cause.about:
            node = names.get(name)
            if node is not None:
                behind = Part("but for its penalty", {"penalty": quote(record.nodes[reached.by_penalties[node]])})
                yield replace(cause, about=(name,), facts={**cause.facts, "behind": behind})
