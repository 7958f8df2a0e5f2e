"""Expression -> the one unambiguous way to write it."""

from __future__ import annotations

from collections.abc import Collection

from gradtui.expression.functions import FUNCTIONS, OF_A_NAME
from gradtui.expression.syntax import (
    Application,
    Binary,
    Binding,
    Call,
    Comparison,
    Constant,
    Definition,
    Element,
    Expression,
    Negation,
    Node,
    Number,
    Reference,
    Slice,
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
    named: list[Binding | Definition] = [*expression.bindings, *expression.definitions]
    named.sort(key=_place)
    local = (binding.name for definition in expression.definitions for binding in definition.bindings)
    parameters = (name for definition in expression.definitions for name in definition.parameters)
    taken = {*expression.variables, *(one.name for one in named), *local, *parameters}
    return "".join((*(f"{_statement(one, taken)}; " for one in named), write_node(expression.body, taken)))


def _place(named: Binding | Definition) -> int:
    return named.value.start if isinstance(named, Binding) else named.body.start


def _statement(named: Binding | Definition, taken: Collection[str]) -> str:
    if isinstance(named, Binding):
        return f"{named.name} = {write_node(named.value, taken)}"
    head, body = f"{named.name}({', '.join(named.parameters)})", write_node(named.body, taken)
    if not named.bindings and (named.name not in FUNCTIONS or named.name in OF_A_NAME):
        return f"{head} = {body}"
    return f"def {head}: {''.join(f'{_statement(line, taken)}; ' for line in named.bindings)}return {body}"


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
        case Application(name=name, arguments=arguments):
            return [name, "(", *_listed(arguments), ")"]
        case Element(operand=operand, index=index):
            return [*_held(operand, ATOM), f"[{index}]"]
        case Slice(operand=operand, first=first, last=last, step=step):
            places = ":".join("" if number is None else str(number) for number in (first, last, step))
            return [*_held(operand, ATOM), f"[{places.removesuffix(':') if step is None else places}]"]
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
        case Call(function=function, arguments=arguments, keywords=keywords, words=words):
            spelled = f"torch.{function}" if function in taken and function not in OF_A_NAME else function
            return [spelled, "(", *_listed(arguments, keywords), *map(_word, words), ")"]
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


def _word(option: tuple[str, str | bool]) -> str:
    name, value = option
    return f', {name}="{value}"' if isinstance(value, str) else f", {name}={value}"


def _listed(nodes: tuple[Node, ...], keywords: tuple[str, ...] = ()) -> list[Node | str]:
    """With commas between; the last ones named."""
    separated: list[Node | str] = []
    for name, node in zip((*("",) * (len(nodes) - len(keywords)), *keywords), nodes, strict=True):
        separated.extend((", ", f"{name}=", node) if name else (", ", node))
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
