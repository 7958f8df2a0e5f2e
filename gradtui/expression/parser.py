"""text -> Expression: the limits, the statements in turn, the names they bind. The rules of a statement are in grammar.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gradtui.expression.builder import Builder
from gradtui.expression.did_you_mean import DERIVATIVE, derivative_in
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.grammar import MOST_NESTED, TOO_DEEP, Rules
from gradtui.expression.reads_as import write
from gradtui.expression.scope import Scope
from gradtui.expression.statements import AFTER_RETURN, Statement, statements
from gradtui.expression.syntax import (
    Binary,
    Binding,
    Constant,
    Definition,
    Expression,
    Negation,
    Node,
    Number,
    Variable,
    postorder,
)
from gradtui.expression.tokens import Token, tokenize
from gradtui.expression.words_and_spellings import canonical

__all__ = ["ExpressionError", "parse"]

MOST_CHARACTERS = 10_000


def parse(text: str, names: Collection[str] = (), unusable: Mapping[str, str] | None = None) -> Expression:
    """Read `text`; `names` are variables whatever they are, `unusable` those that no function can be of, and why. Raises
    ExpressionError and nothing else."""
    if len(text) > MOST_CHARACTERS:
        message = f"the text has {len(text):,} characters; {MOST_CHARACTERS:,} is the most"
        raise ExpressionError("limit", message, MOST_CHARACTERS, len(text))
    builder = Builder()
    try:
        expression = _read(text, names, builder)
    except ExpressionError:
        place = derivative_in(text, names)
        if place is None:
            raise
        message = "a derivative is not part of the language"
        raise ExpressionError("syntax", message, *place, DERIVATIVE) from None
    if builder.deepest + builder.unwritten > MOST_NESTED:
        _check_reading(expression)
    _check_variables(expression, unusable or {})
    return expression


def _check_variables(expression: Expression, unusable: Mapping[str, str]) -> None:
    wrong = next((name for name in expression.variables if name in unusable), None)
    if wrong is not None:
        uses = (node for node in postorder(expression) if isinstance(node, Variable) and node.name == wrong)
        start, end = next(((node.start, node.end) for node in uses), (0, 0))
        raise ExpressionError("name", f"f uses {wrong}, and {unusable[wrong]}", start, end)


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
    *before, last = statements(tokenize(text, names), len(text))
    bindings: list[Binding] = []
    definitions: list[Definition] = []
    for statement in before:
        if statement.parameters is not None and statement.name is not None:
            definitions.append(_definition(statement, scope, builder))
        else:
            bindings.append(_binding(statement, scope, builder, last.returns))
    name = scope.bind(last.name, last.returns) if last.name else ""
    scope.declare(last.parameters or [])
    bindings += [_binding(line, scope, builder, in_python=True) for line in last.lines]
    scope.defining = name
    body = _value(last, scope, builder)
    if before and name and last.parameters is None:
        _check_value(last, body)
    variables = tuple(scope.variables)
    return Expression(text, name or "f", tuple(bindings), body, variables, bool(name), tuple(definitions))


def _check_value(last: Statement, body: Node) -> None:
    """`f(x) = x^2; x = 3` gives x a value, and asks for no function that is 3."""
    nodes = [body]
    while nodes and isinstance(nodes[-1], Number | Constant | Negation | Binary):
        nodes += nodes.pop().operands
    if not nodes and last.name is not None:
        start, end = last.tokens[0].start, last.tokens[-1].end
        message = f"the last line is the function, and {last.name.text} is a number there"
        raise ExpressionError("syntax", message, start, end, f"a value is given by --at {last.name.text}=3")


def _check_depth(tokens: Sequence[Token]) -> None:
    """Of parentheses, before it is looked for where each one closes; the grammar counts all that is nested."""
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth > MOST_NESTED:
            raise ExpressionError("limit", TOO_DEEP, token.start, token.end)


def _value(statement: Statement, scope: Scope, builder: Builder) -> Node:
    tokens = scope.in_signs(statement.value)
    _check_depth(tokens)
    tokens = scope.without_modules(tokens)
    scope.refuse_differences(tokens)
    return Rules(tokens, scope, builder).value()


def _binding(statement: Statement, scope: Scope, builder: Builder, in_python: bool) -> Binding:
    """`name = value`, and from here on the name means the value."""
    if statement.name is None or statement.returns:
        if statement.name is None:
            _value(statement, scope, builder)  # what is wrong inside comes first
        message = AFTER_RETURN if statement.returns else "only the last line is the function"
        hint = "give its value a name to use it further on: a = x^2; sin(a)"
        start, end = statement.tokens[0].start, statement.tokens[-1].end
        raise ExpressionError("syntax", message, start, end, hint)
    name = scope.rebind(statement.name) if in_python else scope.bind(statement.name)
    node = _value(statement, scope, builder)
    written = canonical(statement.name.text)
    scope.bindings[written], scope.spelled[written] = node, name
    scope.defining = ""
    if not scope.parameters:
        builder.bound.add(node)
    return Binding(name, node)


def _definition(statement: Statement, scope: Scope, builder: Builder) -> Definition:
    """`g(t) = value`, and from here on g means that function."""
    assert statement.name is not None
    name = scope.define(statement.name, statement.parameters or [], statement.returns)
    parameters = tuple(canonical(token.text) for token in statement.parameters or [])
    lines = []
    for line in statement.lines:
        lines.append(_binding(line, scope, builder, in_python=True))
        scope.defining = name
    definition = Definition(name, parameters, _value(statement, scope, builder), tuple(lines))
    scope.defined(definition, [canonical(line.name.text) for line in statement.lines if line.name])
    return definition
