r"""The commands of LaTeX that take arguments in braces: `\frac{a}{b}`, `\sqrt[3]{x}`, `\log_3 x`."""

from __future__ import annotations

from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.latex_commands import meaning
from gradtui.expression.reading import Reading, Rule
from gradtui.expression.syntax import Node, Number
from gradtui.expression.syntax_errors import unexpected
from gradtui.expression.tokens import Token

ROOTS = {2: "sqrt", 3: "cbrt"}


def structure(rules: Reading) -> Rule[Node]:
    """The node of the command that comes next."""
    command = rules.advance()
    told = meaning(command.text)
    if told.structure == "frac":
        over = yield from _argument(rules)
        under = yield from _argument(rules)
        fraction = rules.build.binary("/", over, under)
        return rules.build.enclose(fraction, command.start, rules.end)
    assert told.pieces is not None  # log, with its base
    base = _base(rules, told.pieces[0], command)
    argument = yield from rules.argument(FUNCTIONS["log"], command)
    return rules.build.call(FUNCTIONS["log"], [(None, argument), (None, base)], command.start, rules.end)


def _base(rules: Reading, index: str, command: Token) -> Node:
    """The base of a logarithm: digits, or a name."""
    if index.isdigit():
        return rules.build.number(Token("number", index, command.start, command.end))
    return rules.scope.node(Token("word", index, command.start, command.end), called=False)


def root(rules: Reading, command: Token) -> Rule[Node]:
    r"""`\sqrt[n]{x}`, of which `\sqrt` is read."""
    rules.advance()
    index, after = rules.token, rules.tokens[rules.position + 1 :][:1]
    is_whole = index.kind == "number" and index.text.isdigit() and int(index.text) >= 2
    if not is_whole or after[0].text != "]":
        raise ExpressionError(
            "syntax", "a root has a whole number from 2 on", command.start, index.end, "write x^(1/n)"
        )
    rules.advance()
    rules.advance()
    inside = yield from _argument(rules)
    return nth_root(rules, int(index.text), inside, command)


def nth_root(rules: Reading, index: int, inside: Node, sign: Token) -> Node:
    """`inside`, of which the last token was just read, under the root that begins at `sign`."""
    if index in ROOTS:
        return rules.build.call(FUNCTIONS[ROOTS[index]], [(None, inside)], sign.start, rules.end)
    one, under = (Number(sign.start, sign.end, number) for number in (1, index))
    power = rules.build.binary("^", inside, rules.build.binary("/", one, under))
    return rules.build.enclose(power, sign.start, rules.end)


def bare_root(rules: Reading, command: Token) -> Rule[Node]:
    r"""`\sqrt2 x`, of which `\sqrt` is read: LaTeX draws the root over what comes next and no more."""
    inside = yield from _argument(rules)
    if rules.token.text == "^" or rules.token.kind == "superscript":
        message = "a power after \\sqrt can be read in two ways"
        raise ExpressionError("syntax", message, command.start, rules.token.end, "write \\sqrt{x^2} or {\\sqrt x}^2")
    return rules.build.call(FUNCTIONS["sqrt"], [(None, inside)], command.start, rules.end)


def _argument(rules: Reading) -> Rule[Node]:
    r"""What stands in braces, or one character: `\frac12` is 1/2."""
    token = rules.token
    if token.text == "{":
        return (yield from rules.group())
    if token.kind not in ("number", "word"):
        if token.kind == "error":
            raise unexpected(token, rules.before, None)
        hint = "write \\frac{a}{b}"
        raise ExpressionError("syntax", "something in braces is missing here", token.start, token.end, hint)
    letters = token.kind == "word" and token.text.isalpha() and not rules.is_command(token)
    if len(token.text) > 1 and (letters or token.text.isdigit()):
        rules.split(1)
    return (yield from rules.one())
