"""The graph behind tensors: what `grad_fn` and its `next_functions` reach, as plain data.

Node objects of a deep graph end the process when they are dropped at once: hold them all in the list of `walk`,
let go of every tensor, then `release` them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TypedDict

import torch
from torch.autograd.graph import Node, get_gradient_edge

from gradtui.engine.tensors.values import name
from gradtui.snapshot import model

NO_SEQUENCE = 2**64 - 1
"""What AccumulateGrad has for a sequence number: it runs as soon as it is ready."""
NOTHING = model.Edge(None)


def root(output: torch.Tensor) -> Node:
    """The node that made `output`, an AccumulateGrad where it is a leaf."""
    return get_gradient_edge(output).node


def walk(*starts: Node) -> list[Node]:
    """Every node that `starts` reach, the newest first, so that each stands before those it points to."""
    found, stack = dict.fromkeys(starts), list(starts)
    while stack:
        for target, _ in stack.pop().next_functions:
            if target is not None and target not in found:
                found[target] = None
                stack.append(target)
    return newest_first(found)


def newest_first(nodes: Iterable[Node]) -> list[Node]:
    """An AccumulateGrad, which has no number, comes last."""
    return sorted(nodes, key=lambda node: sequence(node) or -1, reverse=True)


def release(nodes: list[Node]) -> None:
    """Empty the list of `walk`, one node at a time from the output to the leaves."""
    nodes.reverse()
    while nodes:
        nodes.pop()


def sequence(node: Node) -> int | None:
    """torch's number, higher for what was made later, which the engine runs first. None for AccumulateGrad."""
    number = node._sequence_nr()
    return None if number == NO_SEQUENCE else number


class Known(TypedDict, total=False):
    """What may be known of a node beside the graph itself, each as in `model.Node`."""

    value: model.Values | None
    grad_output: model.Values | None
    saved: tuple[model.Saved, ...]
    source: model.Source | None
    variable: str | None
    tangent: model.Values | None
    module: str
    call: int
    note: str
    inside: tuple[str, ...]
    order: int
    made_by: int | None
    kept: int | None


class Facts:
    """Answers for the nodes of a graph; for their edges with one thing for each, or nothing at all. Here: nothing."""

    def known(self, node: Node) -> Known:
        return {}

    def kind(self, node: Node) -> tuple[tuple[int, ...], str, str] | None:
        """Shape, dtype and device of its first output, where they need not be asked of the node."""
        return None

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        """The gradients that backward sent."""
        return ()

    def local(self, node: Node) -> Sequence[float | None]:
        """The local derivatives."""
        return ()

    def operands(self, node: Node) -> Sequence[model.Source | None]:
        """The text of what came in. Older nodes are asked for first."""
        return ()


def numbered(nodes: Sequence[Node], ran: Sequence[Node], roots: Sequence[Node] = ()) -> dict[Node, int]:
    """The ids, in order: as the engine `ran` them, then those it never ran."""
    return {node: number for number, node in enumerate(dict.fromkeys((*ran, *roots, *nodes)))}


def build(
    nodes: Sequence[Node],
    ran: Sequence[Node],
    facts: Facts,
    roots: Sequence[Node] = (),
    ids: Mapping[Node, int] | None = None,
) -> model.Graph:
    """The graph of `walk` as data, with the ids of `numbered`, which are made unless given.

    roots: the nodes of the outputs; the first of `ran` unless given.
    """
    ids = numbered(nodes, ran, roots) if ids is None else ids
    oldest = next((number for node in reversed(nodes) if (number := sequence(node)) is not None), 0)
    edges = {node: _edges(node, ids, facts) for node in reversed(nodes)}
    shapes: dict[tuple[int, ...], tuple[int, ...]] = {}  # equal ones are one object
    built, steps = [], len(ran)
    for node, number in ids.items():
        shape, dtype, device = facts.kind(node) or _metadata(node)
        made = node._sequence_nr()
        built.append(
            model.Node(
                number,
                short(node.name()),
                shapes.setdefault(shape, shape),
                dtype,
                device,
                None if made == NO_SEQUENCE else made - oldest,
                number if number < steps else None,
                edges[node],
                **facts.known(node),
            )
        )
    return model.Graph(tuple(built), tuple(dict.fromkeys(ids[node] for node in roots)) or (0,))


def _edges(node: Node, ids: Mapping[Node, int], facts: Facts) -> tuple[model.Edge, ...]:
    sent, local, operands = facts.sent(node), facts.local(node), facts.operands(node)
    edges = []
    for place, (target, number) in enumerate(node.next_functions):
        grad, slope = sent[place] if sent else None, local[place] if local else None
        source = operands[place] if operands else None
        if target is not None:
            edges.append(model.Edge(ids[target], number, None, grad, slope, source))
        elif grad is None and slope is None and source is None:
            edges.append(NOTHING)
        else:
            edges.append(model.Edge(None, number, source.text if source else None, grad, slope, source))
    return tuple(edges)


@cache
def short(name: str) -> str:
    """Without the namespace: `AccumulateGrad`."""
    return name.rpartition("::")[2]


def _metadata(node: Node) -> tuple[tuple[int, ...], str, str]:
    """Shape, dtype and device of the node's first output; a nested tensor has no shape: ()."""
    outputs = node._input_metadata
    output = outputs[0] if outputs else None
    if output is None:
        output = next((other for other in outputs if other is not None), None)
    if output is None:
        return (), "", ""
    return () if output.is_nested_tensor else tuple(output.shape), name(output.dtype), name(output.device)
