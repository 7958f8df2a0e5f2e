"""Losses in calculus: what they say of each element, and of classes, as formulas of the elements."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from gradtui.calculus import derivative_rules
from gradtui.calculus.derivative_rules import Expr, Vector, where
from gradtui.calculus.vectors import KINDS, GiveUpError, is_vector

Options = dict[str, Expr]
ONE = sympy.S.One

log, exp = sympy.log, sympy.exp


def _huber(x: Expr, y: Expr, delta: Expr = ONE) -> Expr:
    far = derivative_rules.absolute(x - y)
    return where(far, "<", delta, (x - y) ** 2 / 2, delta * (far - delta / 2))


def _smooth_l1(x: Expr, y: Expr, beta: Expr = ONE) -> Expr:
    far = derivative_rules.absolute(x - y)
    return far if beta == 0 else where(far, "<", beta, (x - y) ** 2 / (2 * beta), far - beta / 2)


def _binary(x: Expr, y: Expr, weight: Expr = ONE) -> Expr:
    return -weight * (_times_log(y, x) + _times_log(1 - y, 1 - x))


def _times_log(factor: Expr, x: Expr) -> Expr:
    """0 where the factor is, as torch has it."""
    return sympy.S.Zero if factor == 0 else factor * log(x) if factor.is_Rational else derivative_rules.xlogy(factor, x)


def _with_logits(x: Expr, y: Expr, weight: Expr = ONE, pos_weight: Expr = ONE) -> Expr:
    if pos_weight == 1:
        return weight * (derivative_rules.softplus(x) - x * y)
    return weight * ((1 - y) * x + (1 + (pos_weight - 1) * y) * derivative_rules.softplus(-x))


def _kl_div(x: Expr, y: Expr, log_target: bool = False) -> Expr:
    return exp(y) * (y - x) if log_target else _times_log(y, y) - x * y


ELEMENTWISE: dict[str, Callable[..., Expr]] = {
    "mse_loss": lambda x, y: (x - y) ** 2,
    "l1_loss": lambda x, y: derivative_rules.absolute(x - y),
    "huber_loss": _huber,
    "smooth_l1_loss": _smooth_l1,
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_with_logits": _with_logits,
    "kl_div": _kl_div,
}
"""What is averaged."""

CLASSES = ("cross_entropy", "nll_loss")


def reduction(options: Options) -> str:
    """How it is averaged; of a batch of one, and of one dimension, batchmean is the mean."""
    return str(options.get("reduction", "mean")).replace("batchmean", "mean")


def of_elements(name: str) -> Callable[..., Expr]:
    """Of numbers and vectors, as `vectors` has them."""

    def loss(x: Expr, y: Expr, *, length: int = 1, **options: Expr) -> Expr:
        kind = reduction(options)
        each = ELEMENTWISE[name](x, y, **{name: value for name, value in options.items() if name != "reduction"})
        return KINDS[kind](each) if kind != "none" and is_vector(each) else each

    return loss


def cross_entropy(x: Expr, y: Expr, *, length: int, **options: Expr) -> Expr:
    if not is_vector(x):
        raise GiveUpError("a single number has no classes")
    smoothing, weights = options.get("label_smoothing", sympy.S.Zero), _weights(options, length)
    total, dot = KINDS["logsumexp"](x), KINDS["dot"]
    if is_vector(y):
        shares = Vector(*weights) * ((1 - smoothing) * y + smoothing / length)
        return -dot(
            KINDS["log_softmax"](x), shares if "weight" in options else (1 - smoothing) * y + smoothing / length
        )
    one, weight = _one(y, length), weights[int(y)]
    scale = ONE if reduction(options) == "mean" else weight
    right = (1 - smoothing) * (total - dot(x, one))
    if smoothing == 0:
        return scale * right
    return scale * (right + smoothing / length / weight * (sum(weights) * total - dot(x, Vector(*weights))))


def nll_loss(x: Expr, y: Expr, *, length: int, **options: Expr) -> Expr:
    if not is_vector(x):
        raise GiveUpError("a single number has no classes")
    weight = ONE if reduction(options) == "mean" else _weights(options, length)[int(y)]
    return -weight * KINDS["dot"](x, _one(y, length))


def _weights(options: Options, length: int) -> list[Expr]:
    weight = options.get("weight", ONE)
    weights = list(weight.args) if isinstance(weight, Vector) else [weight] * length
    if len(weights) != length:
        raise GiveUpError("the weights are not as many as the classes")
    return weights


def _one(place: Expr, length: int) -> Expr:
    if not (place.is_Integer and 0 <= place < length):
        raise GiveUpError("there is no such class")
    return Vector(*(int(place == other) for other in range(length)))
