"""A place in the tokens of one statement, and what can be asked of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from itertools import pairwise
from typing import TypeAlias, TypeVar

from gradtui.expression.builder import Builder
from gradtui.expression.did_you_mean import unknown_method
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS, Function
from gradtui.expression.scope import Scope
from gradtui.expression.syntax import Node
from gradtui.expression.syntax_errors import BARS, CLOSING, unexpected
from gradtui.expression.tokens import Token, TokenKind
from gradtui.expression.words_and_spellings import INFIXES, ROOTS, SUPERSCRIPTS

OPENING = ("(", "{")
BEGINNING = frozenset((*OPENING, "⌊", "⌈", *ROOTS))
"""Signs that begin a factor."""


T = TypeVar("T")
Rule: TypeAlias = "Generator[Rule[Node], Node, T]"
"""A rule at work. It hands a rule that is nested one level deeper to what runs it by `yield`, and is sent its node."""


class Reading(ABC):
    """`token` is the next one to read, `before` the last one read. The rules that others need are named here.

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

    @abstractmethod
    def group(self) -> Rule[Node]:
        """What stands in parentheses, or in the braces of LaTeX."""

    @abstractmethod
    def argument(self, row: Function, name: Token) -> Rule[Node]:
        """The one argument of a function, with or without parentheses."""

    @abstractmethod
    def sum(self) -> Rule[Node]:
        """A value."""

    @abstractmethod
    def condition(self) -> Rule[Node]:
        """A value or a comparison."""

    @abstractmethod
    def one(self) -> Rule[Node]:
        """A number or a name, alone."""

    def advance(self) -> Token:
        self.before = token = self.token
        self.position += 1
        self.token = self.tokens[self.position]
        return token

    def _open(self) -> Token:
        self.brackets.append(self.token)
        return self.advance()

    def _close(self) -> Token:
        if self.token.text != CLOSING[self.brackets[-1].text]:
            raise self._unexpected()
        self.brackets.pop()
        return self.advance()

    @property
    def end(self) -> int:
        """Where the token ends that was read last."""
        return self.before.end if self.before else 0

    def split(self, length: int) -> None:
        """Take the first letters of the next token for a token of their own."""
        kind, text, start, end = self.token
        rest: TokenKind = "number" if text[length:].isdigit() else kind
        parts = [Token(kind, text[:length], start, start + length), Token(rest, text[length:], start + length, end)]
        self.tokens[self.position : self.position + 1] = parts
        self.token = parts[0]

    def is_command(self, token: Token) -> bool:
        return self.scope.text[token.start] == "\\"

    def _is_plain_word(self) -> bool:
        """Whether the next token is a word that the text gives no other meaning."""
        return self.token.kind == "word" and not self.scope.is_taken(self.token.text)

    def _is_factor_ahead(self) -> bool:
        """Whether the next token begins a factor of an implicit product. A bar that closes one does not."""
        return self._begins_factor(self.token)

    def _begins_factor(self, token: Token) -> bool:
        if token.text in BARS:
            return not self.brackets or self.brackets[-1].text != token.text
        if token.kind == "word":
            return token.text not in INFIXES or self.scope.is_taken(token.text)
        return token.kind in ("qualified", "structure") or token.text in BEGINNING

    def _as_typed(self, token: Token) -> Token:
        """An operator in the spelling of the text: `**` for `^`."""
        return token._replace(text=self.scope.text[token.start : token.end]) if token.kind == "operator" else token

    def _unexpected(self) -> ExpressionError:
        if decimal := self._decimal():
            message, hint = (
                "a comma only stands between arguments and in vectors",
                f"a decimal number has a point: {decimal}",
            )
            raise ExpressionError("syntax", message, self.token.start, self.token.end, hint)
        name, sign = (*self.tokens[self.position + 1 :][:2], self.token, self.token)[:2]
        if self.token.text == "," and not self.brackets and (name.kind, sign.text) == ("word", "="):
            message = "a comma only stands between arguments and in vectors"
            hint = f"a value is given as --at {name.text}=3, and on the screen as that of {name.text}"
            raise ExpressionError("syntax", message, self.token.start, self.token.end, hint)
        return unexpected(self.token, self.brackets[-1] if self.brackets else None)

    def _decimal(self) -> str:
        """`3.5` where a comma stands right between two numbers, else ""."""
        around = (self.before, self.token, *self.tokens[self.position + 1 :][:1])
        texts = [self.scope.text[token.start : token.end] for token in around if token]
        touching = all(one and other and one.end == other.start for one, other in pairwise(around))
        is_number = touching and len(texts) == 3 and texts[0].isdigit() and texts[1] == "," and texts[2].isdigit()
        return f"{texts[0]}.{texts[2]}" if is_number else ""

    def _method(self) -> Function:
        """The function after a dot, up to its opening parenthesis."""
        dot, word = self.advance(), self.token
        if word.kind != "word":
            hint = "use parentheses: (x + 1).sin()"
            raise ExpressionError("syntax", "a dot cannot stand here", dot.start, dot.end, hint)
        row = FUNCTIONS.get(word.text)
        if row is None or row.name == "where":
            message, hint = unknown_method(word.text)
            raise ExpressionError("name", message, dot.start, word.end, hint)
        self.advance()
        if self.token.text != "(":
            message = f".{word.text} needs parentheses"
            raise ExpressionError("syntax", message, dot.start, word.end, f"write .{word.text}()")
        return row

    def _function_power(self, row: Function, name: Token) -> Node | None:
        """The 2 of `sin^2(x)` and `sin² x`. A negative one may mean the inverse or the reciprocal, so it is refused."""
        if self.token.kind == "superscript" and self.token.text.translate(SUPERSCRIPTS).isdigit():
            return self.build.raised(self.advance(), self.scope)
        if self.token.kind != "superscript" and self.token.text != "^":
            return None
        following = self.tokens[self.position + 1]
        if self.token.text == "^" and following.text == "{":
            inside = self.tokens[self.position + 2 :][:2]
            if inside[0].kind == "number" and inside[0].text.isdigit() and inside[1].text == "}":
                self.advance()
                self.advance()
                exponent = self.build.number(self.advance())
                self.advance()
                return exponent
        if self.token.text == "^" and following.kind == "number" and following.text.isdigit():
            self.advance()
            return self.build.number(self.advance())
        inverse = f"{row.inverse}(x) for the inverse, " if row.inverse else ""
        message = f"the power of {row.name} itself has to be a whole number"
        hint = f"write {inverse}1/{row.name}(x) for the reciprocal, ({row.name}(x))^n for a power"
        raise ExpressionError("syntax", message, name.start, self.token.end, hint)

    def _factorial(self, node: Node) -> Node:
        """`3!` is 6, `x!` gamma(x + 1)."""
        sign = self.advance()
        if self.token.text == "!":
            message = "two factorials in a row can be read in two ways"
            raise ExpressionError("syntax", message, sign.start, self.token.end, "write (x!)! for one of the other")
        return self.build.factorial(node, self.end)

    def _degrees(self, node: Node) -> Node:
        """`30°` is an angle; `20°C` is none."""
        sign = self.advance()
        if self.token.text in ("C", "F") and self.token.start == sign.end:
            message = "a degree is one of an angle here"
            raise ExpressionError("syntax", message, sign.start, self.token.end, "leave out the unit")
        return self.build.call(FUNCTIONS["deg2rad"], [(None, node)], self.build.start(node), sign.end)

    def _refuse_mark(self) -> None:
        r"""A raised mark that is no power, where `^` comes next behind a name: the T of `w^T x`, the number of a sample or of
        a layer in `x^{(2)}`, `a^{[1]}`."""
        assert self.before is not None
        shown, sign = self.scope.text[self.before.start : self.before.end], self.token
        raised = self.tokens[self.position + 1 :][:5]
        texts = [token.text for token in raised]
        if texts[:2] in (["{", "("], ["{", "["]) and texts[3:] in ([")", "}"], ["]", "}"]):
            message = f"{shown}^{{{texts[1]}{texts[2]}{texts[3]}}} can be read in two ways"
            hint = f"write {shown}^{texts[2]} for a power, {shown}_{texts[2]} for one of several"
            raise ExpressionError("syntax", message, sign.start, raised[4].end, hint)
        length = 3 if texts[:3] == ["{", "T", "}"] else texts[:1] == ["T"]
        is_letter = length and not self.scope.is_taken("T") and "T" not in self.scope.variables
        if is_letter and self._begins_factor(raised[length]):
            message = f"{shown}^T can be read in two ways"
            hint = f"write dot({shown}, x) for the product of two vectors, {shown}^(T) for a power"
            raise ExpressionError("syntax", message, sign.start, raised[length - 1].end, hint)

    def _refuse_hexadecimal(self, zero: Token) -> None:
        """`0x1F` is neither 31 nor a product."""
        word = self.token
        if zero.text == "0" and word.start == zero.end and len(word.text) > 1 and word.text[0] in "xXbBoO":
            hint = "write 31 for 0x1F, and 0*x for a product"
            raise ExpressionError("syntax", "numbers are decimal", zero.start, word.end, hint)
