"""An expression of the language as one of sympy: its values and variables, and what each piece of it is there."""

from __future__ import annotations

from collections.abc import Callable, Set
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import sympy
from msgspec.structs import replace

from gradtui.calculus import losses
from gradtui.calculus.derivative_rules import Elements, Expr, Vector
from gradtui.calculus.digits import Digits, digits_for
from gradtui.calculus.functions import COUNTERPARTS
from gradtui.calculus.vectors import SCALAR_VALUED, GiveUpError, is_vector
from gradtui.expression import syntax
from gradtui.expression.parser import parse
from gradtui.expression.syntax import Expression, averaged, copied, fold
from gradtui.snapshot.defaults import default_at
from gradtui.snapshot.model import Request

LOSSES = {*losses.ELEMENTWISE, *losses.CLASSES}
MOST_BITS = 4_096
"""Size of an exact number: a float ends at 1024."""

LARGEST = 10**308
NO_VECTOR = "sympy makes a single number of a vector here"
NO_NUMBER = "f is not a finite real number for any x"

At = dict[str, float | tuple[float, ...]]
Counts = tuple[tuple[str, int], ...]
"""The variables, each with how many elements it has; 0 for a scalar."""


def element(name: str, place: int) -> str:
    """As it is typed, and the name of its symbol."""
    return f"{name}[{place}]"


class NumberOfVectorError(GiveUpError):
    """One symbol does not stand for all elements."""


class Formula(NamedTuple):
    """What a person typed. names: that are variables whatever they are. data: those that are columns, over whose rows a vector
    is averaged."""

    text: str
    names: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()


def formula_of(request: Request) -> Formula:
    return Formula(request.expression, frozenset((*request.at, *request.names)), frozenset(request.data))


@lru_cache(maxsize=64)
def parsed(formula: Formula) -> Expression:
    return parse(formula.text, formula.names)


@lru_cache(maxsize=64)
def differentiated(formula: Formula, counts: Counts) -> Expression:
    """f, or its mean where it has an element for each row of data; of the variables as `places` has them."""
    expression = parsed(formula)
    if not formula.data:
        return expression
    apart = {*expression.variables} - {name for name, _ in counts}
    if apart:
        expression = _of_elements(expression, apart, tuple(name for name, _ in counts))
    return averaged(expression) if _has_elements(expression, counts) else expression


def _of_elements(expression: Expression, apart: Set[str], variables: tuple[str, ...]) -> Expression:
    """With a variable for each element that is picked of these."""

    def instead(node: syntax.Node) -> syntax.Node | None:
        if (
            isinstance(node, syntax.Element)
            and isinstance(node.operand, syntax.Variable)
            and node.operand.name in apart
        ):
            count = sum(one.startswith(f"{node.operand.name}[") for one in variables)
            if not -count <= node.index < count:
                raise GiveUpError("there is no such element")
            return syntax.Variable(node.start, node.end, element(node.operand.name, node.index % count))
        return None

    return replace(expression, body=copied(expression.body, instead), bindings=(), variables=variables)


@lru_cache(maxsize=64)
def _picked(expression: Expression) -> frozenset[str]:
    """The variables of which nothing but elements is used."""
    whole: set[str] = set()
    picked: set[str] = set()
    for node in syntax.postorder(expression):
        names = {one.name for one in node.operands if isinstance(one, syntax.Variable)}
        (picked if isinstance(node, syntax.Element) else whole).update(names)
    return frozenset(picked - whole)


def _has_elements(expression: Expression, counts: Counts) -> bool:
    vectors = {name for name, count in counts if count}
    spread: dict[syntax.Node, bool] = {}
    for node in syntax.postorder(expression):
        spread[node] = _is_spread(node, vectors, spread)
    return spread[expression.body]


def free(counts: Counts, data: Set[str]) -> Counts:
    """The variables without the columns of data, which are differentiated by none."""
    return tuple((name, count) for name, count in counts if name not in data)


def places(expression: Expression, request: Request) -> At:
    """Where each variable stands. Beside columns of data, a vector of which nothing but elements is used is as many variables:
    only the columns have an element for each row."""
    found: At = {}
    apart = _picked(expression) - {*request.data} if request.data else ()
    for name in expression.variables:
        value = request.at.get(name, default_at(name))
        if name in apart and isinstance(value, tuple):
            found |= {element(name, number): one for number, one in enumerate(value)}
        else:
            found[name] = value
    return found


def stood(request: Request) -> tuple[Expression, At]:
    """f as it is typed, and where its variables stand. Raises ExpressionError."""
    expression = parsed(formula_of(request))
    return expression, places(expression, request)


def counts(at: At) -> Counts:
    return tuple((name, len(value) if isinstance(value, tuple) else 0) for name, value in at.items())


def digits(expression: Expression, at: At) -> Digits:
    """How many to work with: by where it stands, and by the numbers and functions in it."""
    places = [number for value in at.values() for number in (value if isinstance(value, tuple) else (value,))]
    written, functions = _parts(expression)
    return digits_for([*places, *written], functions)


@lru_cache(maxsize=64)
def _parts(expression: Expression) -> tuple[tuple[float, ...], frozenset[str]]:
    nodes = syntax.postorder(expression)
    numbers = [node.value for node in nodes if isinstance(node, syntax.Number)]
    functions = frozenset(node.function for node in nodes if isinstance(node, syntax.Call))
    return tuple(float(number) for number in numbers if abs(number) < LARGEST), functions


def has_one_length(expression: Expression, counts: Counts) -> bool:
    """Whether there is but one length of vectors, or none."""
    return len(_lengths(expression, counts)) < 2


def _lengths(expression: Expression, counts: Counts) -> set[int]:
    lengths = {count for _, count in counts if count}
    return lengths | {len(node.items) for node in syntax.postorder(expression) if isinstance(node, syntax.Vector)}


def common_length(expression: Expression, counts: Counts) -> int:
    """That of every vector, 1 where there is none."""
    lengths = _lengths(expression, counts)
    if len(lengths) > 1:
        raise GiveUpError("vectors of different lengths mix here")
    return lengths.pop() if lengths else 1


def built(expression: Expression, symbols: dict[str, Expr], length: int) -> Expr:
    """The sympy expression. A sum stays a list of terms until it is used: a long one would cost its square.

    Raises GiveUpError where f is no number, NumberOfVectorError where sympy makes one of a vector: to it x - x is 0, however
    many x are.
    """
    vectors = {name for name, symbol in symbols.items() if isinstance(symbol, Elements)}
    spread: dict[syntax.Node, bool] = {}

    def whole(node: syntax.Node, value: Expr) -> Expr:
        closed = sympy.Add(*value) if isinstance(value, list) else value
        if spread[node] and not isinstance(closed, tuple) and not is_vector(closed):
            raise NumberOfVectorError(NO_VECTOR)
        return closed

    def combine(node: syntax.Node, operands: list[Expr]) -> Expr:
        spread[node] = _is_spread(node, vectors, spread)
        if isinstance(node, syntax.Binary) and node.operator in ("+", "-"):
            left, right = operands
            terms = left if isinstance(left, list) else [left]
            last = whole(node.right, right)
            terms.append(last if node.operator == "+" else -last)
            return terms
        parts = [whole(operand, value) for operand, value in zip(node.operands, operands, strict=True)]
        return combined(node, parts, symbols, length)

    f = whole(expression.body, fold(expression, combine)[expression.body])
    if f.has(sympy.oo, sympy.zoo, sympy.nan, sympy.I):
        raise GiveUpError(NO_NUMBER)
    return f


def _is_spread(node: syntax.Node, vectors: Set[str], spread: dict[syntax.Node, bool]) -> bool:
    """Whether it has elements, by the text alone."""
    match node:
        case syntax.Variable():
            return node.name in vectors
        case syntax.Vector() | syntax.Slice():
            return True
        case syntax.Element():
            return False
        case syntax.Call() if makes_number(node):
            return False
    return any(spread[operand] for operand in node.operands)


def makes_number(node: syntax.Node) -> bool:
    """Whether it is a function of all elements of a vector that gives one number."""
    if not isinstance(node, syntax.Call):
        return False
    if node.function in LOSSES:
        return node.function in losses.CLASSES or ("reduction", "none") not in node.words
    name = (
        {"max": "amax", "min": "amin"}.get(node.function, node.function) if len(node.arguments) == 1 else node.function
    )
    return name in SCALAR_VALUED


def combined(node: syntax.Node, operands: list[Expr], symbols: dict[str, Expr], length: int) -> Expr:
    """One node, of what its operands are. length: that of every vector.

    Raises GiveUpError for what calculus does not know."""
    match node:
        case syntax.Number():
            exact = Fraction(repr(node.value))
            return sympy.Rational(exact.numerator, exact.denominator)
        case syntax.Constant():
            return CONSTANTS[node.name]
        case syntax.Variable():
            return symbols[node.name]
        case syntax.Reference():
            return operands[-1]
        case syntax.Negation():
            return -operands[0]
        case syntax.Binary():
            return ARITHMETIC[node.operator](*operands)
        case syntax.Comparison():
            return operands[0], node.operator, operands[1]
        case syntax.Vector():
            return Vector(*operands)
        case syntax.Call() if node.function in LOSSES:
            placed = len(operands) - len(node.keywords)
            options = {**dict(zip(node.keywords, operands[placed:], strict=True)), **dict(node.words)}
            return COUNTERPARTS[node.function](*operands[:placed], length=length, **options)
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
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": _power,
}
