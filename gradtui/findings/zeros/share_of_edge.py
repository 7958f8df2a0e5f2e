"""The share of the gradient that an edge keeps, by what kind of function its node is. Pure.

A function that squashes keeps its derivative, one that is flat here keeps 0, and any other keeps 1: so a derivative
that is 0 since f is at rest there, as of x^2 at 0, takes nothing away.
"""

from __future__ import annotations

import math

from gradtui.findings.zeros.softmax_and_norms import adds_up, makes_shares
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import element, operand, operand_number, operation
from gradtui.snapshot.model import Graph, Node


def shares(graph: Graph, node: Node, edge: int) -> tuple[float, ...]:
    """What the edge keeps at each element of the node; one number where it is the same for all."""
    name = operation(node)
    if has(name, "flat"):
        return (0.0,)
    if has(name, "taking"):
        return _taken(node, edge)
    if has(name, "squashing"):
        return _slopes(node, edge)
    if has(name, "underflowing") and node.value is not None:
        return tuple(float(value != 0) for value in node.value.numbers)
    if makes_shares(name):
        return (_of_softmax(node),)
    if traits_of(name).tail or traits_of(name).side:
        return _far_out(graph, node, edge)
    return _of_constants(graph, node, edge)


def _slopes(node: Node, edge: int) -> tuple[float, ...]:
    """The size of the local derivative at each element; 1 where it cannot be known, as no gradient came in."""
    came, went, local = node.grad_output, node.edges[edge].grad, node.edges[edge].local
    if came is None or went is None or len(came.numbers) != len(went.numbers):
        return (1.0,)
    return tuple(_slope(a, b, 1.0 if local is None else local) for a, b in zip(came.numbers, went.numbers, strict=True))


def _slope(came: float, went: float, otherwise: float) -> float:
    slope = abs(went / came) if came and math.isfinite(went) and math.isfinite(came) else abs(otherwise)
    return min(slope, 1.0) if math.isfinite(slope) else 1.0


def _taken(node: Node, edge: int) -> tuple[float, ...]:
    """0 where another operand was taken; shared at a tie. A scalar beside vectors counts if it was taken anywhere."""
    came, went = node.grad_output, node.edges[edge].grad
    if came is None or went is None or len(came.numbers) == len(went.numbers):
        return tuple(float(slope > 0) for slope in _slopes(node, edge))
    return (float(any(went.numbers) or not any(came.numbers)),)


def _far_out(graph: Graph, node: Node, edge: int) -> tuple[float, ...]:
    traits, count = traits_of(operation(node)), math.prod(node.shape)
    side, tail = traits.side, traits.tail
    operands = [element(operand(graph, node, edge), place, count) for place in range(count)]
    if side:
        return tuple(float(a is None or not side(node, a)) for a in operands)
    slopes = _slopes(node, edge)
    return tuple(
        slopes[place % len(slopes)] if a is not None and tail is not None and tail(a) else 1.0
        for place, a in enumerate(operands)
    )


def _of_softmax(node: Node) -> float:
    """The steepest slope of any element by its own operand."""
    numbers = node.value.numbers if node.value else (0.5,)
    return 0.0 if adds_up(node) else max((y * (1 - y) for y in numbers), default=1.0)


def _of_constants(graph: Graph, node: Node, edge: int) -> tuple[float, ...]:
    """A factor 0 and an exponent 0 that stand in the text let nothing through; a variable that is 0 is no matter."""
    name, count = operation(node), math.prod(node.shape)
    number = operand_number(node, edge)
    power = has(name, "power")
    if not (power or name == "Mul") or not _is_constant(node, 1 - edge) or (power and number):
        return (1.0,)
    fixed = operand(graph, node, 1 - number)
    return tuple(float(element(fixed, place, count) != 0) for place in range(count))


def _is_constant(node: Node, edge: int) -> bool:
    return not 0 <= edge < len(node.edges) or node.edges[edge].target is None
