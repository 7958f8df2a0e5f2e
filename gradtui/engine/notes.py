"""Sentences that belong beside the numbers: a vector f, a gradient that is 0 for want of a path, numbers that are not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from gradtui.engine.forward import Forward
from gradtui.snapshot.model import Graph, Node, Note, Values
from gradtui.snapshot.numbers import numbers


def notes(forward: Forward, graph: Graph, variables: tuple[str, ...]) -> Iterator[Note]:
    """In the order: what f is, what it does not depend on, what is not finite first."""
    output = forward.output
    if isinstance(output, torch.Tensor) and output.ndim and output.requires_grad:
        yield Note("vector", f"f is a vector of {len(output)}: its gradient is that of sum(f)")
    yield from _constant(forward, graph, variables)
    yield from _not_finite(forward, graph)


def _constant(forward: Forward, graph: Graph, variables: tuple[str, ...]) -> Iterator[Note]:
    reached = {node.variable for node in graph.nodes}
    used = forward.expression.variables
    if not variables:
        yield Note("constant", "f is constant: its derivative is 0")
    for name in variables:
        if name not in reached:
            path = "autograd sees no path from" if name in used else "f does not depend on"
            rest = f"{name} to f" if name in used else name
            yield Note("constant", f"{path} {rest}: the gradient is 0")


def _not_finite(forward: Forward, graph: Graph) -> Iterator[Note]:
    """The first node of the forward pass and the first of the backward pass, each in the order in which torch ran them."""
    made = sorted(graph.nodes, key=lambda node: -1 if node.sequence is None else node.sequence)
    first = next((node for node in made if not _is_finite(node.value)), None)
    if first is not None:
        yield Note("nonfinite", f"forward: the first value that is not finite is {_told(first, first.value)}", first.id)
    ran = sorted((node for node in graph.nodes if node.step is not None), key=lambda node: node.step or 0)
    for node in ran:
        bad = next((edge.grad for edge in node.edges if not _is_finite(edge.grad)), None)
        if bad is not None:
            yield Note("nonfinite", f"backward: the first gradient that is not finite is sent by {_told(node, bad)}", node.id)
            return


def _told(node: Node, values: Values | None) -> str:
    place = f" of {node.source.text}" if node.source else ""
    return f"{node.name}{place}: {numbers(values)}"


def _is_finite(values: Values | None) -> bool:
    if values is None:
        return True
    if values.summary is not None:
        return not values.summary.nan and not values.summary.inf
    return all(map(math.isfinite, values.numbers))
