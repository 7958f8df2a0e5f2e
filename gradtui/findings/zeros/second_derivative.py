"""Is it the second derivative of a function of straight pieces, which is 0, that a loss is made of?"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.first_zero import Killer
from gradtui.findings.zeros.zero_factor import leaves_below
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.operands import is_zero, operation
from gradtui.snapshot.model import Node

AGAIN = "Backward"


def cause(record: Record, silent: Mapping[str, Killer]) -> Cause | None:
    """Of those leaves to which the only ways lead through such a second derivative, where no parameter learns at all."""
    if record.learning:
        return None
    about = tuple(dict.fromkeys([*silent, *(name for name, _ in record.absent())]))
    kinks = [node for node in record.nodes if is_of_pieces(node)]
    if kinks:
        return _cause(min(kinks, key=lambda node: node.id), about)
    zeros = [node for killer in silent.values() if (node := _of_zeros(record, killer)) is not None]
    if not zeros or len(zeros) < len(silent):
        return None
    return _nothing(min(zeros, key=lambda node: node.id), about)


def of_one(record: Record, name: str, killer: Killer) -> Cause | None:
    """Of a leaf beside which others learn. Where these are below the same node, the loss is made of a first derivative too, in
    which what only shifts it, a bias, has no part."""
    node = record.nodes[killer.node]
    if is_of_pieces(node):
        found = _cause(node, (name,))
        is_penalty = not record.learning.isdisjoint(leaves_below(record, node))
        return replace(found, certainty="perhaps") if is_penalty else found
    zeros = _of_zeros(record, killer)
    return None if zeros is None else _nothing(zeros, (name,))


def _of_zeros(record: Record, killer: Killer) -> Node | None:
    """A second derivative that is 0 throughout: where the gradient ends, or what the function there is applied to."""
    node = record.nodes[killer.node]
    below = (record.nodes[edge.target] for edge in node.edges if edge.target is not None)
    return next((one for one in (node, *below) if is_nothing(one)), None)


def is_nothing(node: Node) -> bool:
    """Whether it made a second derivative that is 0 throughout."""
    return (node.order or 0) > 1 and is_zero(node.value)


def _nothing(node: Node, about: tuple[str, ...]) -> Cause:
    return Cause("second derivative is nothing", Place(node.id), {"node": node, "symptom": "zero"}, "likely", about)


def _cause(node: Node, about: tuple[str, ...]) -> Cause:
    facts: dict[str, Fact] = {"node": node, "function": pieces(node), "symptom": "zero"}
    return Cause("second derivative is 0", Place(node.id), facts, "proved", about)


def is_of_pieces(node: Node) -> bool:
    """Whether it is the second derivative of what is made of straight pieces."""
    return _is_second(node.name) and bool(pieces(node))


def pieces(node: Node) -> str:
    """What a person calls the function whose derivative is differentiated once more; nothing where it is smooth."""
    return traits_of(operation(node).removesuffix(AGAIN)).pieces


def _is_second(name: str) -> bool:
    return name.removesuffix("0").removesuffix("1").endswith("BackwardBackward")
