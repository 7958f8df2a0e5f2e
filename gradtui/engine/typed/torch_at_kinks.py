"""What torch takes for a derivative where there is none: corners, jumps, ties, vertical tangents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from gradtui.engine.typed import constants
from gradtui.engine.typed.nonsmooth import BORDER, VERTICAL, ZERO_TO_ZERO, Kink, equal
from gradtui.engine.typed.operations import OPERATIONS
from gradtui.expression.syntax import Binary, Call, Comparison, Expression, Node, postorder
from gradtui.snapshot.model import Note
from gradtui.snapshot.numbers import number

Value = torch.Tensor | int | float

MOST_ELEMENTS = 8

POWER = (Kink(VERTICAL, lambda x, p: (x == 0) & (p > 0) & (p < 1)),)
POWER_OF_A_VARIABLE = (*POWER, Kink(ZERO_TO_ZERO, lambda x, p: (x == 0) & (p == 0)))
"""Of `x^p`; the second where p is a variable too. The functions have theirs in operations.py."""


def notes(expression: Expression, values: Mapping[Node, Value]) -> list[Note]:
    """A sentence for each piece of the expression that stands exactly at a kink, in the order of evaluation.

    values: the forward value of every syntax node; only tensors that require a gradient count.
    """
    return [Note("kink", text) for node in postorder(expression) for text in _sentences(expression, node, values)]


def _sentences(expression: Expression, node: Node, values: Mapping[Node, Value]) -> Iterator[str]:
    match node:
        case Call(function="where"):
            yield from _border(expression, node, values)
            return
        case Call(function=name):
            kinks = OPERATIONS[name].kinks
        case Binary(operator="^" as name):
            kinks = POWER_OF_A_VARIABLE if is_differentiated(values[node.right]) else POWER
        case _:
            return
    placed = len(node.operands) - (len(node.keywords) if isinstance(node, Call) else 0)
    operands = [values[operand] for operand in node.operands[:placed]]
    if not kinks or not any(map(is_differentiated, operands)):
        return
    quote, numbers = expression.text[node.start : node.end], plain(operands)
    of_a_vector = len(operands) == 1 and any(kink.whole for kink in kinks)
    for kink in kinks:
        if kink.whole != of_a_vector:
            continue
        if kink.whole:
            if kink.at(torch.as_tensor(numbers[0]).reshape(-1)):
                yield f"{quote} {kink.what}: {_torch_takes(name, operands, None)}"
        elif (where := elements(kink.at(*numbers))) is not None:
            yield f"{quote} {kink.what}{named(where)}: {_torch_takes(name, operands, where)}"


def _border(expression: Expression, node: Node, values: Mapping[Node, Value]) -> Iterator[str]:
    condition, *branches = node.operands
    if isinstance(condition, Comparison):
        sides = [values[condition.left], values[condition.right]]
        depends = any(is_differentiated(side) for side in sides) and branches
        where = elements(equal(*plain(sides))) if depends else None
        if where is not None:
            quote = expression.text[node.start : node.end]
            yield f"{quote} {BORDER}{named(where)}: torch follows the branch that holds there"


def is_differentiated(value: Value) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def dtype_of(operands: Sequence[Value]) -> torch.dtype:
    """Of the first that is a tensor."""
    return next(operand.dtype for operand in operands if isinstance(operand, torch.Tensor))


def plain(operands: Sequence[Value]) -> list[Any]:
    """As Python numbers where all are scalars, which is much the fastest; a literal rounded as torch rounds it."""
    dtype = dtype_of(operands)
    tensors = [torch.as_tensor(operand, dtype=dtype).detach() for operand in operands]
    return tensors if any(tensor.ndim for tensor in tensors) else [tensor.item() for tensor in tensors]


def elements(mask: Any) -> list[int] | None:
    """The places where it holds: [] for a scalar that does, None for nowhere."""
    if not isinstance(mask, torch.Tensor):
        return [] if mask else None
    places: list[int] = mask.reshape(-1).nonzero().reshape(-1).tolist()
    return places or None


def named(places: list[int]) -> str:
    if not places:
        return ""
    shown = ", ".join(map(str, places[:MOST_ELEMENTS])) + (", …" if len(places) > MOST_ELEMENTS else "")
    return f" (element {shown})" if len(places) == 1 else f" (elements {shown})"


def _torch_takes(name: str, operands: Sequence[Value], where: list[int] | None) -> str:
    """What torch sends back at such a place, by asking it: the convention differs from one version to the next."""
    leaves = [_leaf(operand) for operand in operands]
    wanted = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
    with torch.enable_grad():
        if name == "^":
            output = torch.as_tensor(constants.OPERATORS["^"](*leaves))
        else:
            output = OPERATIONS[name].apply(leaves, wanted[0].dtype, wanted[0].device)
        gradients = torch.autograd.grad(output.sum(), wanted)
    if where is None and name not in ("norm", "std"):
        return f"torch shares the derivative, {number(gradients[0].abs().max().item())} to each"
    place = where[0] if where else 0
    taken = [number(gradient.reshape(-1)[min(place, gradient.numel() - 1)].item() + 0.0) for gradient in gradients]
    return f"torch takes {' and '.join(taken)}"


def _leaf(operand: Value) -> Value:
    """A leaf of its own with the same value, so that asking touches no graph."""
    return operand.detach().requires_grad_() if isinstance(operand, torch.Tensor) and operand.requires_grad else operand
