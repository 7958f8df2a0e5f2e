"""Nodes by what they are called, and the parts of a graph that one wants to see alone. Pure, at linear cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from gradtui.graph.gradients import all_zero
from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Edge, Graph, Node, Snapshot

Filter = Literal["all", "parameters", "bad", "path"]
FILTERS: tuple[Filter, ...] = ("all", "parameters", "bad", "path")


def matches(graph: Graph, text: str) -> list[int]:
    """The nodes whose operation, parameter or source has `text` in it, and the first node of each module that has.

    In the order of the backward pass; upper and lower case are the same. Nothing matches nothing.
    """
    wanted = text.strip().casefold()
    if not wanted:
        return []
    known: dict[str, bool] = {}

    def fits(name: str) -> bool:
        found = known.get(name)
        if found is None:
            found = known[name] = wanted in name.casefold()
        return found

    met: set[tuple[str, int]] = set()
    found = []
    for node in graph.nodes:
        first = False
        if node.module and fits(node.module):
            key = node.module, node.call
            first = key not in met
            met.add(key)
        named = fits(node.name) or (node.variable is not None and fits(node.variable))
        if first or named or (node.source is not None and fits(node.source.text)):
            found.append(node.id)
    return found


def kept(
    snapshot: Snapshot, only: Filter, selected: int | None, used: Callable[[], Sequence[Sequence[Use]]]
) -> list[int]:
    """The nodes that a filter leaves, in the order of the backward pass. used: `uses` of the graph, where it is needed."""
    nodes = snapshot.graph.nodes
    match only:
        case "parameters":
            return [node.id for node in nodes if node.variable is not None]
        case "bad":
            return [node.id for node in nodes if is_bad(node)]
        case "path" if selected is not None:
            return path_to(snapshot.graph, selected, used())
    return [node.id for node in nodes]


def is_bad(node: Node) -> bool:
    """Whether the gradient of a node has a nan or an infinity in it, or is all zero."""
    grad = node.grad_output
    return grad is not None and (not is_finite(grad) or all_zero(grad))


def path_to(graph: Graph, node: int, used: Sequence[Sequence[Use]]) -> list[int]:
    """From the output down to `node`: at each sum by the edge that brings the most, as far as that is known."""
    return [*reversed(list(_up(graph, node, used)))]


def _up(graph: Graph, node: int, used: Sequence[Sequence[Use]]) -> Iterator[int]:
    while True:
        yield node
        if not used[node]:
            return
        node, _ = max(used[node], key=lambda use: _brings(graph.nodes[use[0]].edges[use[1]]))


def _brings(edge: Edge) -> float:
    norm = edge.grad.finite_norm if edge.grad is not None else None
    return -1.0 if norm is None else norm
