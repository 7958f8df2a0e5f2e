"""What stands between the parentheses of a call: how many, by which name, and of which sort."""

from __future__ import annotations

from gradtui.expression.errors import ExpressionError
from gradtui.expression.functions import Function
from gradtui.expression.syntax import Comparison, Negation, Node, Number, Variable, Vector
from gradtui.expression.tokens import Token

Argument = tuple[Token | None, Node]
"""The name it was given by (`min` in `clamp(x, min=0)`), if one, and its value."""

_COUNTS = ("no", "one argument", "two arguments", "three arguments")


def usage(row: Function) -> str:
    """`clamp(x, min, max)`: how a function is written."""
    if row.name == "where":
        return "where(x > 0, a, b)"
    return f"{row.name}({', '.join(('x', *(row.parameters or 'yz'))[: row.most])})"


def keyword(row: Function, token: Token) -> None:
    """Refuse a name that no argument of the function has."""
    if token.text in row.parameters or (row.takes_dim and token.text in ("dim", "axis")):
        return
    if row.name == "where":
        raise ExpressionError("syntax", "= does not compare", token.start, token.end, "write where(x == 0, a, b)")
    message = f"{row.name} has no argument of the name {token.text}"
    hint = f"write {usage(row)}"
    if token.text in ("dim", "axis", "keepdim"):
        hint = f"leave it out: {usage(row)} takes in all elements"
    raise ExpressionError("arity", message, token.start, token.end, hint)


def arrange(row: Function, arguments: list[Argument], start: int, end: int) -> tuple[Node, ...]:
    """The arguments of a call in torch's order, checked; `start` and `end` are the place of the call."""
    placed: dict[int, Node] = {}
    named = False
    for position, (name, node) in enumerate(arguments):
        if name is not None:
            named = True
            known = ("dim",) if row.takes_dim else row.parameters
            position = 1 + known.index("dim" if name.text == "axis" else name.text)
            if position in placed:
                raise ExpressionError(
                    "arity", f"{name.text} is given twice", name.start, node.end, f"write {usage(row)}"
                )
        elif named:
            message = "an argument without a name stands after one with a name"
            raise ExpressionError("arity", message, node.start, node.end, f"write {usage(row)}")
        placed[position] = node
    if row.takes_dim and len(placed) == 2 and 1 in placed:
        _check_dim(row, placed.pop(1))
    if not row.least <= len(placed) <= row.most:
        raise _miscounted(row, len(placed), start, end)
    if max(placed) >= len(placed):
        missing = ("x", *row.parameters)[min(set(range(len(placed))) - set(placed))]
        raise ExpressionError("arity", f"{row.name} also needs {missing} here", start, end, f"write {usage(row)}")
    _check_sorts(row, ordered := tuple(placed[position] for position in range(len(placed))))
    return ordered


def _miscounted(row: Function, given: int, start: int, end: int) -> ExpressionError:
    wanted = _COUNTS[row.least]
    if row.most > row.least:
        wanted = f"{_COUNTS[row.least].split()[0]} {'or' if row.most == row.least + 1 else 'to'} {_COUNTS[row.most]}"
    verb = "was" if given == 1 else "were"
    hint = f"write {usage(row)}"
    if given > row.most and row.name in ("max", "min"):
        hint = f"write {row.name}(a, {row.name}(b, c))"
    return ExpressionError("arity", f"{row.name} takes {wanted}; {given or 'none'} {verb} given", start, end, hint)


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
        setting = position - 1 - (len(row.parameters) - row.settings)
        if position > 0 and 0 <= setting < row.settings and not _is_plain(node):
            name = row.parameters[position - 1]
            message = f"{name} of {row.name} is a plain number: torch gives it no gradient"
            raise ExpressionError("arity", message, node.start, node.end, f"write {usage(row)} with a number there")


def _is_plain(node: Node) -> bool:
    """Whether a node is made of numbers alone."""
    stack, seen = [node], {node}
    while stack:
        node = stack.pop()
        if isinstance(node, Variable | Vector):
            return False
        stack.extend(operand for operand in node.operands if operand not in seen)
        seen.update(node.operands)
    return True


def value(node: Node) -> Node:
    """The node itself, refused if it is a comparison: those are not numbers."""
    if isinstance(node, Comparison):
        message = "a comparison can only be the condition of a where"
        raise ExpressionError("syntax", message, node.start, node.end, "write where(x > 0, x^2, -x)")
    return node
