"""Expression -> the one unambiguous way to write it."""

from __future__ import annotations

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
    """The unambiguous reading (`reads_as`): every product written, `^` for powers. Parses back to the same function."""
    bindings = (f"{binding.name} = {write_node(binding.value)}; " for binding in expression.bindings)
    return "".join(bindings) + write_node(expression.body)


def write_node(node: Node) -> str:
    """One node and what is under it, with the fewest parentheses."""
    written: list[str] = []
    stack: list[Node | str] = [node]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            written.append(piece)
        else:
            stack.extend(reversed(_pieces(piece)))
    return "".join(written)


def _pieces(node: Node) -> list[Node | str]:
    """A node as text and the operands between, in reading order."""
    match node:
        case Number(value=value):
            return [repr(value)]
        case Constant(name=name) | Variable(name=name) | Reference(name=name):
            return [name]
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
            return [function, "(", *_listed(arguments), ")"]
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
