"""What each function of the language is to calculus: a row for a row of gradtui.expression.functions.TABLE."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from gradtui.calculus import derivative_rules, losses, vectors
from gradtui.calculus.derivative_rules import Expr, where
from gradtui.expression.syntax import ComparisonOperator

Rational = sympy.Rational
exp, log, sqrt, pi = sympy.exp, sympy.log, sympy.sqrt, sympy.pi

LEAK = Rational("0.01")
SELU_SCALE = Rational("1.0507009873554805")
SELU_LEFT = Rational("1.7580993408473768")


def greater(a: Expr, b: Expr) -> Expr:
    return where(a, ">", b, a, b)


def smaller(a: Expr, b: Expr) -> Expr:
    return where(a, "<", b, a, b)


def clamp(x: Expr, low: Expr, high: Expr = sympy.oo) -> Expr:
    """Where the bounds cross, the upper one wins."""
    if not (low.is_number and high.is_number):
        return smaller(greater(x, low), high)
    if low > high:
        return high
    kept = x if high == sympy.oo else where(x, ">", high, high, x)
    return kept if low == -sympy.oo else where(x, "<", low, low, kept)


def rectified(x: Expr, right: Expr, left: Expr) -> Expr:
    return where(x, ">", 0, right, left)


def between(x: Expr, low: Expr, high: Expr, below: Expr, inside: Expr, above: Expr) -> Expr:
    return where(x, ">", low, where(x, "<", high, inside, above), below)


def softplus(x: Expr, beta: Expr = sympy.S.One, threshold: Expr | None = None) -> Expr:
    curved = derivative_rules.softplus(beta * x) / beta
    return curved if threshold is None else where(beta * x, ">", threshold, x, curved)


def logit(x: Expr, eps: Expr | None = None) -> Expr:
    return derivative_rules.logit(x if eps is None else clamp(x, eps, 1 - eps))


def _where(condition: tuple[Expr, ComparisonOperator, Expr], a: Expr, b: Expr) -> Expr:
    left, operator, right = condition
    return where(left, operator, right, a, b)


COUNTERPARTS: dict[str, Callable[..., Expr]] = {
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "cot": sympy.cot,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": derivative_rules.atan2,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "coth": sympy.coth,
    "sech": sympy.sech,
    "csch": sympy.csch,
    "asinh": sympy.asinh,
    "acosh": derivative_rules.acosh,
    "atanh": sympy.atanh,
    "sinc": derivative_rules.sinc,
    "deg2rad": lambda x: pi * x / 180,
    "rad2deg": lambda x: 180 * x / pi,
    "exp": exp,
    "exp2": lambda x: 2**x,
    "expm1": lambda x: exp(x) - 1,
    "log": log,
    "log2": lambda x: log(x) / log(2),
    "log10": lambda x: log(x) / log(10),
    "log1p": lambda x: log(1 + x),
    "sqrt": sqrt,
    "cbrt": derivative_rules.cbrt,
    "rsqrt": lambda x: 1 / sqrt(x),
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "hypot": lambda x, y: sqrt(x**2 + y**2),
    "xlogy": derivative_rules.xlogy,
    "logaddexp": lambda x, y: log(exp(x) + exp(y)),
    "abs": derivative_rules.absolute,
    "sign": derivative_rules.sign,
    "floor": derivative_rules.floor,
    "ceil": derivative_rules.ceil,
    "round": derivative_rules.rounded,
    "trunc": derivative_rules.trunc,
    "frac": lambda x: x - derivative_rules.trunc(x),
    "fmod": lambda x, y: x - y * derivative_rules.trunc(x / y),
    "remainder": lambda x, y: x - y * derivative_rules.floor(x / y),
    "copysign": lambda x, y: where(y, ">=", 0, derivative_rules.absolute(x), -derivative_rules.absolute(x)),
    "max": lambda x, *y: greater(x, *y) if y else vectors.reduced("amax", x),
    "min": lambda x, *y: smaller(x, *y) if y else vectors.reduced("amin", x),
    "maximum": greater,
    "minimum": smaller,
    "clamp": clamp,
    "where": _where,
    "lerp": lambda start, end, weight: start + weight * (end - start),
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "erfinv": sympy.erfinv,
    "erfcx": derivative_rules.erfcx,
    "lgamma": derivative_rules.lgamma,
    "digamma": derivative_rules.digamma,
    "gamma": derivative_rules.gamma,
    "beta": derivative_rules.beta,
    "i0": derivative_rules.i0,
    "i0e": derivative_rules.i0e,
    "i1": derivative_rules.i1,
    "i1e": derivative_rules.i1e,
    "ndtr": derivative_rules.ndtr,
    "ndtri": derivative_rules.ndtri,
    "log_ndtr": derivative_rules.log_ndtr,
    "entr": derivative_rules.entr,
    "sigmoid": derivative_rules.sigmoid,
    "logit": logit,
    "logsigmoid": derivative_rules.logsigmoid,
    "relu": lambda x: rectified(x, x, 0),
    "relu6": lambda x: between(x, 0, 6, 0, x, 6),
    "leaky_relu": lambda x, slope=LEAK: rectified(x, x, slope * x),
    "elu": lambda x, alpha=sympy.S.One: rectified(x, x, alpha * (exp(x) - 1)),
    "selu": lambda x: rectified(x, SELU_SCALE * x, SELU_LEFT * (exp(x) - 1)),
    "celu": lambda x, alpha=sympy.S.One: rectified(x, x, alpha * (exp(x / alpha) - 1)),
    "gelu": lambda x: x * derivative_rules.ndtr(x),
    "silu": lambda x: x * derivative_rules.sigmoid(x),
    "mish": lambda x: x * sympy.tanh(derivative_rules.softplus(x)),
    "softplus": softplus,
    "softsign": derivative_rules.softsign,
    "tanhshrink": lambda x: x - sympy.tanh(x),
    "hardtanh": lambda x, low=-sympy.S.One, high=sympy.S.One: between(x, low, high, low, x, high),
    "hardsigmoid": lambda x: between(x, -3, 3, 0, x / 6 + sympy.S.Half, 1),
    "hardswish": lambda x: between(x, -3, 3, 0, x * (x + 3) / 6, x),
    "hardshrink": lambda x, width=sympy.S.Half: where(derivative_rules.absolute(x), ">", width, x, 0),
    "softshrink": lambda x, width=sympy.S.Half: where(
        derivative_rules.absolute(x), ">", width, x - width * derivative_rules.sign(x), 0
    ),
    "threshold": lambda x, threshold, value: where(x, ">", threshold, x, value),
    "sum": lambda x: vectors.reduced("sum", x),
    "mean": lambda x: vectors.reduced("mean", x),
    "prod": lambda x: vectors.reduced("prod", x),
    "amax": lambda x: vectors.reduced("amax", x),
    "amin": lambda x: vectors.reduced("amin", x),
    "norm": lambda x: vectors.reduced("norm", x),
    "dot": vectors.dot,
    "var": lambda x: vectors.reduced("var", x),
    "std": lambda x: vectors.reduced("std", x),
    "logsumexp": lambda x: vectors.reduced("logsumexp", x),
    "softmax": lambda x: vectors.reduced("softmax", x),
    "log_softmax": lambda x: vectors.reduced("log_softmax", x),
    "cumsum": lambda x: vectors.reduced("cumsum", x),
    **{name: losses.of_elements(name) for name in losses.ELEMENTWISE},
    "cross_entropy": losses.cross_entropy,
    "nll_loss": losses.nll_loss,
}
"""Function name -> its sympy expression. A function read as an operator never makes a Call, so it has no row."""
