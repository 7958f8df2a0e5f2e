"""text -> Expression. A recursive descent (grammar.py) over tokens (tokens.py), one method a rule of this grammar:

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

from collections.abc import Collection

from gradtui.expression.builder import Builder
from gradtui.expression.errors import ExpressionError
from gradtui.expression.grammar import MOST_NESTED, Rules
from gradtui.expression.notation import write
from gradtui.expression.scope import Scope
from gradtui.expression.syntax import Binding, Expression
from gradtui.expression.tokens import Token, tokenize

__all__ = ["ExpressionError", "parse"]

MOST_CHARACTERS = 10_000


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read `text`; `names` are variables whatever they are. Raises ExpressionError and nothing else."""
    if len(text) > MOST_CHARACTERS:
        message = f"the text has {len(text):,} characters; {MOST_CHARACTERS:,} is the most"
        raise ExpressionError("limit", message, MOST_CHARACTERS, len(text))
    builder = Builder()
    expression = _read(text, names, builder)
    if builder.deepest + builder.unwritten > MOST_NESTED:
        _check_reading(expression)
    return expression


def _check_reading(expression: Expression) -> None:
    """What is accepted reads back from its echo, in which methods and powers of powers nest deeper than in the text."""
    try:
        _read(write(expression), expression.variables, Builder())
    except ExpressionError:
        message = f"with all its parentheses this is nested more than {MOST_NESTED} deep"
        hint = "give its pieces names: a = x^2; sin(a)"
        raise ExpressionError("limit", message, 0, len(expression.text), hint) from None


def _read(text: str, names: Collection[str], builder: Builder) -> Expression:
    scope = Scope(text, names)
    *bound, last = _statements(text, names)
    bindings = tuple(_binding(tokens, scope, builder) for tokens in bound)
    tokens = scope.without_modules(last)
    header, equals = _header(tokens)
    name = scope.bind(header[0]) if header else ""
    scope.declare(header[1:])
    body = Rules(tokens, scope, builder).value_from(equals)
    return Expression(text, name or "f", bindings, body, tuple(scope.variables), bool(header))


def _statements(text: str, names: Collection[str]) -> list[list[Token]]:
    """The tokens of each statement; an `end` token closes it, where something more was expected."""
    statements: list[list[Token]] = []
    current: list[Token] = []
    for token in [*tokenize(text, names), Token("newline", "", len(text), len(text))]:
        if token.kind != "newline" and token.text != ";":
            current.append(token)
        elif current:
            statements.append([*current, Token("end", "", token.start, token.start)])
            current = []
    if not statements:
        raise ExpressionError("syntax", "there is no expression yet", 0, len(text), "type one: x^2 + 3x + 1")
    return statements


def _binding(tokens: list[Token], scope: Scope, builder: Builder) -> Binding:
    """`name = value`, and from here on the name means the value."""
    tokens = scope.without_modules(tokens)
    header, equals = _header(tokens)
    if len(header) != 1:
        if not header:
            Rules(tokens, scope, builder).value_from(0)  # what is wrong inside comes first
        hint = "give its value a name to use it further on: a = x^2; sin(a)"
        start, end = tokens[0].start, tokens[-1].end
        raise ExpressionError("syntax", "only the last line is the function", start, end, hint)
    name = scope.bind(header[0])
    node = Rules(tokens, scope, builder).value_from(equals)
    scope.bindings[name] = node
    scope.defining = ""
    return Binding(name, node)


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
    if tokens[0].kind != "word" or tokens[position].text != "=":
        return [], 0
    return words, position + 1
