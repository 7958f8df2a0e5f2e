"""A softmax that is of no use: of what is one already, for a loss that takes logits, or over a single key.

A softmax of a softmax is nearly even, and what it learns from is small. Where attention has but one key its query and keys make
no difference, and of weights that make the value as well a part learns nothing, which no gradient of 0 shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.softmax_and_norms import ROUNDING, makes_shares, one_key
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import maker, operation
from gradtui.snapshot.model import Edge, Node


def detect(record: Record) -> Iterator[Cause]:
    yield from _twice(record)
    yield from _over_one_key(record)


def _twice(record: Record) -> Iterator[Cause]:
    """Of each log_softmax that goes straight into a loss, where what it takes is a softmax over the same axis."""
    for node in record.nodes:
        if not has(operation(node), "logarithmic") or not _goes_into_a_loss(record, node) or 1 in node.shape[-1:]:
            continue
        softmax = maker(record.graph, node.edges[0]) if node.edges else None
        if softmax is not None and makes_shares(operation(softmax)) and softmax.shape == node.shape:
            classes = node.shape[-1] if len(node.shape) < 3 else node.shape[1]
            least = math.log(1 + (classes - 1) / math.e)
            facts: dict[str, Fact] = {"node": node, "softmax": softmax, "classes": classes, "least": least}
            yield Cause("softmax twice", Place(node.id), facts | {"most": math.exp(-least)}, "likely")


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
                name for name, norm in norms.items() if norm > ROUNDING * came and record.leaves[name].node in made_of
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
