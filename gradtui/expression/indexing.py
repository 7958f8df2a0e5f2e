"""What stands in the brackets of `x[0]` and `x[1:]`: whole numbers, as torch takes them."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.syntax import Element, Node, Number, Slice
from gradtui.expression.tokens import Token

HINT = "write x[0] for an element, x[1:] for all but the first"
MOST_DIGITS = 9


def indexed(operand: Node, start: int, brackets: Sequence[Token]) -> Node:
    """The element or slice of `operand`. brackets: all tokens from `[` to `]`; start: where the operand begins."""
    opening, closing = brackets[0], brackets[-1]
    if isinstance(operand, Number):
        message = "a number has no elements"
        raise ExpressionError("syntax", message, opening.start, opening.end, "write * before [ for a product")
    parts: list[list[Token]] = [[]]
    for token in brackets[1:-1]:
        if token.text == ":":
            parts.append([])
        else:
            parts[-1].append(token)
    numbers = [_whole(part) for part in parts]
    if len(parts) == 1:
        if numbers[0] is None:
            raise ExpressionError("syntax", "there is no index in [ ]", opening.start, closing.end, HINT)
        return Element(start, closing.end, operand, numbers[0])
    if len(parts) > 3:
        raise _error(brackets[1:-1], "a slice has at most three numbers, first:last:step")
    first, last, step = (*numbers, None)[:3]
    if step is not None and step < 1:
        raise _error(parts[2], "torch takes no step below 1", "x[::2] takes every second element")
    return Slice(start, closing.end, operand, first, last, step)


def _whole(tokens: Sequence[Token]) -> int | None:
    """The number that the tokens are, None for no token."""
    if not tokens:
        return None
    signed = tokens[0].text in ("-", "+")
    digits = tokens[-1].text
    if any(token.text == "," for token in tokens):
        raise _error(tokens, "a vector has one index")
    if len(tokens) != 1 + signed or tokens[-1].kind != "number" or not digits.isdigit() or len(digits) > MOST_DIGITS:
        raise _error(tokens, "an index is a whole number")
    return -int(digits) if tokens[0].text == "-" else int(digits)


def _error(tokens: Sequence[Token], message: str, hint: str = HINT) -> ExpressionError:
    return ExpressionError("syntax", message, tokens[0].start, tokens[-1].end, hint)
