"""A softmax that is of no use: of what is one already, for a loss that takes logits, or over a single key; or a loss without one.

A softmax of a softmax is nearly even, and what it learns from is small; a sigmoid of a sigmoid likewise. Where attention has but
one key its query and keys make no difference, and of weights that make the value as well a part learns nothing, which no
gradient of 0 shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Extent, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.softmax_and_norms import LEFT_BY_CANCELLING, makes_shares, one_key
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import kept, maker, operation, seen_value
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Edge, Node, Values

NONE = 0.0
"""torch's number for `reduction="none"`."""
ABOVE_0 = 0.02
"""So far above 0 rounding takes no logarithm of a probability, nor does an eps that was added to it."""


def detect(record: Record) -> Iterator[Cause]:
    yield from _twice(record)
    yield from _sigmoid_twice(record)
    yield from _no_logarithms(record)
    yield from _over_one_key(record)


def _twice(record: Record) -> Iterator[Cause]:
    """Of each log_softmax that goes straight into a loss, where what it takes is a softmax over the same axis."""
    for node in record.nodes:
        if not has(operation(node), "logarithmic") or not _goes_into_a_loss(record, node):
            continue
        if not node.shape or node.shape[-1] == 1:
            continue  # it is over one number
        softmax = maker(record.graph, node.edges[0]) if node.edges else None
        classes = node.shape[-1] if len(node.shape) < 3 else node.shape[1]
        if softmax is not None and (
            (makes_shares(operation(softmax)) and softmax.shape == node.shape)
            or _are_shares(seen_value(record.graph, node.edges[0]), classes)
        ):
            least = math.log(1 + (classes - 1) / math.e)
            facts: dict[str, Fact] = {"node": node, "softmax": softmax, "classes": classes, "least": least}
            yield Cause("softmax twice", Place(node.id), facts | {"most": math.exp(-least)}, "likely")


def _are_shares(values: Values | None, classes: int) -> bool:
    """Whether numbers are such as a softmax makes, however it is written: from 0 to 1, not all alike, and of each example 1 in
    all."""
    extent = Extent.of(values)
    if values is None or extent.low is None or extent.high is None or not 0 <= extent.low < extent.high <= 1:
        return False
    return values.mean is not None and math.isclose(values.mean * classes, 1, rel_tol=LEFT_BY_CANCELLING)


def _sigmoid_twice(record: Record) -> Iterator[Cause]:
    for node in record.nodes:
        if operation(node) == "BinaryCrossEntropyWithLogits" and node.edges:
            made = maker(record.graph, node.edges[0])
            if made is not None and operation(made) == "Sigmoid":
                yield Cause("sigmoid twice in a graph", Place(node.id), {"node": node, "made": made}, "likely")


def _no_logarithms(record: Record) -> Iterator[Cause]:
    """Of nll_loss, whose operand cannot be logarithms of probabilities."""
    for node in record.nodes:
        if has(operation(node), "labels") and node.edges:
            most = Extent.of(seen_value(record.graph, node.edges[0])).high
            if most is not None and most > ABOVE_0:
                apart = kept(node, "reduction") == Values((), (NONE,))  # it may but pick elements
                certainty: Certainty = "perhaps" if apart else "likely"
                yield Cause("no logarithms for a loss", Place(node.id), {"node": node, "most": most}, certainty)


def _goes_into_a_loss(record: Record, node: Node) -> bool:
    """Also with smoothed labels, or probabilities for labels: then one call made it and what takes it."""
    users = [record.nodes[user] for user, _ in record.uses[node.id]]
    of_one_call = node.source is not None and all(user.source == node.source for user in users)
    return bool(users) and (of_one_call or all(has(operation(user), "labels") for user in users))


def _over_one_key(record: Record) -> Iterator[Cause]:
    """Of each attention, at whose line there is none to several keys: the first step of a decoder has but one."""
    snapshot = record.snapshot
    if record.is_expression or not record.has_run or snapshot.problem is not None or snapshot.experiments:
        return
    attention = [node for node in record.nodes if has(operation(node), "attending") or makes_shares(operation(node))]
    choosing = {node.source for node in attention if not _has_one_key(record, node)}
    norms = {name: leaf.grad.finite_norm or 0.0 for name, leaf in record.leaves.items() if leaf.grad is not None}
    for node in attention:
        came = node.grad_output.finite_norm if node.grad_output is not None else None
        if came and node.source not in choosing:
            made_of = _weights(record, node.edges[: 1 if makes_shares(operation(node)) else 2])
            about = tuple(
                name
                for name, norm in norms.items()
                if norm > LEFT_BY_CANCELLING * came and record.leaves[name].node in made_of
            )
            if about:
                yield Cause("one key", Place(node.id), {"node": node}, "perhaps", about)


def _has_one_key(record: Record, node: Node) -> bool:
    return node.shape[-1:] == (1,) if makes_shares(operation(node)) else one_key(record.graph, node) is not None


def _weights(record: Record, edges: Sequence[Edge]) -> set[int]:
    """The leaves that these operands are made of, in the products nearest to them."""
    waiting = [edge.target for edge in edges if edge.target is not None]
    found, met = set[int](), set(waiting)
    while waiting:
        below = record.nodes[waiting.pop()].edges
        made_of = [maker(record.graph, edge) for edge in below]
        leaves = {one.id for one in made_of if one is not None and not one.edges}
        found |= leaves
        new = {edge.target for edge in below if edge.target is not None} - met
        if not leaves:
            waiting += new
            met |= new
    return found
