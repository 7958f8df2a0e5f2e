"""Trees as text, ours and those of Python's own parser, so that they can be compared."""

from __future__ import annotations

import ast

from gradtui.expression import Expression
from gradtui.expression.syntax import (
    Application,
    Binary,
    Call,
    Comparison,
    Constant,
    Element,
    Negation,
    Node,
    Number,
    Reference,
    Slice,
    Variable,
    Vector,
    fold,
)


def shapes(expression: Expression) -> dict[Node, str]:
    """Each node as an S-expression; a reference is told from what it refers to."""
    return fold(expression, _shape)


def shape(expression: Expression) -> str:
    known = shapes(expression)
    bindings = [f"{binding.name}={known[binding.value]};" for binding in expression.bindings]
    return "".join([*bindings, known[expression.body]])


def shape_on_paper(expression: Expression) -> str:
    """With the sign of a product before all of it: -x y, where nobody sees whether it is that of x or of x y."""

    def signed(node: Node, operands: list[str]) -> str:
        if isinstance(node, Binary) and node.operator == "*" and operands[0].startswith("(neg "):
            return f"(neg {_shape(node, [operands[0][5:-1], operands[1]])})"
        return _shape(node, operands)

    return fold(expression, signed)[expression.body]


def _shape(node: Node, operands: list[str]) -> str:
    match node:
        case Number(value=value):
            return repr(value)
        case Constant(name=name):
            return f"<{name}>"
        case Variable(name=name):
            return name
        case Application(name=name):
            head = f"{name}:"
        case Element(index=index):
            head = f"[{index}]"
        case Slice(first=first, last=last, step=step):
            head = f"[{first}:{last}:{step}]"
        case Reference(name=name):
            return f"&{name}"
        case Negation():
            head = "neg"
        case Binary(operator=operator) | Comparison(operator=operator):
            head = operator
        case Call(function=function, keywords=keywords, words=words):
            head = ",".join((function, *keywords, *map(str, words)))
        case Vector():
            head = "vector"
    return f"({' '.join([head, *operands])})"


OPERATORS: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}


def python_shape(text: str) -> str:
    """The tree that Python's parser makes of the same text."""
    return _python_shape(ast.parse(text, mode="eval").body)


def _python_shape(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return repr(value)
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(neg {_python_shape(operand)})"
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _python_shape(operand)
        case ast.BinOp(left=left, op=operator, right=right):
            return f"({OPERATORS[type(operator)]} {_python_shape(left)} {_python_shape(right)})"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return f"({' '.join([name, *map(_python_shape, arguments)])})"
    raise AssertionError(ast.dump(node))
