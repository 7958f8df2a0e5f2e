"""What stands between the parentheses of a call: how many, by which name, and of which sort."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import OPTIONS, REDUCTIONS_OF_LOSSES, Function
from gradtui.expression.syntax import Comparison, Constant, Joined, Negation, Node, Number, Text, Variable, Vector
from gradtui.expression.tokens import Token

Argument = tuple[Token | None, Node]
"""The name it was given by (`min` in `clamp(x, min=0)`), if one, and its value."""

FIRST = "input"
"""torch's name of the first argument."""

LEFT_OUT: dict[str, Callable[[int, int], Node]] = {
    "clamp": lambda start, end: Negation(start, end, Constant(start, end, "inf", math.inf)),
    "softplus": lambda start, end: Number(start, end, 1),
    "hardtanh": lambda start, end: Negation(start, end, Number(start, end, 1)),
}
"""What torch takes for the second argument where only the third is given: `clamp(x, max=1)`."""

_COUNTS = ("no", "one argument", "two arguments", "three arguments")


def usage(row: Function) -> str:
    """`clamp(x, min, max)`: how a function is written."""
    if row.name == "where":
        return "where(x > 0, a, b)"
    return f"{row.name}({', '.join(('x', *(row.parameters or 'yz'))[: row.most])})"


def parameters(row: Function) -> tuple[str, ...]:
    """All that it takes, as it is shown while it is typed: `x`, `target`, `reduction=`."""
    first = ("x > 0", "a", "b") if row.name == "where" else ("x", *(row.parameters or "yz"))[: row.most]
    return (*first, *(f"{name}=" for name in row.options))


def keyword(row: Function, token: Token) -> None:
    """Refuse a name that no argument of the function has."""
    if token.text in (*row.parameters, *row.options, FIRST) or (row.takes_dim and token.text in ("dim", "axis")):
        return
    if row.name == "where":
        raise ExpressionError("syntax", "= does not compare", token.start, token.end, "write where(x == 0, a, b)")
    message = f"{row.name} has no argument of the name {token.text}"
    hint = f"write {usage(row)}"
    if row.options:
        hint = f"it takes {', '.join((*row.parameters, *row.options))}"
    if token.text in ("dim", "axis", "keepdim"):
        hint = f"leave it out: {usage(row)} takes in all elements"
    raise ExpressionError("arity", message, token.start, token.end, hint)


def arrange(row: Function, arguments: list[Argument], start: int, end: int) -> tuple[tuple[Node, ...], dict[str, Node]]:
    """The arguments of a call in torch's order, checked, and those that torch wants named.

    start, end: the place of the call.
    """
    placed: dict[int, Node] = {}
    options: dict[str, Node] = {}
    named = False
    for position, (name, node) in enumerate(arguments):
        if name is not None:
            named = True
            if name.text in row.options:
                _add_option(row, options, name.text, node, name.start)
                continue
            known = ("dim",) if row.takes_dim else row.parameters
            position = 0 if name.text == FIRST else 1 + known.index("dim" if name.text == "axis" else name.text)
            if position in placed:
                raise _twice(row, name.text, name.start, node.end)
        elif named:
            message = "an argument without a name stands after one with a name"
            raise ExpressionError("arity", message, node.start, node.end, f"write {usage(row)}")
        elif row.most <= position < row.most + row.placed:
            _add_option(row, options, row.options[position - row.most], node, node.start)
            continue
        placed[position] = node
    if row.name in LEFT_OUT and sorted(placed) == [0, 2]:
        placed[1] = LEFT_OUT[row.name](start, end)
    if row.takes_dim and len(placed) == 2 and 1 in placed:
        _check_dim(row, placed.pop(1))
    if not row.least <= len(placed) <= row.most:
        raise (row.most == 1 and _decimal_comma(placed)) or _miscounted(row, len(placed), start, end)
    if max(placed) >= len(placed):
        missing = ("x", *row.parameters)[min(set(range(len(placed))) - set(placed))]
        raise ExpressionError("arity", f"{row.name} also needs {missing} here", start, end, f"write {usage(row)}")
    _check_sorts(row, ordered := tuple(placed[position] for position in range(len(placed))))
    return ordered, options


def refuse_dim(row: Function, arguments: list[Argument]) -> None:
    """The 0 of `torch.max(x, 0)` and `x.max(0)` is a dim to torch and NumPy, and no number to compare with."""
    if row.name in ("max", "min") and len(arguments) > 1 and arguments[1][0] is None:
        second = arguments[1][1]
        number = second.operand if isinstance(second, Negation) else second
        if isinstance(number, Number) and isinstance(number.value, int):
            message = f"a whole number is the dim that {row.name} is taken along, and a vector has one"
            hint = f"write {row.name}imum(x, y) of two numbers, {row.name}(x) of all elements"
            raise ExpressionError("arity", message, second.start, second.end, hint)


def _twice(row: Function, name: str, start: int, end: int) -> ExpressionError:
    return ExpressionError("arity", f"{name} is given twice", start, end, f"write {usage(row)}")


def _add_option(row: Function, options: dict[str, Node], name: str, node: Node, start: int) -> None:
    if name in options:
        raise _twice(row, name, start, node.end)
    words = {"reduction": REDUCTIONS_OF_LOSSES, "flag": (True, False)}.get(OPTIONS[name], ())
    if row.name == "kl_div" and name == "reduction":
        words = (*words, "batchmean")
    if words and not (isinstance(node, Text) and node.value in words):
        quoted = [f'"{word}"' if isinstance(word, str) else str(word) for word in words]
        hint = f"write {name}={quoted[0]}"
        message = f"{name} of {row.name} is one of {', '.join(quoted)}"
        raise ExpressionError("arity", message, node.start, node.end, hint)
    if not words:
        _check_constant(row, name, value(node), vector=OPTIONS[name] == "vector")
    options[name] = node


def _check_constant(row: Function, name: str, node: Node, *, vector: bool) -> None:
    if not _is_plain(node, vector=vector):
        what, example = ("a vector of plain numbers", "[1, 2, 3]") if vector else ("a plain number", "a number")
        message = f"{name} of {row.name} is {what}: torch gives it no gradient"
        raise ExpressionError("arity", message, node.start, node.end, f"write {name}={example}")


def _miscounted(row: Function, given: int, start: int, end: int) -> ExpressionError:
    wanted = _COUNTS[row.least]
    if row.most > row.least:
        wanted = f"{_COUNTS[row.least].split()[0]} {'or' if row.most == row.least + 1 else 'to'} {_COUNTS[row.most]}"
    verb = "was" if given == 1 else "were"
    hint = f"write {usage(row)}"
    if given > row.most and row.name in ("max", "min"):
        hint = f"write {row.name}(a, {row.name}(b, c))"
    return ExpressionError("arity", f"{row.name} takes {wanted}; {given or 'none'} {verb} given", start, end, hint)


def _decimal_comma(placed: dict[int, Node]) -> ExpressionError | None:
    """Of `sin(0,5x)`: the comma stands right between two numbers."""
    for one, other in pairwise(placed.values()):
        while not isinstance(other, Number) and other.operands:
            other = other.operands[0]
        if not (isinstance(one, Number) and isinstance(other, Number) and other.start == one.end + 1):
            continue
        if isinstance(one.value, int) and isinstance(other.value, int):
            message = "a comma parts two arguments"
            decimals = str(other.value).zfill(other.end - other.start)
            hint = f"a decimal number has a point: {one.value}.{decimals}"
            return ExpressionError("arity", message, one.end, other.start, hint)
    return None


def _check_dim(row: Function, node: Node) -> None:
    """There are only vectors: `dim=0` and `dim=-1` say nothing new, any other dim says something else."""
    last = isinstance(node, Negation) and isinstance(node.operand, Number) and node.operand.value == 1
    if not last and not (isinstance(node, Number) and node.value == 0):
        hint = f"leave it out: {usage(row)} takes in all elements"
        raise ExpressionError("arity", "a vector has dim 0 and no other", node.start, node.end, hint)


def _check_sorts(row: Function, arguments: tuple[Node, ...]) -> None:
    for position, node in enumerate(arguments):
        if row.name != "where" or position > 0:
            value(node)
        elif not isinstance(node, Comparison):
            message = "the first argument of where is a comparison"
            raise ExpressionError("syntax", message, node.start, node.end, "write where(x > 0, x^2, -x)")
        if row.classes and position == row.most - 1:
            _check_class(row, node)
        setting = position - 1 - (len(row.parameters) - row.settings)
        if position > 0 and 0 <= setting < row.settings and not _is_plain(node):
            name = row.parameters[position - 1]
            message = f"{name} of {row.name} is a plain number: torch gives it no gradient"
            raise ExpressionError("arity", message, node.start, node.end, f"write {usage(row)} with a number there")


def _check_class(row: Function, node: Node) -> None:
    """A class is no variable: torch knows no gradient by it. Of cross_entropy the target may be probabilities."""
    negative = isinstance(node, Negation) and isinstance(node.operand, Number)
    whole = isinstance(node, Number) and float(node.value).is_integer()
    if negative or (isinstance(node, Number) and not whole):
        message = f"the target of {row.name} is a class: 0, 1, 2 ..."
        raise ExpressionError("arity", message, node.start, node.end, f"write {row.name}(x, 0)")
    if row.name == "nll_loss" and not _is_plain(node):
        message = f"the target of {row.name} is a class, a whole number and no variable"
        raise ExpressionError("arity", message, node.start, node.end, f"write {row.name}(x, 0)")


def _is_plain(node: Node, *, vector: bool = False) -> bool:
    """Whether a node is made of numbers alone; vector: or of vectors of them."""
    stack, seen = [node], {node}
    while stack:
        node = stack.pop()
        if isinstance(node, Variable) or (isinstance(node, Vector) and not vector):
            return False
        stack.extend(operand for operand in node.operands if operand not in seen)
        seen.update(node.operands)
    return True


def value(node: Node) -> Node:
    """The node itself, refused if it is no number: a comparison, or a word in quotation marks."""
    if isinstance(node, Comparison | Joined):
        message = "a comparison can only be the condition of a where"
        raise ExpressionError("syntax", message, node.start, node.end, "write where(x > 0, x^2, -x)")
    if isinstance(node, Text):
        message = "a word in quotation marks only stands where torch wants one"
        raise ExpressionError(
            "syntax", message, node.start, node.end, 'write reduction="sum" in a loss, else leave it out'
        )
    return node
