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
LARGEST_ROOT = 4


def is_small(raw: Expr) -> bool:
    return bool(sympy.count_ops(raw) <= MOST_OPERATIONS)


def forms(raw: Expr) -> Iterator[tuple[Expr, float]]:
    """Equal forms, each with how much easier it must be to be chosen.

    They keep the functions that the person wrote: no exp(x) for exp(-x), no sin(2*x) for sin(x)*cos(x).
    """
    known = raw.atoms(sympy.Function)
    for step, reluctance in _steps(raw):
        try:
            form = step(raw)
        except (sympy.PolynomialError, NotImplementedError):
            continue
        if form.atoms(sympy.Function) <= known and not form.has(sympy.I):
            yield form, reluctance


def _steps(raw: Expr) -> Iterator[tuple[Callable[[Expr], Expr], float]]:
    algebraic = _terms(raw) <= MOST_TERMS and all(map(_is_small_power, raw.atoms(sympy.Pow)))
    polynomial = raw.is_polynomial(*raw.free_symbols)
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
    """x^3.14159 is x^(1/100000) to the power 314159, to the algebra of polynomials."""
    exponent = power.exp
    return not exponent.is_Rational or bool(abs(exponent.p) <= LARGEST_POWER and exponent.q <= LARGEST_ROOT)


def _without_content(expression: Expr) -> Expr:
    """2*a + 2*b as 2*(a + b)"""
    content, rest = expression.primitive()
    return sympy.Mul(content, rest, evaluate=False) if content != 1 else expression


def _factored(expression: Expr) -> Expr:
    joined = sympy.together(expression)
    return sympy.factor(joined) if _terms(joined) <= MOST_TERMS else joined


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
