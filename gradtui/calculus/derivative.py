"""The symbolic derivative, built from our own syntax tree: a second way to f'. Imports sympy, never torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy

from gradtui.calculus import vectors
from gradtui.calculus.digits import Program
from gradtui.calculus.functions import COUNTERPARTS
from gradtui.calculus.reals import BENT, Elements, Expr, Vector, mp
from gradtui.calculus.vectors import GiveUpError
from gradtui.calculus.writer import Style, UnwritableError, as_it_is, worded
from gradtui.expression import syntax
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.syntax import Expression, fold
from gradtui.snapshot.model import Derivative, Request, default_at

MOST_WORK = 2_000
"""Size of the derivative, written out, up to which it is looked for: under a second."""
MOST_SIZE = 10_000
"""The same for f itself."""
MOST_BITS = 4_096
"""Size of an exact number: a float ends at 1024."""
TIME_TO_SIMPLIFY = 0.4
NUDGE = mp.mpf("1e-20")
"""How far beside x the derivative is looked at, to see whether f has a corner there."""
AGREEMENT = mp.mpf("1e-9")

TOO_LARGE = "the expression is too large for a symbolic derivative"
NO_NUMBER = "f is not a finite real number for any x"

At = dict[str, float | tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Partial:
    """The derivative by one variable: its words, and a program for [f, derivative]."""

    text: str | None
    program: Program
    simplified: bool
    note: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that does not depend on where the variables stand. program: [f, derivative by each variable in order].

    bent: f has corners or jumps somewhere.
    """

    partials: dict[str, Partial]
    program: Program
    bent: bool


def derivatives(request: Request) -> dict[str, Derivative]:
    """For every variable of the expression; {} for a text that is no expression. Never raises.

    Where f is a vector it is the derivative of sum(f), for each element of the variable.
    """
    names = frozenset((*request.at, *request.names))
    try:
        expression = _parsed(request.expression, names)
    except ExpressionError:
        return {}
    at: At = {name: request.at.get(name, default_at(name)) for name in expression.variables}
    counts = tuple((name, len(value) if isinstance(value, tuple) else 0) for name, value in at.items())
    try:
        return _evaluated(_prepared(request.expression, names, counts), at)
    except GiveUpError as reason:
        note = str(reason)
    except RecursionError:
        note = TOO_LARGE
    except Exception as error:
        note = f"no symbolic derivative: sympy stopped with {type(error).__name__}"
    return {name: Derivative(None, (None,) * max(1, count), False, note) for name, count in counts}


@lru_cache(maxsize=64)
def _parsed(text: str, names: frozenset[str]) -> Expression:
    return parse(text, names)


@lru_cache(maxsize=64)
def _prepared(text: str, names: frozenset[str], counts: tuple[tuple[str, int], ...]) -> Prepared:
    """counts: elements of each variable, 0 for a scalar."""
    expression = _parsed(text, names)
    size, work = _sizes(expression)
    if size > MOST_SIZE or work > MOST_WORK:
        raise GiveUpError(TOO_LARGE)
    length = _length(expression, counts)
    symbols = {name: (Elements if count else sympy.Symbol)(name, real=True) for name, count in counts}
    f = _built(expression, symbols)
    style = Style(expression.variables, _has_decimals(expression), _has_e_to_the(expression))
    deadline = time.perf_counter() + TIME_TO_SIMPLIFY
    slopes = {name: vectors.gradient(f, symbol, length) for name, symbol in symbols.items()}
    partials = {name: _partial(f, slope, length, style, deadline) for name, slope in slopes.items()}
    bent = not {type(part).__name__ for part in sympy.preorder_traversal(f)}.isdisjoint(BENT)
    return Prepared(partials, Program([f, *slopes.values()], length), bent)


def _partial(f: Expr, slope: Expr, length: int, style: Style, deadline: float) -> Partial:
    program = Program([f, slope], length)
    try:
        early = time.perf_counter() < deadline
        text, simplified = worded(slope, style) if early else (as_it_is(slope, style), False)
        return Partial(text, program, simplified, "")
    except UnwritableError as reason:
        return Partial(None, program, False, str(reason))


def _sizes(expression: Expression) -> tuple[int, int]:
    """About how large f and its derivative get, written out: what is shared by name counts each time."""

    def combine(node: syntax.Node, operands: list[tuple[int, int]]) -> tuple[int, int]:
        size = min(10**9, 1 + sum(size for size, _ in operands))
        change = sum(change for _, change in operands)
        match node:
            case syntax.Variable():
                change = 1
            case syntax.Binary(operator="*"):
                change += sum(size for size, _ in operands) if change else 0
            case syntax.Binary(operator="/" | "^") | syntax.Call():
                change += 2 * size if change else 0
        return size, min(10**9, change)

    return fold(expression, combine)[expression.body]


def _length(expression: Expression, counts: tuple[tuple[str, int], ...]) -> int:
    lengths = {count for _, count in counts if count}
    lengths |= {len(node.items) for node in syntax.postorder(expression) if isinstance(node, syntax.Vector)}
    if len(lengths) > 1:
        raise GiveUpError("vectors of different lengths mix here")
    return lengths.pop() if lengths else 1


def _has_decimals(expression: Expression) -> bool:
    return any(
        isinstance(node, syntax.Number) and isinstance(node.value, float) and not node.value.is_integer()
        for node in syntax.postorder(expression)
    )


def _has_e_to_the(expression: Expression) -> bool:
    """Whether the person writes `e^x`, and never `exp(x)`."""
    nodes = syntax.postorder(expression)
    calls = any(isinstance(node, syntax.Call) and node.function == "exp" for node in nodes)
    return not calls and any(isinstance(node, syntax.Constant) and node.name == "e" for node in nodes)


def _built(expression: Expression, symbols: dict[str, Expr]) -> Expr:
    """The sympy expression. A sum stays a list of terms until it is used: a long one would cost its square."""

    def combine(node: syntax.Node, operands: list[Expr]) -> Expr:
        if isinstance(node, syntax.Binary) and node.operator in ("+", "-"):
            left, right = operands
            terms = left if isinstance(left, list) else [left]
            terms.append(_closed(right) if node.operator == "+" else -_closed(right))
            return terms
        return _combined(node, [_closed(operand) for operand in operands], symbols)

    f = _closed(fold(expression, combine)[expression.body])
    if f.has(sympy.oo, sympy.zoo, sympy.nan, sympy.I):
        raise GiveUpError(NO_NUMBER)
    return f


def _closed(value: Expr) -> Expr:
    return sympy.Add(*value) if isinstance(value, list) else value


def _combined(node: syntax.Node, operands: list[Expr], symbols: dict[str, Expr]) -> Expr:
    match node:
        case syntax.Number():
            exact = Fraction(repr(node.value))
            return sympy.Rational(exact.numerator, exact.denominator)
        case syntax.Constant():
            return CONSTANTS[node.name]
        case syntax.Variable():
            return symbols[node.name]
        case syntax.Reference():
            return operands[0]
        case syntax.Negation():
            return -operands[0]
        case syntax.Binary():
            return ARITHMETIC[node.operator](*operands)
        case syntax.Comparison():
            return operands[0], node.operator, operands[1]
        case syntax.Vector():
            return Vector(*operands)
        case syntax.Call():
            return COUNTERPARTS[node.function](*operands)
    raise GiveUpError(f"calculus knows no {type(node).__name__}")


def _power(base: Expr, exponent: Expr) -> Expr:
    if base.is_Rational and exponent.is_Rational:
        bits = max(int(base.p).bit_length(), int(base.q).bit_length()) - 1
        if bits * abs(exponent) > MOST_BITS:
            raise GiveUpError("a number here is too large to be exact")
    return base**exponent


CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "inf": sympy.oo, "nan": sympy.nan}
ARITHMETIC: dict[str, Callable[[Expr, Expr], Expr]] = {
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": _power,
}


def _evaluated(prepared: Prepared, at: At) -> dict[str, Derivative]:
    place = {name: _exact(value) for name, value in at.items()}
    f, *slopes = prepared.program.at(place)
    answer = {}
    for (name, partial), slope in zip(prepared.partials.items(), slopes, strict=True):
        if prepared.bent:
            sides = (place | {name: _moved(place[name], side)} for side in (-NUDGE, NUDGE))
            left, right = map(partial.program.at, sides)
            numbers = _each(_smooth, f, slope, *left, *right)
        else:
            numbers = _each(lambda f, slope: slope if mp.isfinite(f) else mp.nan, f, slope)
        told = tuple(map(_float, _by_element(numbers, at[name])))
        answer[name] = Derivative(partial.text, told, partial.simplified, partial.note)
    return answer


def _by_element(numbers: Expr, value: float | tuple[float, ...]) -> list[Expr]:
    """One number for each element of the variable; a scalar beside vectors has none where one of them has none."""
    if isinstance(value, tuple):
        return numbers if isinstance(numbers, list) else [numbers] * len(value)
    return [max(numbers, key=mp.isnan)] if isinstance(numbers, list) else [numbers]


def _exact(value: float | tuple[float, ...]) -> Expr:
    """The number that was typed, not its binary neighbour: 4.3 is 43/10."""
    return [mp.mpf(repr(number)) for number in value] if isinstance(value, tuple) else mp.mpf(repr(value))


def _moved(value: Expr, nudge: Expr) -> Expr:
    return [_moved(item, nudge) for item in value] if isinstance(value, list) else value + nudge * max(1, abs(value))


def _smooth(f: Expr, slope: Expr, f_left: Expr, left: Expr, f_right: Expr, right: Expr) -> Expr:
    """The slope, if f is continuous here and the slope the same on both sides."""
    size = max(1, abs(slope), abs(left), abs(right)) * AGREEMENT
    continuous = abs(f_right - f_left) < max(1, abs(f)) * AGREEMENT
    return slope if continuous and abs(left - slope) < size and abs(right - slope) < size else mp.nan


def _each(function: Callable[..., Expr], *values: Expr) -> Expr:
    """By element where there are vectors: a number stands for each of its elements."""
    lengths = [len(value) for value in values if isinstance(value, list)]
    if not lengths:
        return function(*values)
    rows = zip(*(value if isinstance(value, list) else [value] * lengths[0] for value in values), strict=True)
    return [function(*row) for row in rows]


def _float(number: Expr) -> float | None:
    return None if mp.isnan(number) else float(number)
