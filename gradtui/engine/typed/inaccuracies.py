"""Where torch's numbers are known to differ from mathematics by more than rounding, and why. The only such list.

A test goes through every function of the table, at ordinary points, at corners and at the edges of its domain, against
100 digits: what differs is in this list, and what is in this list differs. Corners, jumps and ties, where there is no
right answer, are in torch_at_kinks.py. Measured with torch 2.13 on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradtui.engine.typed.forward import ordered
from gradtui.engine.typed.torch_at_kinks import Value, dtype_of, elements, is_differentiated, named, plain
from gradtui.expression.syntax import Call, Expression, Node
from gradtui.snapshot.model import Note

Test = Callable[..., Any]
"""Of the dtype's eps and the operands, as numbers or tensors: whether they stand where torch is off."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the list: what is said of the call where `applies` holds. whole: it holds of a vector as one."""

    function: str
    sentence: str
    applies: Test
    whole: bool = False


def _is_double(unit: float) -> bool:
    return unit < 1e-10


def _is_rounded(x: float) -> bool:
    """Whether a float32 cannot hold it."""
    return torch.tensor(x, dtype=torch.float32).item() != x


def _beside_pole(unit: float, x: Any) -> Any:
    fraction, near = x % 1, 1e-6 if _is_double(unit) else 1e-3
    return (x < 0) & (fraction != 0) & ((fraction < near) | (fraction > 1 - near))


def _is_pole(x: Any) -> Any:
    return (x <= 0) & (x % 1 == 0)


def _overflows(unit: float, x: Any) -> Any:
    return abs(x) > (709.78 if _is_double(unit) else 88.72)


def _half_overflows(unit: float, x: Any) -> Any:
    """exp(|x|)/2 does."""
    return abs(x) > (710.475 if _is_double(unit) else 89.415)


def _squares_lost(unit: float, x: torch.Tensor) -> bool:
    """The squares of the elements, or their sum, are infinite, or all of them 0."""
    largest = x.abs().max()
    return bool(largest.isfinite() & (largest != 0)) and not (0 < float(x.square().sum()) < math.inf)


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "hardsigmoid",
        "torch rounds the slope 1/6 to float32, so it is 5e-9 too large",
        lambda unit, x: (abs(x) < 3) & _is_double(unit),
    ),
    Difference(
        "celu",
        "torch rounds 1/alpha to float32, so its slope is off by up to 6e-8 of itself",
        lambda unit, x, alpha=1.0: (x <= 0) & (_is_double(unit) and _is_rounded(1 / float(alpha))),
    ),
    Difference(
        "softplus",
        "torch takes x itself above 20 (its threshold), which is off by up to 2e-9",
        lambda unit, x, beta=1.0, threshold=20.0: (beta * x > threshold) & (beta * x < 40) & _is_double(unit),
    ),
    Difference(
        "sinc",
        "torch's slope loses its digits near 0: the right one is -pi^2*x/3",
        lambda unit, x: (x != 0) & (abs(x) < (3e-4 if _is_double(unit) else 3e-2)),
    ),
    Difference(
        "erfcx",
        "torch's slope cancels for large x: the right one is about -1/(sqrt(pi)*x^2)",
        lambda unit, x: x > (1e3 if _is_double(unit) else 30),
    ),
    Difference(
        "log_ndtr",
        "torch's slope loses its digits far to the left: the right one is about -x",
        lambda unit, x: x < (-3e3 if _is_double(unit) else -100),
    ),
    *(Difference(name, "beside a pole left of 0 torch loses digits", _beside_pole) for name in ("lgamma", "digamma")),
    Difference(
        "beta",
        "lgamma is infinite at 0, -1, -2 ..., and torch takes inf - inf, or 0 times inf",
        lambda unit, x, y: _is_pole(x) | _is_pole(y) | _is_pole(x + y),
    ),
    Difference(
        "kl_div",
        "torch takes nan for the slope by a target of 0, where it goes to -inf",
        lambda unit, x, y: (y == 0) & (x == x),
    ),
    Difference("i0", "torch takes inf from here on, where exp(|x|) overflows", _overflows),
    Difference("i1", "torch takes inf from here on, where exp(|x|) overflows, and inf - inf for the slope", _overflows),
    *(
        Difference(name, f"{of}(x) overflows, and the slope of the reciprocal is 0 times inf", _half_overflows)
        for name, of in (("sech", "cosh"), ("csch", "sinh"))
    ),
    Difference(
        "xlogy",
        "torch takes 0 for the slope by x, and 0/0 by y, where neither side has a value",
        lambda unit, x, y: (x == 0) & (y <= 0),
    ),
    Difference(
        "norm",
        "torch squares the elements, which overflows or vanishes: its slope is lost",
        _squares_lost,
        whole=True,
    ),
    Difference(
        "prod",
        "the product overflows, and torch's slope is that divided by each element",
        lambda unit, x: bool(x.isfinite().all()) and not bool(x.prod().isfinite()),
        whole=True,
    ),
    Difference(
        "logsumexp",
        "torch's slope exp(x - logsumexp(x)) loses the digits that x itself has before the point",
        lambda unit, x: (
            bool(x.isfinite().all()) and x.numel() > 1 and float(x.abs().max()) > (1e6 if _is_double(unit) else 1e2)
        ),
        whole=True,
    ),
)


BY_FUNCTION = {
    name: tuple(row for row in DIFFERENCES if row.function == name) for name in {row.function for row in DIFFERENCES}
}


def notes(expression: Expression, values: Mapping[Node, Value]) -> list[Note]:
    """A sentence for each call that stands where torch is known to be off, in the order of evaluation.

    values: the forward value of every syntax node; only tensors that require a gradient count.
    """
    return [Note("torch", text) for node in ordered(expression) for text in _sentences(expression, node, values)]


def _sentences(expression: Expression, node: Node, values: Mapping[Node, Value]) -> Iterator[str]:
    if not isinstance(node, Call) or node.function not in BY_FUNCTION:
        return
    if ("log_target", True) in node.words:
        return  # a target of 0 is a probability of 1
    operands = [values[operand] for operand in node.operands]
    if not any(map(is_differentiated, operands)):
        return
    quote, unit = expression.text[node.start : node.end], torch.finfo(dtype_of(operands)).eps
    for row in BY_FUNCTION[node.function]:
        if row.whole:
            given: Sequence[object] = [torch.as_tensor(operand).detach().reshape(-1) for operand in operands]
        else:
            given = plain(operands)
        where = elements(row.applies(unit, *given))
        if where is not None:
            yield f"{quote}{named(where)}: {row.sentence}"
