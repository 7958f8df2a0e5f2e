"""Equal forms of an expression, among which the most readable is chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import sympy

from gradtui.calculus.derivative_rules import Expr

MOST_OPERATIONS = 60
"""Size of an expression up to which other forms are worth their time."""
MOST_TRIGONOMETRY = 30
MOST_TERMS = 100
"""Terms of the expression, multiplied out, up to which algebra is quick."""
LARGEST_POWER = 12
"""Of a power, or of a fraction in its exponent, up to which algebra takes it apart."""
LARGEST_ROOT = 4


def is_small(raw: Expr) -> bool:
    return bool(sympy.count_ops(raw) <= MOST_OPERATIONS)


def forms(raw: Expr) -> Iterator[tuple[Expr, float]]:
    """Equal forms, each with how much easier it must be to be chosen.

    They keep the functions that the person wrote: no exp(x) for exp(-x), no sin(2*x) for sin(x)*cos(x).
    """
    known = raw.atoms(sympy.Function)
    names = {sympy.Dummy(): power for power in raw.atoms(sympy.Pow, sympy.exp) if not _is_small_power(power)}
    named = raw.xreplace({power: name for name, power in names.items()})
    for step, reluctance in _steps(named, raw.is_polynomial(*raw.free_symbols)):
        try:
            form = step(named).xreplace(names)
        except (sympy.PolynomialError, NotImplementedError):
            continue
        if form.atoms(sympy.Function) <= known and not form.has(sympy.I):
            yield form, reluctance
            if (other := _distributed(form)) is not form:
                yield other, reluctance


def _steps(raw: Expr, polynomial: bool) -> Iterator[tuple[Callable[[Expr], Expr], float]]:
    algebraic = _terms(raw) <= MOST_TERMS
    if polynomial and raw.is_Add and len(raw.args) > 2 and len(raw.free_symbols) > 1:
        yield _without_content, 1.0
    if not polynomial:
        yield sympy.factor_terms, 1.0
        yield sympy.together, 1.0
    if algebraic:
        yield sympy.expand, 1.0 if polynomial else 1.2
    if algebraic and not polynomial:
        yield _factored, 1.0
        if any(power.base.func in (sympy.sin, sympy.cos) for power in raw.atoms(sympy.Pow)):
            yield _by_pythagoras, 1.0


def _is_small_power(power: Expr) -> bool:
    """x^3.14159 is x^(1/100000) to the power 314159, to the algebra of polynomials, and exp(-1.2345*x) is exp(x/2000) to the
    power -2469: such a one gets a name, by which the algebra takes it as a whole."""
    if power.exp.is_Rational:
        return bool(abs(power.exp.p) <= LARGEST_POWER and power.exp.q <= LARGEST_ROOT)
    factors = (term.as_coeff_Mul()[0] for term in sympy.Add.make_args(power.exp))
    return all(not one.is_Rational or max(abs(one.p), one.q) <= LARGEST_POWER for one in factors)


def _without_content(expression: Expr) -> Expr:
    """2*a + 2*b as 2*(a + b)"""
    content, rest = expression.primitive()
    return sympy.Mul(content, rest, evaluate=False) if content != 1 else expression


def _factored(expression: Expr) -> Expr:
    joined = sympy.together(expression)
    return sympy.factor(joined) if _terms(joined) <= MOST_TERMS else joined


def _distributed(product: Expr) -> Expr:
    """0.25*(5*x - 2)*y as (1.25*x - 0.5)*y: algebra takes out what makes whole numbers of decimals."""
    number, rest = product.as_coeff_Mul()
    factors = list(sympy.Mul.make_args(rest))
    place = next((place for place, factor in enumerate(factors) if factor.is_Add), None)
    if place is None or number.is_Integer:
        return product
    factors[place] = sympy.Add(*(number * term for term in factors[place].args))
    return sympy.Mul(*factors)


def _terms(expression: Expr) -> int:
    """How many terms the expression has when multiplied out, about."""
    counts: dict[Expr, int] = {}
    for part in sympy.postorder_traversal(expression):
        inner = [counts[operand] for operand in part.args]
        if part.is_Add:
            counts[part] = sum(inner)
        elif part.is_Mul:
            counts[part] = math.prod(inner)
        elif part.is_Pow and part.exp.is_Integer:
            power = min(abs(int(part.exp)), MOST_TERMS)
            counts[part] = math.comb(inner[0] + power - 1, power)
        else:
            counts[part] = max(inner, default=1) if part.is_Pow else 1
    return counts[expression]


def _by_pythagoras(expression: Expr) -> Expr:
    small = sympy.count_ops(expression) <= MOST_TRIGONOMETRY
    return sympy.trigsimp(sympy.together(expression)) if small else expression
