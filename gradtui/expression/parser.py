"""text -> Expression. A recursive descent over tokens, one method a rule of this grammar:

    text        = { binding separator } [ header ] sum { separator }
    separator   = ";" | newline                      (a newline inside ( ) or [ ] is white space)
    binding     = name "=" sum
    header      = name "=" | name "(" name { "," name } ")" "="
    condition   = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]       (only as the first argument of where)
    sum         = product { ("+" | "-") product }
    product     = factor { [ "*" | "/" ] factor }    (without an operator: a product, where no number or "[" follows)
    factor      = ("+" | "-") factor | power
    power       = atom [ "^" factor | raised ]       (raised: ², ⁻¹, ¹⁰)
    atom        = primary { "." function "(" [ arguments ] ")" }
    primary     = number | name | constant | application | "(" condition ")" | "|" sum "|" | "√" atom
                | "[" sum { "," sum } "]"
    application = function [ "^" digits | raised ] ( "(" [ arguments ] ")" | bare )
    bare        = power { power }                    (sin 2x, up to the next operator or function)
    arguments   = argument { "," argument }
    argument    = [ name "=" ] condition

A function or constant may carry the module it has in Python (`torch.sin`, `math.pi`). Where paper leaves open what is
meant (`sin x (x+1)`, `√x²`, `f(x)` where f is not known), the text is refused and the hint says how to write either.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Generator
from typing import TypeAlias, TypeVar

from gradtui.expression import mistakes
from gradtui.expression.calls import Argument, arrange, keyword, usage, value
from gradtui.expression.errors import ExpressionError
from gradtui.expression.functions import FUNCTIONS, Function
from gradtui.expression.hints import INVERSES, unknown_method
from gradtui.expression.scope import Scope
from gradtui.expression.syntax import (
    ArithmeticOperator,
    Binary,
    Binding,
    Call,
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    Negation,
    Node,
    Number,
    Vector,
)
from gradtui.expression.tokens import SUPERSCRIPTS, Token, tokenize

__all__ = ["ExpressionError", "parse"]

MOST_CHARACTERS = 10_000
MOST_OPERATIONS = 2_000
MOST_NESTED = 200

SUMS: dict[str, ArithmeticOperator] = {"+": "+", "-": "-"}
PRODUCTS: dict[str, ArithmeticOperator] = {"*": "*", "/": "/"}
COMPARISONS: dict[str, ComparisonOperator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}

T = TypeVar("T")
Rule: TypeAlias = "Generator[Rule[Node], Node, T]"
"""A rule of the grammar. It hands a rule one level deeper to the driver by `yield`, and is sent its node."""


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read `text`; `names` are variables whatever they are. Raises ExpressionError and nothing else."""
    if len(text) > MOST_CHARACTERS:
        message = f"the text has {len(text):,} characters; {MOST_CHARACTERS:,} is the most"
        raise ExpressionError("limit", message, MOST_CHARACTERS, len(text))
    return _Parser(text, names).expression()


class _Parser:
    """One text on its way to an Expression. `token` is the next one to read, `before` the last one read."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text = text
        self.scope = Scope(text, names)
        self.operations = 0
        self.tokens: list[Token] = []
        self.brackets: list[Token] = []
        self.outer: dict[Node, tuple[int, int]] = {}  # where a node begins and ends with the parentheses around it

    # Statements

    def expression(self) -> Expression:
        *bound, last = self._statements()
        bindings = tuple(self._binding(tokens) for tokens in bound)
        self._begin(last)
        name = self._header(last=True) or "f"
        body = self._whole()
        return Expression(self.text, name, bindings, body, tuple(self.scope.variables))

    def _statements(self) -> list[list[Token]]:
        """The tokens of each statement; an `end` token closes it, where something more was expected."""
        statements: list[list[Token]] = []
        current: list[Token] = []
        for token in (
            *tokenize(self.text, self.scope.names.values()),
            Token("newline", "", len(self.text), len(self.text)),
        ):
            if token.kind != "newline" and token.text != ";":
                current.append(token)
            elif current:
                statements.append([*current, Token("end", "", token.start, token.start)])
                current = []
        if not statements:
            raise ExpressionError("syntax", "there is no expression yet", 0, len(self.text), "type one: x^2 + 3x + 1")
        return statements

    def _begin(self, tokens: list[Token]) -> None:
        self.tokens = self.scope.without_modules(tokens)
        self.scope.defining = ""
        self.position = 0
        self.token = self.tokens[0]
        self.before: Token | None = None

    def _binding(self, tokens: list[Token]) -> Binding:
        self._begin(tokens)
        name = self._header(last=False)
        node = self._whole()
        if not name:
            hint = "give its value a name to use it further on: a = x^2; sin(a)"
            raise ExpressionError("syntax", "only the last line is the function", tokens[0].start, tokens[-1].end, hint)
        self.scope.bindings[name] = node
        return Binding(name, node)

    def _header(self, last: bool) -> str:
        """Read `name =` or `name(x, y) =` and return the name, "" where there is none."""
        tokens = self.tokens
        parameters: list[Token] = []
        equals = 1
        if tokens[0].kind == "word" and tokens[1].text == "(":
            equals = 2
            while tokens[equals].kind == "word" and tokens[equals + 1].text in (",", ")"):
                parameters.append(tokens[equals])
                equals += 2
        closed = equals == 1 or tokens[equals - 1].text == ")"
        if tokens[0].kind != "word" or not closed or tokens[equals].text != "=":
            return ""
        name = self.scope.bind(tokens[0])
        if parameters and not last:
            message, hint = (
                f"{name}(...) = ... can only be the last line",
                f"write {name} = ... to use its value further on",
            )
            raise ExpressionError("syntax", message, tokens[0].start, tokens[equals].end, hint)
        self.scope.declare(parameters)
        self.position, self.token = equals, tokens[equals]
        self._advance()
        return name

    def _whole(self) -> Node:
        """The rest of the statement, which has to be one value."""
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
                if len(stack) > MOST_NESTED + 1:
                    raise self._limit(f"this is nested more than {MOST_NESTED} deep")
        assert result is not None
        return result

    # Rules

    def _condition(self) -> Rule[Node]:
        left = yield from self._sum()
        if self.token.text not in COMPARISONS:
            return left
        operator = COMPARISONS[self._advance().text]
        right = yield from self._sum()
        return Comparison(self._start(left), self._end(right), operator, value(left), value(right))

    def _sum(self) -> Rule[Node]:
        left = yield from self._product()
        while self.token.text in SUMS:
            operator = SUMS[self._advance().text]
            left = self._binary(operator, left, (yield from self._product()))
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
            left = self._binary(operator, left, (yield from self._factor()))

    def _factor(self) -> Rule[Node]:
        if self.token.text not in SUMS:
            return (yield from self._power())
        sign = self._advance()
        operand = yield self._factor()
        end = self._end(operand)
        if sign.text == "+":
            self.outer[operand] = (sign.start, end)
            return operand
        return self._counted(Negation(sign.start, end, value(operand)))

    def _power(self) -> Rule[Node]:
        base = yield from self._atom()
        if self.token.text == "^":
            self._advance()
            return self._binary("^", base, (yield self._factor()))
        if self.token.kind != "superscript":
            return base
        power = self._binary("^", base, self._raised())
        if self.token.kind == "superscript" or self.token.text == "^":
            raise self._unexpected()
        return power

    def _atom(self) -> Rule[Node]:
        node = yield from self._primary()
        while self.token.text == ".":
            row = self._method()
            arguments: list[Argument] = [(None, node), *(yield from self._arguments(row))]
            node = self._call(row, arguments, self._start(node))
        return node

    def _primary(self) -> Rule[Node]:
        token = self.token
        if token.kind == "number":
            return self._number(self._advance())
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
        raise mistakes.missing_operand(token, self.before, self.brackets[-1] if self.brackets else None)

    def _parenthesised(self) -> Rule[Node]:
        opening = self._open()
        node = yield self._condition()
        self.outer[node] = (opening.start, self._close().end)
        return node

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
        return self._binary("^", node, exponent) if exponent else node

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
            argument = self._binary("*", argument, factor)
        return argument

    # Words and numbers

    def _method(self) -> Function:
        """The function after a dot, up to its opening parenthesis."""
        dot, word = self._advance(), self.token
        if word.kind != "word":
            raise ExpressionError(
                "syntax", "a dot cannot stand here", dot.start, dot.end, "use parentheses: (x + 1).sin()"
            )
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
            return self._raised()
        if self.token.kind != "superscript" and self.token.text != "^":
            return None
        following = self.tokens[self.position + 1]
        if self.token.text == "^" and following.kind == "number" and following.text.isdigit():
            self._advance()
            return self._number(self._advance())
        inverse = f"{INVERSES[row.name]}(x) for the inverse, " if row.name in INVERSES else ""
        message = f"the power of {row.name} itself has to be a whole number"
        hint = f"write {inverse}1/{row.name}(x) for the reciprocal, ({row.name}(x))^n for a power"
        raise ExpressionError("syntax", message, name.start, self.token.end, hint)

    def _number(self, token: Token) -> Number:
        text = token.text.replace("−", "-").replace("–", "-")
        if math.isinf(float(text)):
            raise ExpressionError("limit", "this number is too large for a float", token.start, token.end, "1e308 fits")
        # Without its leading zeros an integer that fits a float is far from Python's limit of 4,300 digits.
        number = int(text.lstrip("0") or "0") if text.isdigit() else float(text)
        if (
            text == "0"
            and self.token.start == token.end
            and self.token.text[:1] in tuple("xXbBoO")
            and self.token.text[1:]
        ):
            message = "numbers are decimal"
            raise ExpressionError(
                "syntax", message, token.start, self.token.end, "write 31 for 0x1F, 0*x for a product"
            )
        return Number(token.start, token.end, number)

    def _raised(self) -> Node:
        token = self._advance()
        digits = token.text.translate(SUPERSCRIPTS)
        sign = digits[0] in "+-"
        number = self._number(Token("number", digits[sign:], token.start + sign, token.end))
        return self._counted(Negation(token.start, token.end, number)) if digits[0] == "-" else number

    # Nodes

    def _binary(self, operator: ArithmeticOperator, left: Node, right: Node) -> Node:
        # The exponent of sin^2(x) stands inside what it raises.
        end = max(self._end(left), self._end(right))
        return self._counted(Binary(self._start(left), end, operator, value(left), value(right)))

    def _call(self, row: Function, arguments: list[Argument], start: int) -> Node:
        end = self.before.end if self.before else start
        nodes = arrange(row, arguments, start, end)
        if row.operator == "negation":
            return self._counted(Negation(start, end, *nodes))
        if row.operator:
            return self._counted(Binary(start, end, row.operator, *nodes))
        return self._counted(Call(start, end, row.name, nodes))

    def _counted(self, node: Node) -> Node:
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            raise self._limit(f"there are more than {MOST_OPERATIONS:,} operations")
        return node

    def _start(self, node: Node) -> int:
        return self.outer[node][0] if node in self.outer else node.start

    def _end(self, node: Node) -> int:
        return self.outer[node][1] if node in self.outer else node.end

    # Tokens

    def _advance(self) -> Token:
        self.before = token = self.token
        self.position += 1
        self.token = self.tokens[self.position]
        return token

    def _open(self) -> Token:
        self.brackets.append(self.token)
        return self._advance()

    def _close(self) -> Token:
        if self.token.text != mistakes.CLOSING[self.brackets[-1].text]:
            raise self._unexpected()
        self.brackets.pop()
        return self._advance()

    def _is_factor_ahead(self) -> bool:
        """Whether the next token begins a factor of an implicit product. A bar that closes one does not."""
        if self.token.text == "|":
            return not self.brackets or self.brackets[-1].text != "|"
        return self.token.kind in ("word", "qualified") or self.token.text in ("(", "√")

    def _unexpected(self) -> ExpressionError:
        return mistakes.unexpected(self.token, self.before, self.brackets[-1] if self.brackets else None)

    def _limit(self, message: str) -> ExpressionError:
        return ExpressionError("limit", message, self.token.start, self.token.end)
