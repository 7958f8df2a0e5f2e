"""Expression -> the one unambiguous way to write it."""

from __future__ import annotations

from collections.abc import Collection

from gradtui.expression.syntax import (
    Binary,
    Call,
    Comparison,
    Constant,
    Expression,
    Negation,
    Node,
    Number,
    Reference,
    Variable,
    Vector,
)

COMPARISON, SUM, PRODUCT, NEGATION, POWER, ATOM = range(6)
"""How tightly each sort of node holds together."""

PRECEDENCE = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}


def write(expression: Expression) -> str:
    """The unambiguous reading (`reads_as`): every product written, `^` for powers, the fewest parentheses.

    Parses back to the same function, with the expression's own variables as `names`.
    """
    taken = {*expression.variables, *(binding.name for binding in expression.bindings)}
    bindings = (f"{binding.name} = {write_node(binding.value, taken)}; " for binding in expression.bindings)
    return "".join(bindings) + write_node(expression.body, taken)


def write_node(node: Node, taken: Collection[str] = ()) -> str:
    """One node and what is under it. A function or constant whose name is `taken` keeps its module: `torch.sin`."""
    written: list[str] = []
    stack: list[Node | str] = [node]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            written.append(piece)
        else:
            stack.extend(reversed(_pieces(piece, taken)))
    return "".join(written)


def _pieces(node: Node, taken: Collection[str]) -> list[Node | str]:
    """A node as text and the operands between, in reading order."""
    match node:
        case Number(value=value):
            return [repr(value)]
        case Variable(name=name) | Reference(name=name):
            return [name]
        case Constant(name=name):
            return [f"torch.{name}" if name in taken else name]
        case Negation(operand=operand):
            return ["-", *_held(operand, NEGATION)]
        case Binary(operator="^", left=left, right=right):
            return [*_held(left, ATOM), "^", *_exponent(right)]
        case Binary(operator=operator, left=left, right=right):
            level = PRECEDENCE[operator]
            sign = f" {operator} " if level == SUM else operator
            return [*_held(left, level), sign, *_held(right, level + 1)]
        case Comparison(operator=operator, left=left, right=right):
            return [left, f" {operator} ", right]
        case Call(function=function, arguments=arguments):
            return [f"torch.{function}" if function in taken else function, "(", *_listed(arguments), ")"]
        case Vector(items=items):
            return ["[", *_listed(items), "]"]
    raise TypeError(f"{type(node).__name__} is not a node of the language")


def _held(node: Node, level: int) -> list[Node | str]:
    """The node, in parentheses if it holds together less tightly than `level`."""
    return [node] if _precedence(node) >= level else ["(", node, ")"]


def _exponent(node: Node) -> list[Node | str]:
    """`2^-x` needs no parentheses; `x^(2^3)` and `2^(-x^2)` read better with them."""
    if isinstance(node, Negation) and _precedence(node.operand) == ATOM:
        return [node]
    return _held(node, ATOM)


def _listed(nodes: tuple[Node, ...]) -> list[Node | str]:
    separated: list[Node | str] = []
    for node in nodes:
        separated.extend((", ", node))
    return separated[1:]


def _precedence(node: Node) -> int:
    match node:
        case Binary(operator=operator):
            return PRECEDENCE[operator]
        case Negation():
            return NEGATION
        case Number(value=value) if value < 0:
            return NEGATION
        case Comparison():
            return COMPARISON
    return ATOM
