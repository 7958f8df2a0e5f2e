"""Sentences that belong beside the numbers: a vector f, a gradient that is 0 for want of a path, nan and inf."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from gradtui.engine.tensors.values import values_of
from gradtui.engine.typed.forward import Forward
from gradtui.expression.syntax import Variable
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Graph, Node, Note, Values
from gradtui.snapshot.numbers import numbers


def notes(forward: Forward, graph: Graph, variables: tuple[str, ...], rows: int) -> Iterator[Note]:
    """In the order: what f is, what is not checked, what it does not depend on, what is not finite first. rows: of data, over
    which f is averaged, 0 for none."""
    output = forward.output
    if rows:
        yield Note("vector", f"f is the mean over {rows:,} row{'s' * (rows > 1)} of data")
    if isinstance(output, torch.Tensor) and output.ndim and output.requires_grad:
        yield Note("vector", f"f is a vector of {len(output)}: its gradient is that of sum(f)")
    yield from _unchecked(graph)
    yield from _constant(forward, graph, variables)
    yield from _not_finite(forward, graph)


def _unchecked(graph: Graph) -> Iterator[Note]:
    for node in graph.nodes:
        if node.variable is not None and node.grad_output is not None and node.grad_output.summary is not None:
            known, count = len(node.grad_output.numbers), math.prod(node.shape)
            yield Note("vector", f"{node.variable} has {count} elements: the first {known} of its gradient are checked")


def _constant(forward: Forward, graph: Graph, variables: tuple[str, ...]) -> Iterator[Note]:
    reached = {node.variable for node in graph.nodes}
    used = {node.name for node in forward.values if isinstance(node, Variable)}
    if not variables and is_finite(values_of(forward.output)):
        yield Note("constant", "f is constant: its derivative is 0")
    for name in variables:
        if name not in reached:
            path = "autograd sees no path from" if name in used else "f does not depend on"
            rest = f"{name} to f" if name in used else name
            yield Note("constant", f"{path} {rest}: the gradient is 0")


def _not_finite(forward: Forward, graph: Graph) -> Iterator[Note]:
    """The first node of the forward pass and the first of the backward pass, in the order in which torch ran them."""
    made = sorted(graph.nodes, key=lambda node: -1 if node.sequence is None else node.sequence)
    first = next((node for node in made if not is_finite(node.value)), None)
    if first is not None:
        told = _told(first, first.value)
        yield Note("nonfinite", f"forward: the first value that is not finite is that of {told}", first.id)
    elif not is_finite(values_of(forward.output)):
        yield Note("nonfinite", f"f is constant and not finite: {numbers(values_of(forward.output))}")
    ran = sorted((node for node in graph.nodes if node.step is not None), key=lambda node: node.step or 0)
    sent = ((node, edge.grad) for node in ran for edge in node.edges)
    node, bad = next(((node, grad) for node, grad in sent if not is_finite(grad)), (None, None))
    if node is not None:
        told = _told(node, bad)
        yield Note("nonfinite", f"backward: the first gradient that is not finite is sent by {told}", node.id)


def _told(node: Node, values: Values | None) -> str:
    place = f" of {node.source.text}" if node.source else ""
    return f"{node.name}{place}: {numbers(values)}"
