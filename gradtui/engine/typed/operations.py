"""What each function of the language is in torch, and where it is not smooth: a row for a row of expression.functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Literal

import torch
from torch.nn import functional

from gradtui.engine.typed import losses
from gradtui.engine.typed import nonsmooth as at
from gradtui.engine.typed.nonsmooth import CORNER, JUMP, TIE, UNDEFINED, VERTICAL, Kink
from gradtui.engine.typed.refused import NoVectorError, UnfitError
from gradtui.expression.functions import FUNCTIONS, Function

Value = torch.Tensor | int | float
Kind = Literal["tensor", "any", "setting", "condition"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A torch function, where it is not smooth, and what it takes, the last kind standing for all further arguments.

    `tensor`: a number must be made one. `any`: torch takes tensors and numbers here. `setting`: a plain number only.
    `condition`: a tensor of truth values.
    """

    function: Callable[..., torch.Tensor]
    kinks: tuple[Kink, ...] = ()
    kinds: tuple[Kind, ...] = ("tensor",)

    def apply(
        self,
        operands: Sequence[Value],
        dtype: torch.dtype,
        device: torch.device,
        keywords: Sequence[str] = (),
        words: Sequence[tuple[str, str | bool]] = (),
    ) -> torch.Tensor:
        """Call torch, numbers made tensors where it wants tensors. Raises UnfitError, and torch's own errors.

        keywords: names of the last operands. words: further named arguments.
        """
        if not (keywords or words or "setting" in self.kinds) and all(
            isinstance(one, torch.Tensor) for one in operands
        ):
            return self.function(*operands)  # as they are: a curve is drawn while a key is held
        placed = len(operands) - len(keywords)
        operands, options = operands[:placed], dict(zip(keywords, operands[placed:], strict=True))
        constant = not any(isinstance(operand, torch.Tensor) for operand in operands)
        arguments: list[Value] = []
        for kind, operand in zip(chain(self.kinds, repeat(self.kinds[-1])), operands, strict=False):
            if kind == "setting" and isinstance(operand, torch.Tensor):
                raise UnfitError("torch takes a plain number here, not a variable")
            if kind == "condition":
                arguments.append(torch.as_tensor(operand, device=device))
            elif kind == "tensor" or (kind == "any" and constant):
                arguments.append(lifted(operand, dtype, device))
            else:
                arguments.append(operand)
        return self.function(*arguments, **options, **dict(words))


def lifted(value: Value, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """The number as a tensor of shape (); a tensor as it is."""
    return value if isinstance(value, torch.Tensor) else torch.tensor(float(value), dtype=dtype, device=device)


def _max(x: torch.Tensor, *other: torch.Tensor) -> torch.Tensor:
    return torch.maximum(x, *other) if other else torch.max(x)


def _min(x: torch.Tensor, *other: torch.Tensor) -> torch.Tensor:
    return torch.minimum(x, *other) if other else torch.min(x)


def _clamp(x: torch.Tensor, *bounds: Value) -> torch.Tensor:
    """torch takes two numbers or two tensors, but not one of each."""
    if any(isinstance(bound, torch.Tensor) for bound in bounds):
        bounds = tuple(lifted(bound, x.dtype, x.device) for bound in bounds)
    return torch.clamp(x, *bounds)  # type: ignore[arg-type]


def _dot(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    if left.ndim == 0 or right.ndim == 0:
        raise NoVectorError("a dot product, dot or @, takes two vectors")
    return torch.dot(left, right)


def _spread(name: str, function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def of_two_or_more(x: torch.Tensor) -> torch.Tensor:
        if x.numel() < 2:
            raise NoVectorError(f"{name} is of two or more elements")
        return function(x)

    return of_two_or_more


def _along_vector(function: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def along_last(x: torch.Tensor) -> torch.Tensor:
        return function(x, dim=-1)

    return along_last


def _sign_of_gamma(x: torch.Tensor) -> torch.Tensor:
    """That of lgamma is lost."""
    return 1 - 2 * (x < 0) * (x.detach().floor() % 2)


def _beta(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    size = (torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y)).exp()
    return size * _sign_of_gamma(x) * _sign_of_gamma(y) * _sign_of_gamma(x.detach() + y.detach())


TRIGONOMETRY = {
    "sin": Operation(torch.sin),
    "cos": Operation(torch.cos),
    "tan": Operation(torch.tan),
    "cot": Operation(lambda x: torch.tan(x).reciprocal()),
    "sec": Operation(lambda x: torch.cos(x).reciprocal()),
    "csc": Operation(lambda x: torch.sin(x).reciprocal()),
    "asin": Operation(torch.asin, kinks=(Kink(VERTICAL, at.one_of(-1, 1)),)),
    "acos": Operation(torch.acos, kinks=(Kink(VERTICAL, at.one_of(-1, 1)),)),
    "atan": Operation(torch.atan),
    "atan2": Operation(torch.atan2, kinks=(Kink(UNDEFINED, at.origin), Kink(JUMP, lambda y, x: (y == 0) & (x < 0)))),
    "sinh": Operation(torch.sinh),
    "cosh": Operation(torch.cosh),
    "tanh": Operation(torch.tanh),
    "coth": Operation(lambda x: torch.tanh(x).reciprocal()),
    "sech": Operation(lambda x: torch.cosh(x).reciprocal()),
    "csch": Operation(lambda x: torch.sinh(x).reciprocal()),
    "asinh": Operation(torch.asinh),
    "acosh": Operation(torch.acosh, kinks=(Kink(VERTICAL, at.one_of(1)),)),
    "atanh": Operation(torch.atanh),
    "sinc": Operation(torch.sinc),
    "deg2rad": Operation(torch.deg2rad),
    "rad2deg": Operation(torch.rad2deg),
}

POWERS_AND_LOGARITHMS = {
    "exp": Operation(torch.exp),
    "exp2": Operation(torch.exp2),
    "expm1": Operation(torch.expm1),
    "log": Operation(torch.log),
    "log2": Operation(torch.log2),
    "log10": Operation(torch.log10),
    "log1p": Operation(torch.log1p),
    "sqrt": Operation(torch.sqrt, kinks=(Kink(VERTICAL, at.zero),)),
    "cbrt": Operation(lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), kinks=(Kink(VERTICAL, at.zero),)),
    "rsqrt": Operation(torch.rsqrt),
    "square": Operation(torch.square),
    "reciprocal": Operation(torch.reciprocal),
    "hypot": Operation(torch.hypot, kinks=(Kink(CORNER, at.origin),)),
    "xlogy": Operation(torch.xlogy),
    "logaddexp": Operation(torch.logaddexp),
}

STEPS_AND_CORNERS = {
    "abs": Operation(torch.abs, kinks=(Kink(CORNER, at.zero),)),
    "sign": Operation(torch.sign, kinks=(Kink(JUMP, at.zero),)),
    "floor": Operation(torch.floor, kinks=(Kink(JUMP, at.integer),)),
    "ceil": Operation(torch.ceil, kinks=(Kink(JUMP, at.integer),)),
    "round": Operation(torch.round, kinks=(Kink(JUMP, at.half),)),
    "trunc": Operation(torch.trunc, kinks=(Kink(JUMP, at.integer_but_0),)),
    "frac": Operation(torch.frac, kinks=(Kink(JUMP, at.integer_but_0),)),
    "fmod": Operation(torch.fmod, kinks=(Kink(JUMP, lambda x, y: at.integer_but_0(at.quotient(x, y))),)),
    "remainder": Operation(torch.remainder, kinks=(Kink(JUMP, lambda x, y: at.integer(at.quotient(x, y))),)),
    "copysign": Operation(
        torch.copysign, kinks=(Kink(JUMP, lambda x, y: (y == 0) & (x != 0)), Kink(CORNER, lambda x, y: x == 0))
    ),
    "max": Operation(_max, kinks=(Kink(TIE, at.equal), Kink(TIE, at.several_largest, whole=True))),
    "min": Operation(_min, kinks=(Kink(TIE, at.equal), Kink(TIE, at.several_smallest, whole=True))),
    "maximum": Operation(torch.maximum, kinks=(Kink(TIE, at.equal),)),
    "minimum": Operation(torch.minimum, kinks=(Kink(TIE, at.equal),)),
    "clamp": Operation(_clamp, kinks=(Kink(CORNER, at.bound),)),
    "where": Operation(torch.where),
    "lerp": Operation(torch.lerp),
}

SPECIAL = {
    "erf": Operation(torch.erf),
    "erfc": Operation(torch.erfc),
    "erfinv": Operation(torch.erfinv),
    "erfcx": Operation(torch.special.erfcx),
    "lgamma": Operation(torch.lgamma),
    "digamma": Operation(torch.digamma),
    "gamma": Operation(lambda x: torch.lgamma(x).exp() * _sign_of_gamma(x)),
    "beta": Operation(_beta),
    "i0": Operation(torch.i0),
    "i0e": Operation(torch.special.i0e, kinks=(Kink(CORNER, at.zero),)),
    "i1": Operation(torch.special.i1),
    "i1e": Operation(torch.special.i1e),
    "ndtr": Operation(torch.special.ndtr),
    "ndtri": Operation(torch.special.ndtri),
    "log_ndtr": Operation(torch.special.log_ndtr),
    "entr": Operation(torch.special.entr, kinks=(Kink(VERTICAL, at.zero),)),
}

ACTIVATIONS = {
    "sigmoid": Operation(torch.sigmoid),
    "logit": Operation(
        torch.logit,
        kinks=(Kink(CORNER, lambda x, eps=None: (x == eps) | (x == 1 - eps) if eps is not None else x != x),),
    ),
    "logsigmoid": Operation(functional.logsigmoid),
    "relu": Operation(torch.relu, kinks=(Kink(CORNER, at.zero),)),
    "relu6": Operation(functional.relu6, kinks=(Kink(CORNER, at.one_of(0, 6)),)),
    "leaky_relu": Operation(
        functional.leaky_relu, kinks=(Kink(CORNER, lambda x, slope=0.01: (x == 0) & (slope != 1)),)
    ),
    "elu": Operation(functional.elu, kinks=(Kink(CORNER, lambda x, alpha=1.0: (x == 0) & (alpha != 1)),)),
    "selu": Operation(functional.selu, kinks=(Kink(CORNER, at.zero),)),
    "celu": Operation(functional.celu),
    "gelu": Operation(functional.gelu),
    "silu": Operation(functional.silu),
    "mish": Operation(functional.mish),
    "softplus": Operation(functional.softplus),
    "softsign": Operation(functional.softsign),
    "tanhshrink": Operation(functional.tanhshrink),
    "hardtanh": Operation(functional.hardtanh, kinks=(Kink(CORNER, at.end),)),
    "hardsigmoid": Operation(functional.hardsigmoid, kinks=(Kink(CORNER, at.one_of(-3, 3)),)),
    "hardswish": Operation(functional.hardswish, kinks=(Kink(CORNER, at.one_of(-3, 3)),)),
    "hardshrink": Operation(functional.hardshrink, kinks=(Kink(JUMP, at.width),)),
    "softshrink": Operation(functional.softshrink, kinks=(Kink(CORNER, at.width),)),
    "threshold": Operation(
        functional.threshold,
        kinks=(
            Kink(JUMP, lambda x, edge, value: (x == edge) & (value != edge)),
            Kink(CORNER, lambda x, edge, value: (x == edge) & (value == edge)),
        ),
    ),
}

REDUCTIONS = {
    "sum": Operation(torch.sum),
    "mean": Operation(torch.mean),
    "prod": Operation(torch.prod),
    "amax": Operation(torch.amax, kinks=(Kink(TIE, at.several_largest, whole=True),)),
    "amin": Operation(torch.amin, kinks=(Kink(TIE, at.several_smallest, whole=True),)),
    "norm": Operation(torch.norm, kinks=(Kink(CORNER, lambda x: not x.any(), whole=True),)),
    "dot": Operation(_dot),
    "var": Operation(_spread("var", torch.var)),
    "std": Operation(_spread("std", torch.std), kinks=(Kink(CORNER, lambda x: bool((x == x[0]).all()), whole=True),)),
    "logsumexp": Operation(_along_vector(torch.logsumexp)),
    "softmax": Operation(_along_vector(torch.softmax)),
    "log_softmax": Operation(_along_vector(torch.log_softmax)),
    "cumsum": Operation(_along_vector(torch.cumsum)),
}

LOSSES = {
    "mse_loss": Operation(losses.of_two("mse_loss")),
    "l1_loss": Operation(losses.of_two("l1_loss"), kinks=(Kink(CORNER, at.equal),)),
    "huber_loss": Operation(losses.of_two("huber_loss")),
    "smooth_l1_loss": Operation(losses.of_two("smooth_l1_loss")),
    "cross_entropy": Operation(losses.of_classes("cross_entropy")),
    "nll_loss": Operation(losses.of_classes("nll_loss")),
    "binary_cross_entropy": Operation(losses.of_two("binary_cross_entropy", same_size=True)),
    "binary_cross_entropy_with_logits": Operation(losses.of_two("binary_cross_entropy_with_logits", same_size=True)),
    "kl_div": Operation(losses.of_two("kl_div")),
}

ROWS = TRIGONOMETRY | POWERS_AND_LOGARITHMS | STEPS_AND_CORNERS | SPECIAL | ACTIVATIONS | REDUCTIONS | LOSSES


def _kinds(function: Function) -> tuple[Kind, ...]:
    kinds: list[Kind] = ["tensor"] * function.least
    if function.name == "where":
        kinds[0] = "condition"
    elif function.classes:
        kinds[1] = "any"
    elif function.settings:
        kinds[1:] = ["setting"]
    elif function.numbers is not None:
        kinds[function.numbers :] = ["any"]
    return tuple(kinds)


OPERATIONS: dict[str, Operation] = {name: replace(row, kinds=_kinds(FUNCTIONS[name])) for name, row in ROWS.items()}
