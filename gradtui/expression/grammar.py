"""The rules of the grammar in parser.py, one method each, over the tokens of one statement."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

from gradtui.expression.builder import Builder
from gradtui.expression.calls import Argument, keyword, usage, value
from gradtui.expression.errors import ExpressionError
from gradtui.expression.functions import FUNCTIONS, Function
from gradtui.expression.hints import unknown_method
from gradtui.expression.mistakes import CLOSING, missing_operand, unexpected
from gradtui.expression.scope import Scope
from gradtui.expression.syntax import (
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Constant,
    Node,
    Number,
    Vector,
)
from gradtui.expression.tokens import Token

MOST_NESTED = 200

SUMS: dict[str, ArithmeticOperator] = {"+": "+", "-": "-"}
PRODUCTS: dict[str, ArithmeticOperator] = {"*": "*", "/": "/"}
COMPARISONS: dict[str, ComparisonOperator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}

T = TypeVar("T")
Rule: TypeAlias = "Generator[Rule[Node], Node, T]"
"""A rule at work. It hands a rule that is nested one level deeper to `_run` by `yield`, and is sent its node."""


class Rules:
    """Reads the value of one statement. `token` is the next one to read, `before` the last one read.

    exponents: how many of the rules at work read an exponent in parentheses.
    """

    def __init__(self, tokens: list[Token], scope: Scope, builder: Builder) -> None:
        self.tokens = tokens
        self.scope = scope
        self.build = builder
        self.brackets: list[Token] = []
        self.exponents = 0
        self.position = 0
        self.token = tokens[0]
        self.before: Token | None = None

    def value_from(self, position: int) -> Node:
        """The value that begins at the token of this position and has to reach to the end."""
        self.position, self.token = position, self.tokens[position]
        self.before = self.tokens[position - 1] if position else None
        node = value(self._run(self._condition()))
        if self.token.kind != "end":
            raise self._unexpected()
        return node

    def _run(self, rule: Rule[Node]) -> Node:
        """Run a rule and those it yields on a stack of our own: Python's is too short for what a person may nest."""
        stack = [rule]
        result: Node | None = None
        while stack:
            try:
                inner = stack[-1].send(result)  # type: ignore[arg-type]  # None starts a generator
            except StopIteration as done:
                stack.pop()
                result = done.value
            else:
                stack.append(inner)
                result = None
                depth = len(stack) - 1 - self.exponents
                self.build.deepest = max(self.build.deepest, depth)
                if depth > MOST_NESTED:
                    message = f"this is nested more than {MOST_NESTED} deep"
                    raise ExpressionError("limit", message, self.token.start, self.token.end)
        assert result is not None
        return result

    def _condition(self) -> Rule[Node]:
        left = yield from self._sum()
        if self.token.text not in COMPARISONS:
            return left
        operator = COMPARISONS[self._advance().text]
        right = yield from self._sum()
        return Comparison(self.build.start(left), self.build.end(right), operator, value(left), value(right))

    def _sum(self) -> Rule[Node]:
        left = yield from self._product()
        while self.token.text in SUMS:
            operator = SUMS[self._advance().text]
            left = self.build.binary(operator, left, (yield from self._product()))
        return left

    def _product(self) -> Rule[Node]:
        left = yield from self._factor()
        while True:
            if self.token.text in PRODUCTS:
                operator = PRODUCTS[self._advance().text]
            elif self._is_factor_ahead():
                operator = "*"
            else:
                return left
            left = self.build.binary(operator, left, (yield from self._factor()))

    def _factor(self) -> Rule[Node]:
        if self.token.text not in SUMS:
            return (yield from self._power())
        sign = self._advance()
        operand = yield self._factor()
        if sign.text == "+":
            return self.build.enclose(operand, sign.start, self.build.end(operand))
        return self.build.negation(sign.start, operand)

    def _power(self) -> Rule[Node]:
        base = yield from self._atom()
        if self.token.text == "^":
            self._advance()
            return self.build.binary("^", base, (yield from self._exponent()))
        if self.token.kind != "superscript":
            return base
        power = self.build.binary("^", base, self.build.raised(self._advance()))
        if self.token.kind == "superscript" or self.token.text == "^":
            raise self._unexpected()
        return power

    def _exponent(self) -> Rule[Node]:
        """One level deeper, and not two where it stands in parentheses: the reading of x^y^z is x^(y^z)."""
        parenthesised = self.token.text == "("
        self.exponents += parenthesised
        node = yield self._factor()
        self.exponents -= parenthesised
        return node

    def _atom(self) -> Rule[Node]:
        node = yield from self._primary()
        while self.token.text == ".":
            row = self._method()
            self.build.unwritten += 1
            arguments: list[Argument] = [(None, node), *(yield from self._arguments(row))]
            node = self._call(row, arguments, self.build.start(node))
        return node

    def _primary(self) -> Rule[Node]:
        token = self.token
        if token.kind == "number":
            self._advance()
            self._refuse_hexadecimal(token)
            return self.build.number(token)
        if token.kind in ("word", "qualified"):
            row = self.scope.function(token)
            if row is not None:
                return (yield from self._application(row))
            self._advance()
            return self.scope.node(token, called=self.token.text == "(")
        if token.text == "(":
            return (yield from self._parenthesised())
        if token.text == "[":
            return (yield from self._vector())
        if token.text == "|":
            self._open()
            inside = yield self._sum()
            self._close()
            return self._call(FUNCTIONS["abs"], [(None, inside)], token.start)
        if token.text == "√":
            return (yield from self._root())
        before = self._as_typed(self.before) if self.before else None
        raise missing_operand(self._as_typed(token), before, self.brackets[-1] if self.brackets else None)

    def _parenthesised(self) -> Rule[Node]:
        opening = self._open()
        node = yield self._condition()
        return self.build.enclose(node, opening.start, self._close().end)

    def _vector(self) -> Rule[Node]:
        opening = self._open()
        items: list[Node] = []
        while not items or self.token.text == ",":
            if items:
                self._advance()
            item = value((yield self._sum()))
            if isinstance(item, Vector):
                raise ExpressionError("syntax", "a vector holds numbers, not vectors", item.start, item.end)
            items.append(item)
        return Vector(opening.start, self._close().end, tuple(items))

    def _root(self) -> Rule[Node]:
        sign = self._advance()
        bracketed = self.token.text in ("(", "|")
        inside = yield self._atom()
        if not bracketed and (self.token.text == "^" or self.token.kind == "superscript"):
            message = "a power after √ can be read in two ways"
            raise ExpressionError("syntax", message, sign.start, self.token.end, "write √(x^2) or (√x)^2")
        return self._call(FUNCTIONS["sqrt"], [(None, inside)], sign.start)

    def _application(self, row: Function) -> Rule[Node]:
        name = self._advance()
        exponent = self._function_power(row, name)
        arguments: list[Argument] = []
        if self.token.text == "(":
            arguments.extend((yield from self._arguments(row)))
        else:
            arguments.append((None, (yield self._bare(row, name))))
        node = self._call(row, arguments, name.start)
        return self.build.binary("^", node, exponent) if exponent else node

    def _arguments(self, row: Function) -> Rule[list[Argument]]:
        self._open()
        arguments: list[Argument] = []
        while self.token.text != ")" or arguments:
            name = None
            if self.token.kind == "word" and self.tokens[self.position + 1].text == "=":
                keyword(row, name := self._advance())
                self._advance()
            arguments.append((name, (yield self._condition())))
            if self.token.text != ",":
                break
            self._advance()
        self._close()
        return arguments

    def _bare(self, row: Function, name: Token) -> Rule[Node]:
        """The argument of a function without parentheses, where it is clear how far it reaches."""
        if row.least > 1 or (self.token.kind not in ("number", "error") and not self._is_factor_ahead()):
            message = f"{row.name} needs {'its arguments' if row.least > 1 else 'an argument'} in parentheses"
            raise ExpressionError("arity", message, name.start, name.end, f"write {usage(row)}")
        argument = yield from self._power()
        is_coefficient = isinstance(argument, Number | Constant)
        while self._is_factor_ahead() and not self.scope.function(self.token) and self.token.text != "√":
            if not is_coefficient and (self.token.text in ("(", "|") or self.scope.is_e(self.token)):
                message = f"where the argument of {row.name} ends can be read in two ways"
                hint = f"put it in parentheses: {row.name}(...)"
                raise ExpressionError("syntax", message, name.start, self.token.end, hint)
            factor = yield from self._power()
            is_coefficient = is_coefficient and isinstance(factor, Number | Constant)
            argument = self.build.binary("*", argument, factor)
        return argument

    def _method(self) -> Function:
        """The function after a dot, up to its opening parenthesis."""
        dot, word = self._advance(), self.token
        if word.kind != "word":
            hint = "use parentheses: (x + 1).sin()"
            raise ExpressionError("syntax", "a dot cannot stand here", dot.start, dot.end, hint)
        row = FUNCTIONS.get(word.text)
        if row is None or row.name == "where":
            message, hint = unknown_method(word.text)
            raise ExpressionError("name", message, dot.start, word.end, hint)
        self._advance()
        if self.token.text != "(":
            message = f".{word.text} needs parentheses"
            raise ExpressionError("syntax", message, dot.start, word.end, f"write .{word.text}()")
        return row

    def _function_power(self, row: Function, name: Token) -> Node | None:
        """The 2 of `sin^2(x)` and `sin² x`. A negative one may mean the inverse or the reciprocal, so it is refused."""
        if self.token.kind == "superscript" and self.token.text[0] != "⁻":
            return self.build.raised(self._advance())
        if self.token.kind != "superscript" and self.token.text != "^":
            return None
        following = self.tokens[self.position + 1]
        if self.token.text == "^" and following.kind == "number" and following.text.isdigit():
            self._advance()
            return self.build.number(self._advance())
        inverse = f"{row.inverse}(x) for the inverse, " if row.inverse else ""
        message = f"the power of {row.name} itself has to be a whole number"
        hint = f"write {inverse}1/{row.name}(x) for the reciprocal, ({row.name}(x))^n for a power"
        raise ExpressionError("syntax", message, name.start, self.token.end, hint)

    def _call(self, row: Function, arguments: list[Argument], start: int) -> Node:
        """The call whose last token was just read."""
        return self.build.call(row, arguments, start, self.before.end if self.before else start)

    def _refuse_hexadecimal(self, zero: Token) -> None:
        """`0x1F` is neither 31 nor a product."""
        word = self.token
        if zero.text == "0" and word.start == zero.end and len(word.text) > 1 and word.text[0] in "xXbBoO":
            hint = "write 31 for 0x1F, and 0*x for a product"
            raise ExpressionError("syntax", "numbers are decimal", zero.start, word.end, hint)

    def _advance(self) -> Token:
        self.before = token = self.token
        self.position += 1
        self.token = self.tokens[self.position]
        return token

    def _open(self) -> Token:
        self.brackets.append(self.token)
        return self._advance()

    def _close(self) -> Token:
        if self.token.text != CLOSING[self.brackets[-1].text]:
            raise self._unexpected()
        self.brackets.pop()
        return self._advance()

    def _is_factor_ahead(self) -> bool:
        """Whether the next token begins a factor of an implicit product. A bar that closes one does not."""
        if self.token.text == "|":
            return not self.brackets or self.brackets[-1].text != "|"
        return self.token.kind in ("word", "qualified") or self.token.text in ("(", "√")

    def _as_typed(self, token: Token) -> Token:
        """An operator in the spelling of the text: `**` for `^`."""
        return token._replace(text=self.scope.text[token.start : token.end]) if token.kind == "operator" else token

    def _unexpected(self) -> ExpressionError:
        return unexpected(self.token, self.before, self.brackets[-1] if self.brackets else None)
