r"""The commands of LaTeX that take arguments in braces: `\frac{a}{b}`, `\sqrt[3]{x}`, `\log_3 x`."""

from __future__ import annotations

import math

from gradtui.expression.call_arguments import Argument
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.latex_commands import CASES_END, ROW_END, meaning
from gradtui.expression.reading import Reading, Rule
from gradtui.expression.reads_as import write_node
from gradtui.expression.syntax import Comparison, ComparisonOperator, Constant, Joined, Node, Number
from gradtui.expression.syntax_errors import unexpected
from gradtui.expression.tokens import Token

IF_WORDS = frozenset(("if", "for", "when", "wenn", "falls"))
ELSE_WORDS = frozenset(("otherwise", "else", "sonst"))
COMPLEMENTS: tuple[set[ComparisonOperator], ...] = ({"<", ">="}, {">", "<="}, {"==", "!="})
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
    if told.structure == "cases":
        return (yield from cases(rules, command))
    assert told.pieces is not None  # log, with its base
    return (yield from logarithm(rules, told.pieces[0], command))


def logarithm(rules: Reading, index: str, command: Token) -> Rule[Node]:
    """The logarithm to the base `index`; its argument comes next."""
    base = _base(rules, index, command)
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


def cases(rules: Reading, command: Token) -> Rule[Node]:
    r"""`\begin{cases} x^2 & x > 0 \\ -x & x \le 0 \end{cases}`: a where in a where, nan where no case holds."""
    rows: list[tuple[Node, Comparison | Joined | None]] = []
    while True:
        result = yield rules.sum()
        while rules.token.text in (",", "&"):
            rules.advance()
        rows.append((result, (yield from _case(rules))))
        while rules.token.text in (",", "."):
            rules.advance()
        if rules.token.text == CASES_END:
            break
        if rules.token.text != ROW_END or rows[-1][1] is None:
            message = "the cases do not end here"
            hint = "a \\\\ parts two cases, and \\end{cases} stands after the last, as after \\text{otherwise}"
            raise ExpressionError("syntax", message, rules.token.start, rules.token.end, hint)
        rules.advance()
        if rules.token.text == CASES_END:
            break
    rules.advance()
    return _where(rules, rows, command)


def _case(rules: Reading) -> Rule[Comparison | Joined | None]:
    """The condition of one row, None for `otherwise`."""
    while rules.token.text in IF_WORDS:
        rules.advance()
    if rules.token.text in ELSE_WORDS:
        rules.advance()
        return None
    place = rules.token
    condition = None if place.text in (CASES_END, ROW_END) else (yield rules.condition())
    if not isinstance(condition, Comparison | Joined):
        message = "each case has its condition after &"
        raise ExpressionError("syntax", message, place.start, place.end, "write x^2 & x > 0, or \\text{otherwise}")
    return condition


def _where(rules: Reading, rows: list[tuple[Node, Comparison | Joined | None]], command: Token) -> Node:
    rest, last = rows[-1]
    before = rows[-2][1] if len(rows) > 1 else None
    if last is not None and not (before and _is_complement(before, last)):
        undefined = Constant(command.start, command.end, "nan", math.nan)
        rest = rules.build.call(FUNCTIONS["where"], [(None, last), (None, rest), (None, undefined)], *command[2:])
    for result, condition in reversed(rows[:-1]):
        assert condition is not None
        arguments: list[Argument] = [(None, condition), (None, result), (None, rest)]
        rest = rules.build.call(FUNCTIONS["where"], arguments, command.start, rules.end)
    return rest


def _is_complement(one: Node, other: Node) -> bool:
    """Whether exactly one of two comparisons holds: `x > 0` and `x <= 0`."""
    if not (isinstance(one, Comparison) and isinstance(other, Comparison)):
        return False
    same = all(map(_is_same, one.operands, other.operands))
    return same and {one.operator, other.operator} in COMPLEMENTS


def _is_same(one: Node, other: Node) -> bool:
    """Whether two nodes are one value; the `0.` that ends a sentence is 0."""
    if isinstance(one, Number) and isinstance(other, Number):
        return one.value == other.value
    return write_node(one) == write_node(other)


def _argument(rules: Reading) -> Rule[Node]:
    r"""What stands in braces, or one character: `\frac12` is 1/2."""
    token = rules.token
    if token.text == "{":
        return (yield from rules.group())
    if token.kind not in ("number", "word"):
        if token.kind == "error":
            raise unexpected(token, None)
        hint = "write \\frac{a}{b}"
        raise ExpressionError("syntax", "something in braces is missing here", token.start, token.end, hint)
    letters = token.kind == "word" and token.text.isalnum() and not rules.is_command(token)
    if len(token.text) > 1 and (letters or token.text.isdigit()):
        rules.split(1)
    return (yield from rules.one())
