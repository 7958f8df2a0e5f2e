"""What torch takes for a derivative where there is none: corners, jumps, ties, vertical tangents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from gradtui.engine.typed import constants
from gradtui.engine.typed.operations import OPERATIONS
from gradtui.expression.syntax import Binary, Call, Comparison, Expression, Node, postorder
from gradtui.snapshot.model import Note
from gradtui.snapshot.numbers import number

Value = torch.Tensor | int | float

Test = Callable[..., Any]
"""Of the operands, as numbers or as tensors: whether f stands at the place in question."""

CORNER = "has a corner here"
JUMP = "jumps here, so it has no derivative"
VERTICAL = "has a vertical tangent here"
TIE = "is at a tie"
BORDER = "is at the border of its condition"
ZERO_TO_ZERO = "is 0^0 here"
UNDEFINED = "has no limit here"

MOST_ELEMENTS = 8


def _whole(x: Any) -> Any:
    return x % 1 == 0


def _away(x: Any) -> Any:
    """A whole number other than 0, where trunc does not jump."""
    return (x % 1 == 0) & (x != 0)


def _quotient(x: Any, y: Any) -> Any:
    """As torch divides; by a plain 0 there is no remainder, and no jump."""
    return x / y if isinstance(y, torch.Tensor) or y else math.nan


def _clamp(x: Any, *bounds: Any) -> Any:
    return sum((x == bound for bound in bounds), x != x) > 0


def _hardtanh(x: Any, low: float = -1.0, high: float = 1.0) -> Any:
    return (x == low) | (x == high)


def _beyond_three(x: Any) -> Any:
    return (x == -3) | (x == 3)


def _shrink(x: Any, width: float = 0.5) -> Any:
    return (x == -width) | (x == width)


def _equal(x: Any, *other: Any) -> Any:
    """Two arguments that are equal, or the largest (smallest) element of a vector more than once: see `_shared`."""
    return x == other[0]


PLACES: dict[str, tuple[tuple[str, Test], ...]] = {
    "abs": ((CORNER, lambda x: x == 0),),
    "sign": ((JUMP, lambda x: x == 0),),
    "floor": ((JUMP, _whole),),
    "ceil": ((JUMP, _whole),),
    "round": ((JUMP, lambda x: x % 1 == 0.5),),
    "trunc": ((JUMP, _away),),
    "frac": ((JUMP, _away),),
    "fmod": ((JUMP, lambda x, y: _away(_quotient(x, y))),),
    "remainder": ((JUMP, lambda x, y: _whole(_quotient(x, y))),),
    "copysign": ((JUMP, lambda x, y: (y == 0) & (x != 0)), (CORNER, lambda x, y: x == 0)),
    "max": ((TIE, _equal),),
    "min": ((TIE, _equal),),
    "maximum": ((TIE, _equal),),
    "minimum": ((TIE, _equal),),
    "clamp": ((CORNER, _clamp),),
    "relu": ((CORNER, lambda x: x == 0),),
    "relu6": ((CORNER, lambda x: (x == 0) | (x == 6)),),
    "leaky_relu": ((CORNER, lambda x, slope=0.01: (x == 0) & (slope != 1)),),
    "elu": ((CORNER, lambda x, alpha=1.0: (x == 0) & (alpha != 1)),),
    "selu": ((CORNER, lambda x: x == 0),),
    "hardtanh": ((CORNER, _hardtanh),),
    "hardsigmoid": ((CORNER, _beyond_three),),
    "hardswish": ((CORNER, _beyond_three),),
    "softshrink": ((CORNER, _shrink),),
    "hardshrink": ((JUMP, _shrink),),
    "threshold": (
        (JUMP, lambda x, edge, value: (x == edge) & (value != edge)),
        (CORNER, lambda x, edge, value: (x == edge) & (value == edge)),
    ),
    "logit": ((CORNER, lambda x, eps=None: (x == eps) | (x == 1 - (eps or 0)) if eps is not None else x != x),),
    "sqrt": ((VERTICAL, lambda x: x == 0),),
    "asin": ((VERTICAL, lambda x: (x == 1) | (x == -1)),),
    "acos": ((VERTICAL, lambda x: (x == 1) | (x == -1)),),
    "acosh": ((VERTICAL, lambda x: x == 1),),
    "entr": ((VERTICAL, lambda x: x == 0),),
    "i0e": ((CORNER, lambda x: x == 0),),
    "hypot": ((CORNER, lambda x, y: (x == 0) & (y == 0)),),
    "atan2": ((UNDEFINED, lambda y, x: (y == 0) & (x == 0)), (JUMP, lambda y, x: (y == 0) & (x < 0))),
    "^": ((VERTICAL, lambda x, p: (x == 0) & (p > 0) & (p < 1)),),
    "^ of a variable": ((ZERO_TO_ZERO, lambda x, p: (x == 0) & (p == 0)),),
}
"""Elementwise functions: what happens, and where. torch's answer there is asked of torch itself."""

WHOLE_VECTOR: dict[str, tuple[str, Callable[[torch.Tensor], bool]]] = {
    "norm": (CORNER, lambda x: not x.any()),
    "std": (CORNER, lambda x: bool((x == x[0]).all())),
    "max": (TIE, lambda x: _count(x, x.max()) > 1),
    "min": (TIE, lambda x: _count(x, x.min()) > 1),
    "amax": (TIE, lambda x: _count(x, x.max()) > 1),
    "amin": (TIE, lambda x: _count(x, x.min()) > 1),
}


def notes(expression: Expression, values: Mapping[Node, Value]) -> list[Note]:
    """A sentence for each piece of the expression that stands exactly at a kink, in the order of evaluation.

    values: the forward value of every syntax node; only tensors that require a gradient count.
    """
    return [Note("kink", text) for node in postorder(expression) for text in _sentences(expression, node, values)]


def _sentences(expression: Expression, node: Node, values: Mapping[Node, Value]) -> Iterator[str]:
    if not isinstance(node, (Call, Binary)):
        return
    name = node.function if isinstance(node, Call) else node.operator
    if name not in PLACES and name not in WHOLE_VECTOR and name != "where":
        return
    quote = expression.text[node.start : node.end]
    if name == "where":
        yield from _border(quote, node, values)
        return
    operands = [values[operand] for operand in node.operands]
    if not any(is_differentiated(operand) for operand in operands):
        return
    if len(operands) == 1 and name in WHOLE_VECTOR:
        what, holds = WHOLE_VECTOR[name]
        if isinstance(operands[0], torch.Tensor) and holds(operands[0].detach().reshape(-1)):
            yield f"{quote} {what}: {_torch_takes(name, operands, None)}"
        return
    numbers = plain(operands)
    places = PLACES[name]
    if name == "^" and is_differentiated(operands[1]):
        places += PLACES["^ of a variable"]
    for what, test in places:
        where = elements(test(*numbers))
        if where is not None:
            yield f"{quote} {what}{named(where)}: {_torch_takes(name, operands, where)}"


def _border(quote: str, node: Node, values: Mapping[Node, Value]) -> Iterator[str]:
    condition, *branches = node.operands
    if isinstance(condition, Comparison):
        sides = [values[condition.left], values[condition.right]]
        depends = any(is_differentiated(side) for side in sides) and branches
        where = elements(_equal(*plain(sides))) if depends else None
        if where is not None:
            yield f"{quote} {BORDER}{named(where)}: torch follows the branch that holds there"


def is_differentiated(value: Value) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _count(x: torch.Tensor, value: torch.Tensor) -> int:
    return int((x == value).sum())


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
