"""Equal forms of an expression, among which the most readable is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy

from gradtui.engine.reals import Expr

MOST_OPERATIONS = 60
"""Size of an expression up to which other forms are worth their time."""
MOST_TRIGONOMETRY = 30
LARGEST_POWER = 12


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
    small_powers = all(abs(power.exp) <= LARGEST_POWER for power in raw.atoms(sympy.Pow) if power.exp.is_Rational)
    polynomial = raw.is_polynomial(*raw.free_symbols)
    if polynomial and raw.is_Add and len(raw.args) > 2 and len(raw.free_symbols) > 1:
        yield _without_content, 1.0
    if not polynomial:
        yield sympy.factor_terms, 1.0
        yield sympy.together, 1.0
    if small_powers:
        yield sympy.expand, 1.0 if polynomial else 1.2
    if small_powers and not polynomial:
        yield _factored, 1.0
        if any(power.base.func in (sympy.sin, sympy.cos) for power in raw.atoms(sympy.Pow)):
            yield _by_pythagoras, 1.0


def _without_content(expression: Expr) -> Expr:
    """2*a + 2*b as 2*(a + b)"""
    content, rest = expression.primitive()
    return sympy.Mul(content, rest, evaluate=False) if content != 1 else expression


def _factored(expression: Expr) -> Expr:
    return sympy.factor(sympy.together(expression))


def _by_pythagoras(expression: Expr) -> Expr:
    small = sympy.count_ops(expression) <= MOST_TRIGONOMETRY
    return sympy.trigsimp(sympy.together(expression)) if small else expression
