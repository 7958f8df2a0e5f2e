"""The graph behind tensors: what `grad_fn` and its `next_functions` reach, as plain data.

Node objects of a deep graph end the process when they are dropped at once: hold them all in the list of `walk`,
let go of every tensor, then `release` them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch.autograd.graph import Node, get_gradient_edge

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
    return sorted(found, key=lambda node: sequence(node) or -1, reverse=True)


def release(nodes: list[Node]) -> None:
    """Empty the list of `walk`, one node at a time from the output to the leaves."""
    nodes.reverse()
    while nodes:
        nodes.pop()


def sequence(node: Node) -> int | None:
    """torch's number, higher for what was made later, which the engine runs first. None for AccumulateGrad."""
    number = node._sequence_nr()
    return None if number == NO_SEQUENCE else number


class Facts:
    """What is known of the nodes beside the graph itself, each as in `model.Node` and `model.Edge`. Here: nothing."""

    def value(self, node: Node) -> model.Values | None:
        return None

    def grad_output(self, node: Node) -> model.Values | None:
        return None

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        """One for each edge, or none at all."""
        return ()

    def local(self, node: Node) -> Sequence[float | None]:
        """One for each edge, or none at all."""
        return ()

    def saved(self, node: Node) -> tuple[model.Saved, ...]:
        return ()

    def source(self, node: Node) -> model.Source | None:
        return None

    def operand(self, node: Node, target: Node | None, number: int) -> model.Source | None:
        """The text of what came in by this edge of `node`. Older nodes are asked for first."""
        return None

    def variable(self, node: Node) -> str | None:
        return None

    def tangent(self, node: Node) -> model.Values | None:
        return None

    def module(self, node: Node) -> tuple[str, int]:
        """Its path, and which call of it."""
        return "", 0

    def note(self, node: Node) -> str:
        return ""

    def inside(self, node: Node) -> tuple[str, ...]:
        return ()


def numbered(nodes: Sequence[Node], ran: Sequence[Node], roots: Sequence[Node] = ()) -> dict[Node, int]:
    """The ids, in order: as the engine `ran` them, then those it never ran."""
    return {node: number for number, node in enumerate(dict.fromkeys((*ran, *roots, *nodes)))}


def build(nodes: Sequence[Node], ran: Sequence[Node], facts: Facts, roots: Sequence[Node] = ()) -> model.Graph:
    """The graph of `walk` as data, with the ids of `numbered`.

    roots: the nodes of the outputs; the first of `ran` unless given.
    """
    ids = numbered(nodes, ran, roots)
    oldest = min((number for node in nodes if (number := sequence(node)) is not None), default=0)
    edges = {node: _edges(node, ids, facts) for node in reversed(nodes)}
    shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
    built = []
    for node, number in ids.items():
        shape, dtype, device = _metadata(node, shapes)
        module, call = facts.module(node)
        built.append(
            model.Node(
                id=number,
                name=node.name().rpartition("::")[2],
                shape=shape,
                dtype=dtype,
                device=device,
                sequence=None if (made := sequence(node)) is None else made - oldest,
                step=number if number < len(ran) else None,
                edges=edges[node],
                value=facts.value(node),
                grad_output=facts.grad_output(node),
                saved=facts.saved(node),
                source=facts.source(node),
                variable=facts.variable(node),
                tangent=facts.tangent(node),
                module=module,
                call=call,
                note=facts.note(node),
                inside=facts.inside(node),
            )
        )
    return model.Graph(tuple(built), tuple(dict.fromkeys(ids[node] for node in roots)) or (0,))


def _edges(node: Node, ids: dict[Node, int], facts: Facts) -> tuple[model.Edge, ...]:
    sent, local, edges = facts.sent(node), facts.local(node), []
    for index, (target, number) in enumerate(node.next_functions):
        source = facts.operand(node, target, number)
        grad, slope = sent[index] if sent else None, local[index] if local else None
        if target is None:
            constant = None if source is None else source.text
            known = (constant, grad, slope, source) != (None, None, None, None)
            edges.append(model.Edge(None, number, constant, grad, slope, source) if known else NOTHING)
        else:
            edges.append(model.Edge(ids[target], number, None, grad, slope, source))
    return tuple(edges)


def _metadata(node: Node, shapes: dict[tuple[int, ...], tuple[int, ...]]) -> tuple[tuple[int, ...], str, str]:
    """Shape, dtype and device of the node's first output; a nested tensor has no shape: (). Equal shapes are one object."""
    first = next((output for output in node._input_metadata if output is not None), None)
    if first is None:
        return (), "", ""
    shape = () if first.is_nested_tensor else tuple(first.shape)
    return shapes.setdefault(shape, shape), _name(first.dtype), _name(first.device)


@cache
def _name(kind: torch.dtype | torch.device) -> str:
    return str(kind).removeprefix("torch.")
