"""What a witness saw, read: its operands, the numbers at the bad element, what was given to it."""

from __future__ import annotations

import math

from gradtui.findings.cause import Facts, Part
from gradtui.findings.record import Record
from gradtui.grad_fns import called_functions
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Node, Operand, Witness

SECOND = ("other", "exponent")
FIRST = ("self", "input", "vec1")


def seen_going_bad(record: Record, node: Node) -> Witness | None:
    """What was seen of a node as its value went bad."""
    return next((one for one in record.witnesses("forward") if one.node == node.id and one.bad), None)


def operand_of(witness: Witness, names: tuple[str, ...]) -> Operand | None:
    return next((one for one in witness.operands if one.name in names), None)


def number_of(witness: Witness, name: str) -> float | None:
    return next((one.number for one in witness.operands if one.name == name), None)


def at_work(record: Record, witness: Witness) -> Node:
    """The node that it is of. What came about without a gradient has none, and stands for one: its id is below 0."""
    node = None if witness.node is None else record.nodes[witness.node]
    if node is not None and (witness.source is None or witness.phase == "backward" or node.source == witness.source):
        return node
    values = next((one.values for one in witness.operands if one.values is not None), None)
    shape = () if values is None else values.shape
    return Node(
        -1, witness.operation, shape, witness.dtype, "", None, None, (), source=witness.source, module=witness.module
    )


def is_second(operand: Operand) -> bool:
    return operand.name in SECOND


def numbers_of(witness: Witness) -> tuple[float | None, float | None]:
    """Of the first and the second operand at the bad element, as far as they are known."""
    first, second = operand_of(witness, FIRST), operand_of(witness, SECOND)
    return None if first is None else first.number, None if second is None else second.number


def index_of(witness: Witness) -> str:
    return f"[{', '.join(map(str, witness.index))}]" if witness.index else ""


def is_given(witness: Witness) -> bool:
    """Whether what it brought in are infinities that were asked for."""
    if witness.result is None or math.isnan(witness.result):
        return False
    if witness.result > 0 and called_functions.has(witness.operation, "adding"):
        return False  # a mask is -inf
    data = bad_data(witness)
    return called_functions.has(witness.operation, "giving") or (
        called_functions.has(witness.operation, "adding") and data is not None
    )


def bad_data(witness: Witness) -> Operand | None:
    """An operand without a gradient in which there is nan, or an infinity."""
    return next(
        (one for one in witness.operands if not one.carries and one.values is not None and not is_finite(one.values)),
        None,
    )


def bad_of(operand: Operand) -> Facts:
    """How many of its elements are bad, and what they are."""
    assert operand.values is not None
    found = spread(operand.values)
    counted = Part("so many elements", {"count": found.nan or found.inf, "of": found.elements})
    return {"what": "nan" if found.nan else "inf", "share": counted if found.elements > 1 else ""}


def is_given_logarithms(record: Record, witness: Witness) -> bool:
    """As the target of a loss that takes probabilities there."""
    own = (one for one in record.events if one.source is not None and one.source == witness.source)
    return any(one.given == "kl_div of logarithms" for one in own)
