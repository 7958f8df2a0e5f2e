"""Nodes with their spans, counted and checked as they are made."""

from __future__ import annotations

import math
import re
from typing import Literal

from gradtui.expression.call_arguments import Argument, arrange, value
from gradtui.expression.did_you_mean import unknown_word
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS, Function
from gradtui.expression.scope import Scope
from gradtui.expression.syntax import (
    Application,
    ArithmeticOperator,
    Binary,
    Call,
    Comparison,
    Definition,
    Element,
    Joined,
    Negation,
    Node,
    Number,
    Reference,
    Slice,
    Text,
    Variable,
    Vector,
    copied,
)
from gradtui.expression.tokens import Token
from gradtui.expression.words_and_spellings import FRACTIONS, RAISED_LETTERS, SUPERSCRIPTS

MOST_OPERATIONS = 2_000
MOST_JOINED = 100
MOST_FACTORIAL = 170
"""The last whole number whose factorial fits a float."""
COUNTED = (Binary, Negation, Call, Comparison, Vector, Element, Slice)

_HAS_DIGITS = re.compile(r"[0.]*[1-9]")
"""A literal that is not 0, whatever a float makes of it."""


class Builder:
    """Makes the nodes of one text.

    A node's own span leaves out the parentheses around it; what holds the node spans those too. `deepest`: how deep the
    rules that made them were nested; `unwritten`: how many parentheses their reading may have that the text has not.
    `bound`: the nodes that have names, outside of functions.
    """

    def __init__(self) -> None:
        self.operations = self.deepest = self.unwritten = self.joins = 0
        self.outer: dict[Node, tuple[int, int]] = {}
        self.bound: set[Node] = set()

    def enclose(self, node: Node, start: int, end: int) -> Node:
        """Note that parentheses (or a plus sign) around the node reach from `start` to `end`."""
        self.outer[node] = (start, end)
        return node

    def start(self, node: Node) -> int:
        return self.outer[node][0] if node in self.outer else node.start

    def end(self, node: Node) -> int:
        return self.outer[node][1] if node in self.outer else node.end

    def binary(self, operator: ArithmeticOperator, left: Node, right: Node) -> Node:
        self.unwritten += operator == "^"
        # The exponent of sin^2(x) stands inside what it raises.
        end = max(self.end(left), self.end(right))
        return self.counted(Binary(self.start(left), end, operator, value(left), value(right)))

    def negation(self, start: int, operand: Node) -> Node:
        return self.counted(Negation(start, self.end(operand), value(operand)))

    def call(self, row: Function, arguments: list[Argument], start: int, end: int) -> Node:
        """A call, or the operator that the function is another name of."""
        if row.name == "where" and arguments and isinstance(arguments[0][1], Joined):
            return self._where_joined(arguments[0][1], arguments[1:], start, end)
        nodes, options = arrange(row, arguments, start, end)
        if row.name == "log" and len(nodes) == 2:
            return self._logarithm(*nodes, start, end)
        if row.operator == "negation":
            return self.counted(Negation(start, end, *nodes))
        if row.operator:
            return self.counted(Binary(start, end, row.operator, *nodes))
        words = tuple((name, node.value) for name, node in options.items() if isinstance(node, Text))
        named = {name: node for name, node in options.items() if not isinstance(node, Text)}
        return self.counted(Call(start, end, row.name, (*nodes, *named.values()), tuple(named), words))

    def joined(self, operator: Literal["and", "or"], left: Node, sign: Token, right: Node) -> Node:
        """Two conditions by the word `sign`, refused where one is no condition."""
        if not all(isinstance(one, Comparison | Joined) for one in (left, right)):
            message, hint = unknown_word(sign.text, called=False)
            raise ExpressionError("name", message, sign.start, sign.end, hint)
        self.joins += 1
        self.unwritten += 1  # a where in a where
        if self.joins > MOST_JOINED:
            message = f"more than {MOST_JOINED} conditions are joined"
            raise ExpressionError("limit", message, sign.start, sign.end)
        return Joined(self.start(left), self.end(right), operator, left, right)

    def _where_joined(self, condition: Joined, results: list[Argument], start: int, end: int) -> Node:
        """`where(c and d, a, b)` as `where(c, where(d, a, b), b)`, and with or as `where(c, a, where(d, a, b))`."""
        inner = self.call(FUNCTIONS["where"], [(None, condition.right), *results], start, end)
        inside = condition.operator == "or"
        placed: list[Argument] = [
            (None, inner if place == inside else self.copy(node)) for place, (_, node) in enumerate(results)
        ]
        return self.call(FUNCTIONS["where"], [(None, condition.left), *placed], start, end)

    def copy(self, node: Node) -> Node:
        """The same once more, and counted."""

        def instead(one: Node) -> Node | None:
            if isinstance(one, COUNTED):
                self.counted(one)
            return one if isinstance(one, Reference) else None

        return copied(node, instead)

    def application(self, definition: Definition, arguments: list[Node], start: int, end: int) -> Node:
        """`g(3x)`: the body of g anew, its parameters referring to the arguments."""
        held = dict(zip(definition.parameters, arguments, strict=True))

        def instead(node: Node) -> Node | None:
            if isinstance(node, Variable) and node.parameter:
                return Reference(node.start, node.end, node.name, held[node.name])
            if isinstance(node, Reference) and node.target in self.bound:
                return node
            if isinstance(node, COUNTED):
                self.counted(node)
            return None

        body = copied(definition.body, instead)
        return Application(start, end, definition.name, body, tuple(arguments))

    def _logarithm(self, x: Node, base: Node, start: int, end: int) -> Node:
        """torch has three bases; to any other it is a quotient, as in its documentation."""
        if isinstance(base, Number) and base.value in (2, 10):
            return self.counted(Call(start, end, f"log{base.value:g}", (x,)))
        over = self.counted(Call(start, end, "log", (x,)))
        under = self.counted(Call(start, end, "log", (base,)))
        return self.counted(Binary(start, end, "/", over, under))

    def fraction(self, token: Token) -> Node:
        """The quotient that `½` stands for."""
        over, under = (Number(token.start, token.end, number) for number in FRACTIONS[token.text])
        return self.binary("/", over, under)

    def factorial(self, node: Node, end: int) -> Node:
        """Of a whole number a number, else gamma(x + 1)."""
        if isinstance(node, Number) and isinstance(node.value, int) and node.value <= MOST_FACTORIAL:
            return Number(node.start, end, math.factorial(node.value))
        above = self.binary("+", node, Number(node.start, end, 1))
        return self.call(FUNCTIONS["gamma"], [(None, above)], self.start(node), end)

    def number(self, token: Token) -> Number:
        """An int where it is written as one, else a float; too large or too small for a float is an error."""
        text = token.text.replace("−", "-").replace("–", "-")
        if math.isinf(float(text)):
            raise ExpressionError("limit", "this number is too large for a float", token.start, token.end, "1e308 fits")
        if float(text) == 0 and _HAS_DIGITS.match(text):
            message = "this number is too small for a float"
            raise ExpressionError("limit", message, token.start, token.end, "1e-323 fits; write 0 if 0 is meant")
        # Without its leading zeros an integer that fits a float is far from Python's limit of 4,300 digits.
        number = int(text.lstrip("0") or "0") if text.isdigit() else float(text)
        return Number(token.start, token.end, number)

    def raised(self, token: Token, scope: Scope) -> Node:
        """What `²`, `⁻¹`, `¹⁰`, `ˣ` or `⁻²ˣ` stands for."""
        text = token.text.translate(SUPERSCRIPTS).translate(RAISED_LETTERS)
        first, last = text[0] in "+-", len(text) - text[-1].isalpha()
        parts: list[Node] = []
        if first < last:
            parts.append(self.number(Token("number", text[first:last], token.start + first, token.start + last)))
        if last < len(text):
            parts.append(scope.node(Token("word", text[last:], token.end - 1, token.end), called=False))
        power = parts[0] if len(parts) == 1 else self.binary("*", *parts)
        return self.negation(token.start, power) if text[0] == "-" else power

    def counted(self, node: Node) -> Node:
        """The node itself, refused where there are too many."""
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            message = f"there are more than {MOST_OPERATIONS:,} operations"
            raise ExpressionError("limit", message, node.start, node.end)
        return node
