"""Functions as calculus on the real line sees them: how sympy differentiates each, and its value to 50 digits.

sympy's own floor, Max and Piecewise are made for complex numbers and rewrite themselves; these stay as written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy

from gradtui.expression.syntax import ComparisonOperator

Expr = Any
"""A sympy expression, and an mpmath number below: neither library has types of its own."""

mp = mpmath.MPContext()
mp.dps = 50

Kind = Callable[..., Expr]
"""A function as calculus knows it: sympy expressions in, one out."""

COMPARISONS: tuple[ComparisonOperator, ...] = ("<", "<=", ">", ">=", "==", "!=")


class UndefinedError(ArithmeticError):
    """The function has no real value there."""


class Elements(sympy.Symbol):  # type: ignore[misc]
    """A variable that is a vector: stands for each of its elements."""

    __slots__ = ()


class Real(sympy.Function):  # type: ignore[misc]
    """A real function of real numbers, known by its partial derivatives."""

    is_real = True
    rule: Callable[..., tuple[Expr, ...]]

    def fdiff(self, argindex: int = 1) -> Expr:
        return type(self).rule(*self.args)[argindex - 1]


class Reduction(sympy.Function):  # type: ignore[misc]
    """A function in which the elements of a vector mix; opaque to sympy, see vectors.py."""

    is_real = True


class Vector(sympy.Function):  # type: ignore[misc]
    """A vector literal."""

    is_real = True


class Where(sympy.Function):  # type: ignore[misc]
    """`where(left operator right, a, b)`; args are (place of the operator in COMPARISONS, left, right, a, b)."""

    is_real = True

    @classmethod
    def eval(cls, operator: Expr, left: Expr, right: Expr, a: Expr, b: Expr) -> Expr | None:
        if a == b:
            return a
        if left.is_Rational and right.is_Rational:
            return a if holds(int(operator), left, right) else b
        return None

    def _eval_derivative(self, symbol: Expr) -> Expr:
        operator, left, right, a, b = self.args
        return Where(operator, left, right, a.diff(symbol), b.diff(symbol))


def holds(operator: int, left: Expr, right: Expr) -> bool:
    """Whether `left operator right`, for numbers."""
    return bool((left < right, left <= right, left > right, left >= right, left == right, left != right)[operator])


def where(left: Expr, operator: ComparisonOperator, right: Expr, a: Expr, b: Expr) -> Expr:
    return Where(COMPARISONS.index(operator), left, right, a, b)


BY_MPMATH: dict[str, Callable[..., Expr]] = {"Abs": abs}
"""Name of a sympy class -> its value by mpmath, where that has no function of the same name. Real functions add themselves."""

BENT = {"Abs", "sign", "Where"}
"""Classes that have corners or jumps."""


def real(
    name: str, rule: Callable[..., tuple[Expr, ...] | Expr], digits: Callable[..., Expr], *, bent: bool = False
) -> Kind:
    """A function that sympy lacks: `rule` gives the derivative by each argument, `digits` the value."""

    def rules(*args: Expr) -> tuple[Expr, ...]:
        partials = rule(*args)
        return partials if isinstance(partials, tuple) else (partials,)

    kind = type(name, (Real,), {"rule": staticmethod(rules)})
    BY_MPMATH[name] = digits
    if bent:
        BENT.add(name)
    return kind


def step(name: str, digits: Callable[..., Expr], arguments: int = 1) -> Kind:
    """A function made of flat pieces: its derivative is 0 wherever it has one."""
    return real(name, lambda *_: (sympy.S.Zero,) * arguments, digits, bent=True)


def ratio(text: str) -> Expr:
    """A decimal constant, exactly."""
    return sympy.Rational(text)


def _trunc(x: Expr) -> Expr:
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def _cbrt(x: Expr) -> Expr:
    return mp.sign(x) * mp.cbrt(abs(x))


def _lgamma(x: Expr) -> Expr:
    return mp.re(mp.loggamma(x))


def _sinc(x: Expr) -> Expr:
    return mp.sin(mp.pi * x) / (mp.pi * x) if x else mp.one


def _xlogy(x: Expr, y: Expr) -> Expr:
    return x * mp.log(y) if x else mp.zero


def _i1_slope(x: Expr, slope: Expr) -> Expr:
    """i1 and i1e have the slope 1/2 at 0, where their formula is 0/0."""
    return where(x, "==", 0, sympy.S.Half, slope)


exp, log, sqrt, pi = sympy.exp, sympy.log, sympy.sqrt, sympy.pi

sign: Kind = step("sign", mp.sign)
floor: Kind = step("floor", mp.floor)
ceil: Kind = step("ceil", mp.ceil)
trunc: Kind = step("trunc", _trunc)
rounded: Kind = step("round", mp.nint)
bent_abs: Kind = real("abs", lambda x: sign(x), abs, bent=True)
acosh: Kind = real("acosh", lambda x: 1 / sqrt(x**2 - 1), mp.acosh)
atan2: Kind = real("atan2", lambda y, x: (x / (x**2 + y**2), -y / (x**2 + y**2)), mp.atan2, bent=True)
cbrt: Kind = real("cbrt", lambda x: 1 / (3 * cbrt(x) ** 2), _cbrt)
gamma: Kind = real("gamma", lambda x: gamma(x) * digamma(x), mp.gamma)
beta: Kind = real(
    "beta",
    lambda x, y: (beta(x, y) * (digamma(x) - digamma(x + y)), beta(x, y) * (digamma(y) - digamma(x + y))),
    mp.beta,
)
sinc: Kind = real("sinc", lambda x: where(x, "==", 0, 0, (sympy.cos(pi * x) - sinc(x)) / x), _sinc)
xlogy: Kind = real("xlogy", lambda x, y: (log(y), x / y), _xlogy)
entr: Kind = real("entr", lambda x: -log(x) - 1, lambda x: -_xlogy(x, x))
erfcx: Kind = real("erfcx", lambda x: 2 * x * erfcx(x) - 2 / sqrt(pi), lambda x: mp.exp(x * x) * mp.erfc(x))
lgamma: Kind = real("lgamma", lambda x: digamma(x), _lgamma)
digamma: Kind = real("digamma", lambda x: trigamma(x), mp.digamma)
trigamma: Kind = real("trigamma", lambda x: tetragamma(x), lambda x: mp.psi(1, x))
tetragamma: Kind = real("tetragamma", lambda x: pentagamma(x), lambda x: mp.psi(2, x))
pentagamma: Kind = real("pentagamma", lambda x: hexagamma(x), lambda x: mp.psi(3, x))
hexagamma: Kind = real("hexagamma", lambda x: sympy.S.NaN, lambda x: mp.psi(4, x))
i0: Kind = real("i0", lambda x: i1(x), lambda x: mp.besseli(0, x))
i1: Kind = real("i1", lambda x: _i1_slope(x, i0(x) - i1(x) / x), lambda x: mp.besseli(1, x))
i0e: Kind = real("i0e", lambda x: i1e(x) - sign(x) * i0e(x), lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), bent=True)
i1e: Kind = real(
    "i1e",
    lambda x: _i1_slope(x, i0e(x) - i1e(x) * (sign(x) + 1 / x)),
    lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
)
ndtr: Kind = real("ndtr", lambda x: exp(-(x**2) / 2) / sqrt(2 * pi), mp.ncdf)
ndtri: Kind = real(
    "ndtri", lambda x: sqrt(2 * pi) * exp(ndtri(x) ** 2 / 2), lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1)
)
log_ndtr: Kind = real("log_ndtr", lambda x: exp(-(x**2) / 2) / (sqrt(2 * pi) * ndtr(x)), lambda x: mp.log(mp.ncdf(x)))
sigmoid: Kind = real("sigmoid", lambda x: sigmoid(x) * (1 - sigmoid(x)), lambda x: 1 / (1 + mp.exp(-x)))
logit: Kind = real("logit", lambda x: 1 / (x * (1 - x)), lambda x: mp.log(x / (1 - x)))
logsigmoid: Kind = real("logsigmoid", lambda x: 1 - sigmoid(x), lambda x: -mp.log1p(mp.exp(-x)))
softplus: Kind = real("softplus", lambda x: sigmoid(x), lambda x: mp.log1p(mp.exp(x)))
softsign: Kind = real("softsign", lambda x: 1 / (1 + absolute(x)) ** 2, lambda x: x / (1 + abs(x)))


def absolute(x: Expr) -> Expr:
    """sympy's Abs knows that |x|^2 = x^2, but is at home with what is surely real only."""
    return sympy.Abs(x) if x.is_Symbol else bent_abs(x)
