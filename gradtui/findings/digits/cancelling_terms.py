"""The two terms of a sum or difference, what made each, and whether they cancel. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gradtui.grad_fns.traits import traits_of
from gradtui.graph.errors import Errors
from gradtui.graph.exact_sum import exact_sum
from gradtui.graph.operands import kept, operation
from gradtui.snapshot.model import Graph, Node, Values

CANCELS = 0.1
"""What is left of the larger operand where a difference loses a digit."""


class Term(NamedTuple):
    """value: with its sign, which is that of a constant too. made: by which operation; "1" for that number."""

    value: float
    sign: int
    made: str


def terms_of(errors: Errors, place: int) -> list[Term]:
    """The two terms of a sum or difference at the element that lost most; [] of another piece."""
    piece, node = errors.pieces[place], errors.node(place)
    if node is None or not traits_of(operation(node)).signs or len(piece.operands) > 2:
        return []
    at = errors.worst_element(place)
    made = [(errors.value(operand, at), errors.node(operand)) for operand in piece.operands]
    if at is None or piece.value[at] is None or any(value is None for value, _ in made):
        return []
    signs = traits_of(operation(node)).signs
    terms = [
        Term(sign * (value or 0.0), sign, made_by(errors.graph, by))
        for sign, (value, by) in zip(signs, made, strict=False)
    ]
    if len(terms) == 1:
        constant = (piece.value[at] or 0.0) - signs[0] * (errors.exact(piece.operands[0], at) or 0.0)
        terms.append(Term(constant, 1 if constant > 0 else -1, "1" if math.isclose(abs(constant), 1) else ""))
    return terms


def made_by(graph: Graph, node: Node | None) -> str:
    """The operation that a person would name: 1/x is a Reciprocal times 1, 2/x is none, and e^x is no power."""
    if node is None:
        return ""
    if operation(node) == "Pow" and kept(node, "self") == Values((), (math.e,)):
        return "Exp"
    if operation(node) == "Mul" and any(edge.constant not in (None, "1") for edge in node.edges):
        return "Mul"
    inner = [graph.nodes[edge.target] for edge in node.edges if edge.target is not None]
    same = [one for one in inner if one.source is not None and one.source == node.source]
    return operation(same[0] if same else node)


def cancelled(terms: Sequence[float]) -> float:
    """The largest term beside what is left."""
    largest, left = max(map(abs, terms), default=0.0), abs(sum(terms))
    return largest / left if left else math.inf if largest else 0.0


def cancel_in_sum(errors: Errors, place: int, slot: int) -> bool:
    """Whether nearly nothing is left of what the elements of a piece send to an operand that is one number. Each sends its
    gradient, where it adds the number, and that times its value over the number, where it multiplies or divides."""
    piece, node = errors.pieces[place], errors.node(place)
    if node is None or len(piece.value) < 2 or len(errors.pieces[piece.operands[slot]].value) > 1:
        return False
    made = operation(node)
    factors = [1.0] * len(piece.value) if traits_of(made).signs else piece.value if made in ("Mul", "Div") else ()
    sent = [grad * factor for grad, factor in zip(piece.gradient, factors, strict=False) if grad and factor]
    return bool(sent) and abs(exact_sum(sent)) <= CANCELS * exact_sum(map(abs, sent))


def cancels(terms: Sequence[Term]) -> bool:
    return len(terms) == 2 and cancelled([term.value for term in terms]) >= 1 / CANCELS
