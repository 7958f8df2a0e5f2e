"""Where reading stopped, and why: the errors of the grammar itself."""

from __future__ import annotations

from gradtui.expression.did_you_mean import unknown_word, unreadable
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.tokens import Token

CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖", "⌊": "⌋", "⌈": "⌉"}
CALLED = {")": "parenthesis", "]": "bracket", "}": "brace", "|": "bar", "‖": "bar", "⌋": "hook", "⌉": "hook"}
EQUATION = "write == for a comparison in where; of an equation type one side, or left - (right)"
BARS = frozenset("|‖")
"""What opens and closes alike."""
QUOTES = ("'", "’", "′")
"""Behind something a prime asks for the derivative, before it they quote."""
COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))


def missing_operand(token: Token, before: Token | None, bracket: Token | None) -> ExpressionError:
    """`token` stands, or the text ends, where a number, a name or an opening bracket was expected."""
    if token.text[:1] in QUOTES and before and before.kind == "word" and before.end == token.start:
        return error_at(token, *unreadable(token.text))
    if token.text in QUOTES or token.kind == "string":
        return error_at(token, "quotation marks are not part of the language", "leave them out")
    if token.kind in ("error", "string"):
        return error_at(token, *unreadable(token.text))
    if token.kind == "superscript":
        return error_at(token, "there is nothing before the raised number", "write x² or x^2")
    after = f" after {before.text}" if before else ""
    if token.kind == "end":
        hint = _close(bracket) if bracket and before and before.kind != "operator" else "add a number or a name"
        return error_at(token, f"the expression stops{after}, where a number or a name is missing", hint)
    if before and CLOSING.get(before.text) == token.text and token.text not in BARS:
        return ExpressionError("syntax", f"there is nothing in {before.text} {token.text}", before.start, token.end)
    return error_at(token, f"a number or a name is missing{after or ' before'}{'' if after else f' {token.text}'}")


def unexpected(token: Token, bracket: Token | None) -> ExpressionError:
    """`token` cannot stand after something that is complete; `bracket` is the innermost one still open."""
    if token.kind in ("error", "string"):
        return error_at(token, *unreadable(token.text))
    if token.kind == "number":
        hint = f"write *{token.text} for a product, ^{token.text} for a power"
        return error_at(token, f"an operator is missing before {token.text}", hint)
    if token.kind == "superscript" or token.text == "^":
        return error_at(
            token, "a power of a raised number can be read in two ways", "use parentheses: (x²)^3 or x^(2^3)"
        )
    if token.text == ",":
        return error_at(token, "a comma only stands between arguments and in vectors", "a vector is written [1, 2, 3]")
    if token.text == "=":
        return error_at(token, "left of = stands a name: y = ... or f(x) = ...", EQUATION)
    if token.text == ".":
        return error_at(token, "a dot cannot stand here", "use parentheses: (x^2).sin()")
    if token.text in COMPARISONS:
        return error_at(
            token, "comparisons cannot be chained", "write where(a < x, where(x < b, inside, outside), outside)"
        )
    if token.kind in ("word", "qualified"):
        message, hint = unknown_word(token.text, called=False)
        return ExpressionError("name", message, token.start, token.end, hint)
    if bracket and bracket.text != token.text and (token.kind == "end" or token.text in CALLED):
        return unclosed(token, bracket)
    if token.text not in CALLED:
        return error_at(token, f"{token.text} cannot stand here")
    return error_at(token, f"there is no opening {CALLED[token.text]} for this {token.text}", f"leave out {token.text}")


def unclosed(token: Token, bracket: Token) -> ExpressionError:
    """`bracket` is still open where `token` stands, or where the text ends."""
    message = f"the {bracket.text} at character {bracket.start + 1} is not closed"
    return error_at(token, message, _close(bracket))


def _close(bracket: Token) -> str:
    closing = CLOSING[bracket.text]
    return f"add a closing {CALLED[closing]}{', or write abs(...)' if closing == '|' else ''}"


def error_at(token: Token, message: str, hint: str = "") -> ExpressionError:
    return ExpressionError("syntax", message, token.start, token.end, hint)
