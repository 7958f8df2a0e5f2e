"""Which cause of the table explains a node, with its numbers put in, and what people write instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature

from gradtui.grad_fns.causes import STABLE, Cause
from gradtui.graph.operands import element, operand, operation
from gradtui.graph.uses import uses
from gradtui.snapshot.model import Graph, Node
from gradtui.snapshot.numbers import number


def remedy_of(graph: Graph, node: Node, cause: Cause) -> str:
    """Another form of the same function is no help where the function is not defined."""
    return cause.remedy if cause.kind == "domain" else stable_form(graph, node) or cause.remedy


def stable_form(graph: Graph, node: Node) -> str:
    """What people write instead of this node and its operand, or of this node and those that use its value."""
    near_below = [graph.nodes[edge.target] for edge in node.edges if edge.target is not None]
    complements = [one for one in near_below if operation(one) == "Rsub"]
    far_below = [
        (graph.nodes[edge.target], one) for one in complements for edge in one.edges if edge.target is not None
    ]
    below = [tuple(map(operation, (*chain, node))) for chain in (*far_below, *((one,) for one in near_below))]
    users = uses(graph)
    near = [(node.id, user) for user, _ in users[node.id]]
    far = [(*pair, user) for pair in near for user, _ in users[pair[-1]]]
    above = [tuple(operation(graph.nodes[place]) for place in chain) for chain in (*far, *near)]
    return next((STABLE[chain] for chain in (*below, *above) if chain in STABLE), "")


def operands_at(graph: Graph, node: Node, place: int, count: int) -> list[float | None]:
    return [element(operand(graph, node, number), place, count) for number in (0, 1)]


def cause_of(causes: Sequence[Cause], operands: Sequence[float | None]) -> Cause | None:
    return next((cause for cause in causes if holds(cause, operands)), None)


def holds(cause: Cause, operands: Sequence[float | None]) -> bool:
    wanted = operands[: len(signature(cause.holds).parameters)]
    return None not in wanted and cause.holds(*wanted)


def filled(cause: Cause, operands: Sequence[float | None]) -> str:
    return cause.why.format(a=shortened(operands[0]), b=shortened(operands[1]))


def shortened(value: float | None) -> str:
    return number(None if value is None else value + 0.0, 4)
