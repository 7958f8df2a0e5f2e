"""Does attention choose among one key? Then its query and key make no difference, and of weights that make the value as well a
part learns nothing, which no gradient of 0 shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.softmax_and_norms import ROUNDING, one_key
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Edge, Node


def detect(record: Record) -> Iterator[Cause]:
    """Of each attention, at whose line there is none to several keys: the first step of a decoder has but one."""
    snapshot = record.snapshot
    if record.is_expression or not record.has_run or snapshot.problem is not None or snapshot.experiments:
        return
    attention = [node for node in record.nodes if has(operation(node), "attending") or _chooses(node)]
    choosing = {node.source for node in attention if not _has_one_key(record, node)}
    norms = {name: leaf.grad.finite_norm or 0.0 for name, leaf in record.leaves.items() if leaf.grad is not None}
    for node in attention:
        came = node.grad_output.finite_norm if node.grad_output is not None else None
        if came and node.source not in choosing:
            made_of = _weights(record, node.edges[: 1 if _chooses(node) else 2])
            about = tuple(
                name for name, norm in norms.items() if norm > ROUNDING * came and record.leaves[name].node in made_of
            )
            if about:
                yield Cause("one key", Place(node.id), {"node": node}, "perhaps", about)


def _chooses(node: Node) -> bool:
    return has(operation(node), "softmax") and not has(operation(node), "logarithmic")


def _has_one_key(record: Record, node: Node) -> bool:
    return node.shape[-1:] == (1,) if _chooses(node) else one_key(record.graph, node) is not None


def _weights(record: Record, edges: Sequence[Edge]) -> set[int]:
    """The leaves that these operands are made of, in the products nearest to them."""
    waiting = [edge.target for edge in edges if edge.target is not None]
    found, met = set[int](), set(waiting)
    while waiting:
        below = [edge.target for edge in record.nodes[waiting.pop()].edges if edge.target is not None]
        leaves = {leaf for one in below if not record.nodes[leaf := _seen_through_views(record, one)].edges}
        found |= leaves
        if not leaves:
            waiting += (one for one in below if one not in met)
            met.update(below)
    return found


def _seen_through_views(record: Record, node: int) -> int:
    while has(operation(record.nodes[node]), "view") and (target := record.nodes[node].edges[0].target) is not None:
        node = target
    return node
