"""Tokens -> the statements of a text: bindings, functions, and the last one; a `def`, a `lambda` and a `return` among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.latex_commands import ROW_END
from gradtui.expression.syntax_errors import error_at
from gradtui.expression.tokens import Token
from gradtui.expression.words_and_spellings import MODULES

ONE_LINE = "write def f(x): and its lines, or f(x) = x^2 + 1"
AFTER_RETURN = "nothing after a return is read"
OPERATORS = ("+", "-", "*", "/")


class Statement(NamedTuple):
    """`name = value` or `name(parameters) = value`, or a value alone.

    tokens: all of it. value: the tokens of the value, then an `end`. name: None where it has none. parameters: None where
    it is no function. lines: the assignments before the `return` of a `def`. returns: it ends in a `return`.
    """

    tokens: Sequence[Token]
    value: list[Token]
    name: Token | None = None
    parameters: list[Token] | None = None
    lines: tuple[Statement, ...] = ()
    returns: bool = False


def statements(tokens: Sequence[Token], end: int) -> list[Statement]:
    """In the order of the text, which ends at `end`. Raises ExpressionError."""
    lines = _lines(_with_commas(tokens), end)
    lines = [line for line in lines if not _is_import(line)] or lines
    if not lines:
        raise ExpressionError("syntax", "there is no expression yet", 0, end, "type one: x^2 + 3x + 1")
    return list(_joined(iter(lines)))


def _lines(tokens: Sequence[Token], end: int) -> list[list[Token]]:
    """The tokens of each; an `end` token closes it, where something more was expected."""
    lines: list[list[Token]] = []
    current: list[Token] = []
    separator = last = Token("newline", "", end, end)
    for number, token in enumerate([*tokens, last]):
        if token.kind != "newline" and token.text != ";":
            if not current and lines and token.text in OPERATORS and separator.kind == "newline":
                current = _gone_on(lines, separator, tokens[number:])
            current.append(token)
        elif current and not (token.text == ROW_END and current[-1].text in (*OPERATORS, "=")):
            lines.append([*current, Token("end", "", token.start, token.start)])
            current, separator = [], token
    return lines


def _with_commas(tokens: Sequence[Token]) -> list[Token]:
    """The same tokens with a comma for each `;` in the parentheses behind a name, as in `f(x; w)` and `POWER(x;2)`."""
    made = list(tokens)
    opened: list[tuple[int, list[int]]] = []
    for number, token in enumerate(tokens):
        if token.kind == "newline":
            opened.clear()
        elif token.text == "(":
            opened.append((number, []))
        elif token.text == ";" and opened:
            opened[-1][1].append(number)
        elif token.text == ")" and opened:
            start, signs = opened.pop()
            if start and tokens[start - 1].kind == "word":
                for sign in signs:
                    made[sign] = made[sign]._replace(text=",")
    return made


def _gone_on(lines: list[list[Token]], separator: Token, rest: Sequence[Token]) -> list[Token]:
    """The line that `rest`, which begins with an operator, goes on: in the rows of LaTeX the one above. In other lines it may
    begin anew, and does where the name of the one above is used."""
    if separator.text == ROW_END:
        return lines.pop()[:-1]
    above = lines[-1]
    name = above[_is_word(above[0], "def")].text
    if all(token.text != name for token in rest):
        hint = "write both as one line, or put this one in parentheses"
        raise error_at(rest[0], f"a line that begins with {rest[0].text} may go on from the line above", hint)
    return []


def _is_import(tokens: list[Token]) -> bool:
    """`import torch.nn.functional as F`, `from torch import nn`: what a pasted program begins with says nothing here."""
    first, after = tokens[0], tokens[1]
    return first.kind == "word" and first.text in ("import", "from") and after.text in MODULES


def _joined(lines: Iterator[list[Token]]) -> Iterator[Statement]:
    in_function = False
    for tokens in lines:
        is_function = _is_word(tokens[0], "def")
        if tokens[0].text == "=":
            raise error_at(tokens[0], "a line cannot begin with =", "leave it out; of lines that are equal keep one")
        statement = _function(tokens, lines) if is_function else _simple(tokens)
        if in_function and statement.returns and not is_function:
            raise error_at(tokens[0], AFTER_RETURN, "leave it out, or write one function for each")
        yield statement
        in_function = is_function


def _function(tokens: list[Token], lines: Iterator[list[Token]]) -> Statement:
    """A `def` with its lines, up to the `return`."""
    name, parameters, rest = _signature(tokens)
    inside: list[Statement] = []
    line: list[Token] | None = tokens[rest:] if tokens[rest].kind != "end" else next(lines, None)
    whole = list(tokens)
    while line is not None:
        if _is_word(line[0], "def"):
            raise error_at(
                line[0], "a function inside of another is not part of the language", "define it before this one"
            )
        whole = [*whole, *line]
        statement = _augmented(line) or _simple(line)
        if statement.returns:
            return Statement(whole, statement.value, name, parameters, tuple(inside), returns=True)
        inside.append(statement)
        line = next(lines, None)
    last = whole[-1]
    message = f"{name.text} has no return line"
    raise ExpressionError("syntax", message, last.start, last.end, "add one: return x^2 + 1")


def _signature(tokens: list[Token]) -> tuple[Token, list[Token], int]:
    """Name and parameters of a `def` line, and the position behind its colon. Annotations say nothing here."""
    if tokens[1].kind != "word" or tokens[2].text != "(":
        raise error_at(tokens[0], "a def line is def, a name and parameters", ONE_LINE)
    position, parameters = 3, []
    while tokens[position].text != ")":
        if tokens[position].kind != "word":
            raise error_at(tokens[position], "a parameter is a name", ONE_LINE)
        parameters.append(tokens[position])
        position = _after_annotation(tokens, position + 1)
        if tokens[position].text == "=":
            raise error_at(tokens[position], "a default value is not read here", "leave it out; --at gives x its value")
        if tokens[position].text == ",":
            position += 1
        elif tokens[position].text != ")":
            raise error_at(tokens[position], "the parameters of the def line are not closed", ONE_LINE)
    if not parameters:
        raise error_at(tokens[position], f"{tokens[1].text} has no parameters", "a function is of something: def f(x):")
    position += 1
    while tokens[position].text != ":":
        if tokens[position].kind == "end":
            raise error_at(tokens[position], "the def line has no colon", ONE_LINE)
        _refuse_call(tokens[position])
        position += 1
    return tokens[1], parameters, position + 1


def _after_annotation(tokens: list[Token], position: int) -> int:
    """The position behind `: torch.Tensor`, if that stands there."""
    if tokens[position].text != ":":
        return position
    depth = 0
    while tokens[position].kind != "end" and (depth or tokens[position].text not in (",", ")", "=")):
        _refuse_call(tokens[position])
        depth += (tokens[position].text == "[") - (tokens[position].text == "]")
        position += 1
    return position


def _refuse_call(token: Token) -> None:
    if token.text == "(":
        raise error_at(token, "an annotation is a name, not a call", "leave it out: def f(x):")


def _simple(tokens: list[Token]) -> Statement:
    if _is_word(tokens[0], "return"):
        if tokens[1].kind == "end":
            raise error_at(tokens[1], "return stands alone", "write what it returns: return x^2")
        return Statement(tokens, tokens[1:], returns=True)
    words, position = _arrow(tokens) or _header(tokens)
    name, parameters = (words[0], words[1:] if len(words) > 1 else None) if words else (None, None)
    if parameters is None and (_is_word(tokens[position], "lambda") or tokens[position].text == "@"):
        found = _lambda(tokens, position + 1) or _handle(tokens, position + 1)
        if found is not None:
            parameters, position = found
    return Statement(tokens, tokens[position:], name, parameters)


def _augmented(tokens: list[Token]) -> Statement | None:
    """`y += x + 1` of Python as y = y + (x + 1); None where that does not stand there."""
    if tokens[0].kind != "word" or tokens[1].text not in ("+=", "-=", "*=", "/="):
        return None
    name, sign, *rest, last = tokens
    opening = Token("bracket", "(", sign.end - 1, sign.end)
    closing = Token("bracket", ")", last.start, last.start)
    operator = Token("operator", sign.text[0], sign.start, sign.end - 1)
    return Statement(tokens, [name, operator, opening, *rest, closing, last], name)


def _lambda(tokens: list[Token], position: int) -> tuple[list[Token], int] | None:
    """The parameters up to the colon, and the position behind it; None where `lambda` is the Greek letter."""
    parameters = []
    while tokens[position].kind == "word" and tokens[position + 1].text in (",", ":"):
        parameters.append(tokens[position])
        position += 2
        if tokens[position - 1].text == ":":
            return parameters, position
    return None


def _handle(tokens: list[Token], position: int) -> tuple[list[Token], int] | None:
    """The parameters of Matlab's `@(x, y)`, and the position behind them."""
    parameters = []
    while tokens[position].text in ("(", ",") and tokens[position + 1].kind == "word":
        parameters.append(tokens[position + 1])
        position += 2
    return (parameters, position + 1) if parameters and tokens[position].text == ")" else None


def _arrow(tokens: list[Token]) -> tuple[list[Token], int] | None:
    """The name and the parameters of `f: x -> x^2`, and the position behind the arrow; of `x -> x^2`, `(x, y) -> x*y` it is
    f."""
    texts = [token.text for token in tokens[:4]]
    first = tokens[0]._replace(text="f")
    if texts[1:2] == ["->"] and tokens[0].kind == "word":
        return [first, tokens[0]], 2
    if texts[1:2] == [":"] and texts[3:] == ["->"] and tokens[0].kind == tokens[2].kind == "word":
        return [tokens[0], tokens[2]], 4
    parameters, position = _handle(tokens, 0) or ([], 0)
    return ([first, *parameters], position + 1) if tokens[position].text == "->" and parameters else None


def _header(tokens: list[Token]) -> tuple[list[Token], int]:
    """The words of `name =` or `name(x, y) =` and how many tokens that took; none and 0 where there is no header."""
    words, position = tokens[:1], 1
    if tokens[1:] and tokens[1].text == "(":
        position = 2
        while tokens[position].kind == "word" and tokens[position + 1].text in (",", ")"):
            words.append(tokens[position])
            position += 2
        if tokens[position - 1].text != ")":
            return [], 0
    if tokens[0].kind != "word" or tokens[position].text not in ("=", ":=" if position > 1 else "="):
        return [], 0
    return words, position + 1


def _is_word(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text == word
