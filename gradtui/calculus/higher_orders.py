"""The symbolic derivatives of higher order, by each variable alone, element by element."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

import sympy
from msgspec.structs import replace

from gradtui.calculus import derivative, derivative_rules, spelled_out
from gradtui.calculus.algebraic_forms import is_small
from gradtui.calculus.derivative import MOST_SIMPLIFIED, TOO_LARGE, Partial, Prepared
from gradtui.calculus.derivative_rules import Expr, Vector
from gradtui.calculus.digits import Program
from gradtui.calculus.from_sympy import Style
from gradtui.calculus.to_sympy import At, Counts, built, combined, common_length, counts, digits, parsed
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

    def by_each(expression: Expression, names: frozenset[str], at: At) -> dict[str, Derivative]:
        try:
            found = derivative.by_each(request, expression, names, at)
        except GiveUpError:
            found = {}
        for order in range(2 if most > 1 and found else 1, most + 1):
            for prepared in _prepared(request.expression, names, counts(at), order):
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
def _prepared(text: str, names: frozenset[str], counts: Counts, order: int) -> tuple[Prepared, ...]:
    """One for each variable: what is differentiated is another for each."""
    expression = parsed(text, names)
    symbols, style = _symbols(counts), _style(expression, counts)
    told, left = [], MOST_SIMPLIFIED
    for name, count in counts:
        before = _raw(text, names, counts, order - 1)[name]
        slopes = _raw(text, names, counts, order)[name]
        left -= sum(int(sympy.count_ops(slope)) for slope in slopes if is_small(slope))
        written = [
            derivative.partial(one, slope, 1, style, left >= 0) for one, slope in zip(before, slopes, strict=True)
        ]
        length = max(1, *(count for _, count in counts))
        whole = [Vector(*before), Vector(*slopes)] if count else [before[0], slopes[0]]
        program = Program(whole, length)
        note = next((one.note for one in written if one.text is None), "")
        texts = [one.text or "" for one in written]
        words = None if note else _of_elements(texts, counts) if count else texts[0]
        simplified = all(one.simplified for one in written)
        partials = {name: Partial(words, program, simplified, note)}
        bent = any(derivative.is_bent(one) for one in before)
        told.append(Prepared(partials, program, bent, spelled=any(len(parts) > 0 for parts in symbols.values())))
    return tuple(told)


@lru_cache(maxsize=64)
def _raw(text: str, names: frozenset[str], counts: Counts, order: int) -> dict[str, tuple[Expr, ...]]:
    """The derivative of this order by each element of each variable; of order 0 f itself."""
    symbols = _symbols(counts)
    if order == 0:
        f = total_of(text, names, counts)
        return {name: (f,) * len(each) for name, each in symbols.items()}
    before = _raw(text, names, counts, order - 1)
    return {
        name: tuple(_diff(one, symbol) for one, symbol in zip(before[name], each, strict=True))
        for name, each in symbols.items()
    }


def total_of(text: str, names: frozenset[str], counts: Counts) -> Expr:
    """f itself, or the sum of its elements, with a symbol for each element of a vector. Raises GiveUpError."""
    expression = parsed(text, names)
    derivative.check_size(expression)
    return _total(expression, counts)


def _diff(expression: Expr, symbol: Expr) -> Expr:
    """sympy's own sign has Dirac's delta for a derivative; that of the language is flat."""
    if sympy.count_ops(expression) > MOST_OPERATIONS:
        raise GiveUpError(TOO_LARGE)
    return expression.diff(symbol).replace(sympy.sign, derivative_rules.sign)


def _of_elements(texts: list[str], counts: Counts) -> str:
    """`6*x` where each element has the same text but for its number, else `[x[1], x[0]]`."""
    plain = []
    for place, text in enumerate(texts):
        for name in (name for name, count in counts if count):
            text = text.replace(spelled_out.element(name, place), name)
        plain.append(text)
    alike = plain.count(plain[0]) == len(plain) and "[" not in plain[0]
    return plain[0] if alike else f"[{', '.join(texts)}]"


def _total(expression: Expression, counts: Counts) -> Expr:
    """sum(f), with a symbol for each element of a vector."""
    symbols = _symbols(counts)
    if not any(count for _, count in counts):
        length = common_length(expression, counts)
        if length == 1:
            return built(expression, {name: each[0] for name, each in symbols.items()}, length)
    values = {name: symbols[name] if count else symbols[name][0] for name, count in counts}
    return spelled_out.total(expression, values, lambda node, operands: combined(node, operands, {}, 1))


def _symbols(counts: Counts) -> Symbols:
    return {
        name: [sympy.Symbol(spelled_out.element(name, place), real=True) for place in range(count)]
        or [sympy.Symbol(name, real=True)]
        for name, count in counts
    }


def _style(expression: Expression, counts: Counts) -> Style:
    names = tuple(chain(*([str(one) for one in each] for each in _symbols(counts).values())))
    return derivative.style_of(expression, names)
