"""Arithmetic of plain numbers: Python's own, with its overflows and divisions by zero as errors that name the place."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable

from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import ArithmeticOperator, Node

Number = int | float

OPERATORS: dict[ArithmeticOperator, Callable[..., Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
LARGEST = int(sys.float_info.max)
MOST_BITS = sys.float_info.max_exp
INT64 = 2**63


def calculate(node: Node, symbol: ArithmeticOperator, left: Number, right: Number) -> Number:
    """`left symbol right` as Python gives it. Raises ExpressionError (domain, limit) where there is no such float."""
    if symbol == "^" and isinstance(left, int) and isinstance(right, int) and _is_vast(left, right):
        raise _too_large(node)
    try:
        result = OPERATORS[symbol](left, right)
    except ZeroDivisionError:
        message = "a division by zero" if symbol == "/" else "zero to a negative power"
        raise ExpressionError("domain", f"{message} has no value", node.start, node.end) from None
    except OverflowError:
        raise _too_large(node) from None
    if isinstance(result, complex):
        message = "a negative number to a fractional power is not a real number"
        hint = "a real cube root of a negative number is -(8^(1/3))"
        raise ExpressionError("domain", message, node.start, node.end, hint)
    if isinstance(result, int) and abs(result) > LARGEST:
        raise _too_large(node)
    return result


def for_torch(number: Number) -> Number:
    """The number as torch takes it: an integer beyond 64 bits as a float."""
    return float(number) if isinstance(number, int) and not -INT64 <= number < INT64 else number


def _is_vast(base: int, exponent: int) -> bool:
    """Whether base**exponent surely has more digits than a float can have, told without computing it."""
    return abs(base) > 1 and (abs(base).bit_length() - 1) * exponent > MOST_BITS


def _too_large(node: Node) -> ExpressionError:
    message, hint = "this number is too large for a float", "the largest float is about 1.8e308"
    return ExpressionError("limit", message, node.start, node.end, hint)
