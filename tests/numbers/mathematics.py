"""Each function of the table as mathematics has it, by mpmath to 100 digits, from its textbook definition.

Knows neither torch nor sympy nor gradtui.engine. The derivative is the quotient over 10^-40 on either side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath

mp = mpmath.MPContext()
mp.dps = 100

Real = Any
"""An mpmath number: the library has no types."""

NEAR, NEARER = mp.mpf("1e-30"), mp.mpf("1e-40")
GROWTH = mp.mpf("1.05")
"""By how much a quotient with a limit surely does not grow from NEAR to NEARER."""


def _step(x: Real) -> Real:
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def _ndtr(x: Real) -> Real:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _softplus(x: Real, beta: Real = 1) -> Real:
    return mp.log1p(mp.exp(beta * x)) / beta


def _sigmoid(x: Real) -> Real:
    return 1 / (1 + mp.exp(-x))


def _kept(x: Real, low: Real, high: Real) -> Real:
    return min(max(x, low), high)


def _elu(x: Real, alpha: Real = 1) -> Real:
    return x if x > 0 else alpha * mp.expm1(x)


def _logsumexp(x: Sequence[Real]) -> Real:
    return mp.log(mp.fsum(mp.exp(item) for item in x))


def _var(x: Sequence[Real]) -> Real:
    mean = mp.fsum(x) / len(x)
    return mp.fsum((item - mean) ** 2 for item in x) / (len(x) - 1)


SELU = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")

FUNCTIONS: dict[str, Callable[..., Real]] = {
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "cot": lambda x: mp.cos(x) / mp.sin(x),
    "sec": lambda x: 1 / mp.cos(x),
    "csc": lambda x: 1 / mp.sin(x),
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "coth": mp.coth,
    "sech": mp.sech,
    "csch": mp.csch,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "sinc": lambda x: mp.sin(mp.pi * x) / (mp.pi * x) if x else mp.one,
    "deg2rad": lambda x: x * mp.pi / 180,
    "rad2deg": lambda x: x * 180 / mp.pi,
    "exp": mp.exp,
    "exp2": lambda x: mp.mpf(2) ** x,
    "expm1": mp.expm1,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3),
    "gamma": mp.gamma,
    "beta": mp.beta,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "xlogy": lambda x, y: x * mp.log(y) if x else mp.zero,
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": mp.nint,
    "trunc": _step,
    "frac": lambda x: x - _step(x),
    "fmod": lambda x, y: x - y * _step(x / y),
    "remainder": lambda x, y: x - y * mp.floor(x / y),
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
    "max": max,
    "min": min,
    "maximum": max,
    "minimum": min,
    "clamp": lambda x, low, high: min(max(x, low), high),
    "where": lambda x: x * x if x > 0 else -x,
    "lerp": lambda start, end, weight: start + weight * (end - start),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfinv": mp.erfinv,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "lgamma": lambda x: mp.re(mp.loggamma(x)),
    "digamma": mp.digamma,
    "i0": lambda x: mp.besseli(0, x),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-abs(x)),
    "i1": lambda x: mp.besseli(1, x),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
    "ndtr": _ndtr,
    "ndtri": lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1),
    "log_ndtr": lambda x: mp.log(_ndtr(x)),
    "entr": lambda x: -x * mp.log(x) if x else mp.zero,
    "sigmoid": _sigmoid,
    "logit": lambda x: mp.log(x / (1 - x)),
    "logsigmoid": lambda x: -_softplus(-x),
    "relu": lambda x: max(x, mp.zero),
    "relu6": lambda x: _kept(x, mp.zero, mp.mpf(6)),
    "leaky_relu": lambda x, slope=mp.one / 100: x if x > 0 else slope * x,
    "elu": _elu,
    "selu": lambda x: SELU[0] * (x if x > 0 else SELU[1] * mp.expm1(x)),
    "celu": lambda x, alpha=1: x if x > 0 else alpha * mp.expm1(x / alpha),
    "gelu": lambda x: x * _ndtr(x),
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - mp.tanh(x),
    "hardtanh": lambda x: _kept(x, -mp.one, mp.one),
    "hardsigmoid": lambda x: _kept(x / 6 + mp.one / 2, mp.zero, mp.one),
    "hardswish": lambda x: x * _kept(x / 6 + mp.one / 2, mp.zero, mp.one),
    "hardshrink": lambda x: x if abs(x) > mp.one / 2 else mp.zero,
    "softshrink": lambda x: mp.sign(x) * max(abs(x) - mp.one / 2, mp.zero),
    "threshold": lambda x, edge, value: x if x > edge else value,
}
"""The elementwise functions, their settings at torch's defaults unless given."""


def _mean(of_one: Callable[[Real, Real], Real]) -> Callable[[Sequence[Real], Sequence[Real]], Real]:
    return lambda x, y: mp.fsum(of_one(mp.mpf(one), mp.mpf(other)) for one, other in zip(x, y, strict=True)) / len(x)


def _times_log(factor: Real, x: Real) -> Real:
    return factor * mp.log(x) if factor else mp.zero


def _huber(x: Real, y: Real) -> Real:
    far = abs(x - y)
    return far**2 / 2 if far < 1 else far - mp.mpf(1) / 2


LOSSES: dict[str, Callable[[Sequence[Real], Sequence[Real]], Real]] = {
    "mse_loss": _mean(lambda x, y: (x - y) ** 2),
    "l1_loss": _mean(lambda x, y: abs(x - y)),
    "huber_loss": _mean(_huber),
    "smooth_l1_loss": _mean(_huber),
    "cross_entropy": lambda x, y: -mp.fsum(mp.mpf(b) * (mp.mpf(a) - _logsumexp(x)) for a, b in zip(x, y, strict=True)),
    "nll_loss": lambda x, y: -mp.mpf(x[1]),
    "binary_cross_entropy": _mean(lambda x, y: -_times_log(y, x) - _times_log(1 - y, 1 - x)),
    "binary_cross_entropy_with_logits": _mean(
        lambda x, y: -_times_log(y, _sigmoid(x)) - _times_log(1 - y, _sigmoid(-x))
    ),
    "kl_div": _mean(lambda x, y: _times_log(y, y) - y * x),
}

REDUCTIONS: dict[str, Callable[..., Real]] = {
    "sum": mp.fsum,
    "mean": lambda x: mp.fsum(x) / len(x),
    "prod": mp.fprod,
    "amax": max,
    "amin": min,
    "norm": lambda x: mp.sqrt(mp.fsum(item * item for item in x)),
    "var": _var,
    "std": lambda x: mp.sqrt(_var(x)),
    "logsumexp": _logsumexp,
    "softmax": lambda x: mp.one,
    "log_softmax": lambda x: mp.fsum(x) - len(x) * _logsumexp(x),
    "cumsum": lambda x: mp.fsum((len(x) - place) * item for place, item in enumerate(x)),
}
"""Of a list; the sum of what they give where that is a vector."""


def value(function: Callable[[Real], Real], x: Real) -> Real | None:
    """f(x); None where it is no finite real number."""
    try:
        found = function(x)
    except (ArithmeticError, ValueError):
        return None
    if isinstance(found, mp.mpc):
        found = found.real if found.imag == 0 else None
    return found if found is not None and mp.isfinite(found) else None


def one_sided(function: Callable[[Real], Real], x: Real, side: int) -> Real | None:
    """The derivative from the right (1) or the left (-1): a number, an infinity, or None where f is not defined there."""
    here = value(function, x)
    if here is None:
        return None
    quotients = []
    for distance in (NEAR, NEARER):
        step = side * distance * max(1, abs(x))
        there = value(function, x + step)
        if there is None:
            return None
        quotients.append((there - here) / step)
    wide, narrow = quotients
    grows = abs(narrow) > GROWTH * abs(wide) and abs(narrow) > 1e-9
    return mp.sign(narrow) * mp.inf if grows else narrow
