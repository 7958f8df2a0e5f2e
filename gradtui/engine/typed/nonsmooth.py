"""Where a function of the language is not smooth, and how its operands tell. What torch takes there: torch_at_kinks.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Test = Callable[..., Any]
"""Of the operands, as numbers or as tensors: whether f stands at the place in question."""

CORNER = "has a corner here"
JUMP = "jumps here, so it has no derivative"
VERTICAL = "has a vertical tangent here"
TIE = "is at a tie"
BORDER = "is at the border of its condition"
ZERO_TO_ZERO = "is 0^0 here"
UNDEFINED = "has no limit here"


@dataclass(frozen=True, slots=True)
class Kink:
    """what: CORNER and its like. at: of the operands, whether it is there; of a single vector as a whole where `whole`."""

    what: str
    at: Test
    whole: bool = False


def zero(x: Any) -> Any:
    return x == 0


def integer(x: Any) -> Any:
    return x % 1 == 0


def integer_but_0(x: Any) -> Any:
    """Where trunc jumps."""
    return (x % 1 == 0) & (x != 0)


def half(x: Any) -> Any:
    """In the middle between two integers."""
    return x % 1 == 0.5


def quotient(x: Any, y: Any) -> Any:
    """As torch divides; by a plain 0 there is no remainder, and no jump."""
    return x / y if isinstance(y, torch.Tensor) or y else math.nan


def one_of(*values: float) -> Test:
    return lambda x: sum((x == value for value in values), x != x) > 0


def bound(x: Any, *bounds: Any) -> Any:
    return sum((x == bound for bound in bounds), x != x) > 0


def end(x: Any, low: float = -1.0, high: float = 1.0) -> Any:
    return (x == low) | (x == high)


def width(x: Any, width: float = 0.5) -> Any:
    return (x == -width) | (x == width)


def equal(x: Any, *other: Any) -> Any:
    return x == other[0]


def origin(x: Any, y: Any) -> Any:
    return (x == 0) & (y == 0)


def several_largest(x: torch.Tensor) -> bool:
    return int((x == x.max()).sum()) > 1


def several_smallest(x: torch.Tensor) -> bool:
    return int((x == x.min()).sum()) > 1
