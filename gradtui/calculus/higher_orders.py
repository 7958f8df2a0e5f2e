"""The symbolic derivatives of higher order, by each variable alone, element by element."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

import sympy
from msgspec.structs import replace

from gradtui.calculus import derivative, derivative_rules, spelled_out, vectors
from gradtui.calculus.algebraic_forms import is_small
from gradtui.calculus.derivative import MOST_SIMPLIFIED, TOO_LARGE, Partial, Prepared
from gradtui.calculus.derivative_rules import Elements, Expr, Vector
from gradtui.calculus.digits import Program
from gradtui.calculus.from_sympy import Style
from gradtui.calculus.to_sympy import (
    At,
    Counts,
    Formula,
    NumberOfVectorError,
    built,
    combined,
    common_length,
    counts,
    differentiated,
    digits,
    element,
    formula_of,
    free,
    has_one_length,
)
from gradtui.calculus.vectors import GiveUpError
from gradtui.expression.syntax import Expression
from gradtui.snapshot.model import Request
from gradtui.snapshot.truth import Derivative

MOST_OPERATIONS = 2_000
"""In a derivative that is differentiated once more."""

Symbols = dict[str, list[Expr]]


def derivatives(request: Request) -> dict[str, Derivative]:
    """The derivative of order `request.orders.most` by every variable; {} for a text that is no expression. Never raises.

    Where there is none of a lower order there is no number: the formula may have one there, as -1/x^2 where log has no value.
    """
    assert request.orders is not None
    most = request.orders.most

    def by_each(expression: Expression, at: At) -> dict[str, Derivative]:
        try:
            found = derivative.by_each(request, expression, at)
        except GiveUpError:
            found = {}
        for order in range(2 if most > 1 and found else 1, most + 1):
            for prepared in _prepared(formula_of(request), counts(at), order):
                told = derivative.evaluated(prepared, at, request.dtype, digits(expression, at))
                found |= {name: _where(one, found.get(name)) for name, one in told.items()}
        return found

    return derivative.as_far_as_known(request, by_each)


def _where(told: Derivative, lower: Derivative | None) -> Derivative:
    if lower is None or None not in lower.numbers:
        return told
    numbers = (None if before is None else one for before, one in zip(lower.numbers, told.numbers, strict=True))
    return replace(told, numbers=tuple(numbers))


@lru_cache(maxsize=64)
def _prepared(formula: Formula, counts: Counts, order: int) -> tuple[Prepared, ...]:
    """One for each variable: what is differentiated is another for each."""
    expression = differentiated(formula, counts)
    whole, length = in_whole_vectors(formula, counts), length_of(formula, counts)
    style = derivative.style_of(expression, expression.variables) if whole else _style(expression, counts)
    told, left = [], MOST_SIMPLIFIED
    for name, count in free(counts, formula.data):
        before = _raw(formula, counts, order - 1)[name]
        slopes = _raw(formula, counts, order)[name]
        left -= sum(int(sympy.count_ops(slope)) for slope in slopes if is_small(slope))
        written = [
            derivative.partial(one, slope, length, style, left >= 0) for one, slope in zip(before, slopes, strict=True)
        ]
        together = [Vector(*before), Vector(*slopes)] if count else [before[0], slopes[0]]
        program = Program(together, length if whole else max(1, *(count for _, count in counts)))
        note = next((one.note for one in written if one.text is None), "")
        texts = [one.text or "" for one in written]
        words = None if note else _of_elements(texts, counts) if count else texts[0]
        simplified = all(one.simplified for one in written)
        partials = {name: Partial(words, program, simplified, note)}
        bent = any(derivative.is_bent(one) for one in before)
        told.append(Prepared(partials, program, bent, spelled=whole is None))
    return tuple(told)


@lru_cache(maxsize=64)
def _raw(formula: Formula, counts: Counts, order: int) -> dict[str, tuple[Expr, ...]]:
    """The derivative of this order by each element of each variable; of order 0 f itself."""
    symbols = _symbols(free(counts, formula.data))
    if order == 0:
        f = total_of(formula, counts)
        return {name: (f,) * len(each) for name, each in symbols.items()}
    before, length = _raw(formula, counts, order - 1), length_of(formula, counts)
    return {
        name: tuple(_diff(one, symbol, length) for one, symbol in zip(before[name], each, strict=True))
        for name, each in symbols.items()
    }


def total_of(formula: Formula, counts: Counts) -> Expr:
    """f itself, or the sum of its elements, with a symbol for each vector, or for each of its elements. Raises GiveUpError."""
    whole = in_whole_vectors(formula, counts)
    return _spelled(formula, counts) if whole is None else whole


@lru_cache(maxsize=64)
def in_whole_vectors(formula: Formula, counts: Counts) -> Expr | None:
    """f, or the sum of its elements, with one symbol for each vector, which can be where it is differentiated by none; None
    where it cannot. Raises GiveUpError."""
    expression = differentiated(formula, counts)
    derivative.check_size(expression)
    has_variable = any(count for _, count in free(counts, formula.data))
    if has_variable or spelled_out.is_needed(expression) or not has_one_length(expression, counts):
        return None
    symbols = {name: (Elements if count else sympy.Symbol)(name, real=True) for name, count in counts}
    try:
        f = built(expression, symbols, common_length(expression, counts))
    except NumberOfVectorError:
        return None
    return vectors.KINDS["sum"](f) if vectors.is_vector(f) else f


def length_of(formula: Formula, counts: Counts) -> int:
    """Of the vectors that are one symbol each, 1 where none is."""
    whole = in_whole_vectors(formula, counts)
    return 1 if whole is None else common_length(differentiated(formula, counts), counts)


def _diff(expression: Expr, symbol: Expr, length: int) -> Expr:
    """sympy's own sign has Dirac's delta for a derivative; that of the language is flat."""
    if sympy.count_ops(expression) > MOST_OPERATIONS:
        raise GiveUpError(TOO_LARGE)
    return vectors.gradient(expression, symbol, length).replace(sympy.sign, derivative_rules.sign)


def _of_elements(texts: list[str], counts: Counts) -> str:
    """`6*x` where each element has the same text but for its number, else `[x[1], x[0]]`."""
    plain = []
    for place, text in enumerate(texts):
        for name in (name for name, count in counts if count):
            text = text.replace(element(name, place), name)
        plain.append(text)
    alike = plain.count(plain[0]) == len(plain) and "[" not in plain[0]
    return plain[0] if alike else f"[{', '.join(texts)}]"


def _spelled(formula: Formula, counts: Counts) -> Expr:
    """sum(f), with a symbol for each element of a vector."""
    expression, symbols = differentiated(formula, counts), _symbols(counts)
    values = {name: symbols[name] if count else symbols[name][0] for name, count in counts}
    return spelled_out.total(expression, values, lambda node, operands: combined(node, operands, {}, 1))


def _symbols(counts: Counts) -> Symbols:
    return {
        name: [sympy.Symbol(element(name, place), real=True) for place in range(count)]
        or [sympy.Symbol(name, real=True)]
        for name, count in counts
    }


def _style(expression: Expression, counts: Counts) -> Style:
    names = tuple(chain(*([str(one) for one in each] for each in _symbols(counts).values())))
    return derivative.style_of(expression, names)
