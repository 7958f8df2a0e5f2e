"""What each function of the language is in torch: one row for each row of `gradtui.expression.functions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Literal

import torch
from torch.nn import functional

Value = torch.Tensor | int | float
Kind = Literal["tensor", "any", "setting", "condition"]


class UnfitError(ValueError):
    """Arguments that have no value under an operation, in words for a person."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A torch function and what it takes, the last kind standing for all further arguments.

    `tensor`: a number must be made one. `any`: torch takes tensors and numbers here. `setting`: a plain number only.
    `condition`: a tensor of truth values.
    """

    function: Callable[..., torch.Tensor]
    kinds: tuple[Kind, ...] = ("tensor",)

    def apply(self, operands: Sequence[Value], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Call torch, numbers made tensors where it wants tensors. Raises UnfitError, and torch's own errors."""
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
        return self.function(*arguments)


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
        raise UnfitError("dot takes two vectors")
    return torch.dot(left, right)


def _spread(name: str, function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def of_two_or_more(x: torch.Tensor) -> torch.Tensor:
        if x.numel() < 2:
            raise UnfitError(f"{name} is of two or more elements")
        return function(x)

    return of_two_or_more


def _along_vector(function: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def along_last(x: torch.Tensor) -> torch.Tensor:
        return function(x, dim=-1)

    return along_last


TRIGONOMETRY = {
    "sin": Operation(torch.sin),
    "cos": Operation(torch.cos),
    "tan": Operation(torch.tan),
    "asin": Operation(torch.asin),
    "acos": Operation(torch.acos),
    "atan": Operation(torch.atan),
    "atan2": Operation(torch.atan2),
    "sinh": Operation(torch.sinh),
    "cosh": Operation(torch.cosh),
    "tanh": Operation(torch.tanh),
    "asinh": Operation(torch.asinh),
    "acosh": Operation(torch.acosh),
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
    "sqrt": Operation(torch.sqrt),
    "rsqrt": Operation(torch.rsqrt),
    "square": Operation(torch.square),
    "reciprocal": Operation(torch.reciprocal),
    "hypot": Operation(torch.hypot),
    "xlogy": Operation(torch.xlogy, ("any",)),
    "logaddexp": Operation(torch.logaddexp),
}

STEPS_AND_CORNERS = {
    "abs": Operation(torch.abs),
    "sign": Operation(torch.sign),
    "floor": Operation(torch.floor),
    "ceil": Operation(torch.ceil),
    "round": Operation(torch.round),
    "trunc": Operation(torch.trunc),
    "frac": Operation(torch.frac),
    "fmod": Operation(torch.fmod, ("tensor", "any")),
    "remainder": Operation(torch.remainder, ("any",)),
    "copysign": Operation(torch.copysign, ("tensor", "any")),
    "max": Operation(_max),
    "min": Operation(_min),
    "maximum": Operation(torch.maximum),
    "minimum": Operation(torch.minimum),
    "clamp": Operation(_clamp, ("tensor", "any")),
    "where": Operation(torch.where, ("condition", "tensor")),
    "lerp": Operation(torch.lerp, ("tensor", "tensor", "any")),
}

SPECIAL = {
    "erf": Operation(torch.erf),
    "erfc": Operation(torch.erfc),
    "erfinv": Operation(torch.erfinv),
    "erfcx": Operation(torch.special.erfcx),
    "lgamma": Operation(torch.lgamma),
    "digamma": Operation(torch.digamma),
    "i0": Operation(torch.i0),
    "i0e": Operation(torch.special.i0e),
    "i1": Operation(torch.special.i1),
    "i1e": Operation(torch.special.i1e),
    "ndtr": Operation(torch.special.ndtr),
    "ndtri": Operation(torch.special.ndtri),
    "log_ndtr": Operation(torch.special.log_ndtr),
    "entr": Operation(torch.special.entr),
}

ACTIVATIONS = {
    "sigmoid": Operation(torch.sigmoid),
    "logit": Operation(torch.logit, ("tensor", "setting")),
    "logsigmoid": Operation(functional.logsigmoid),
    "relu": Operation(torch.relu),
    "relu6": Operation(functional.relu6),
    "leaky_relu": Operation(functional.leaky_relu, ("tensor", "setting")),
    "elu": Operation(functional.elu, ("tensor", "setting")),
    "selu": Operation(functional.selu),
    "celu": Operation(functional.celu, ("tensor", "setting")),
    "gelu": Operation(functional.gelu),
    "silu": Operation(functional.silu),
    "mish": Operation(functional.mish),
    "softplus": Operation(functional.softplus, ("tensor", "setting")),
    "softsign": Operation(functional.softsign),
    "tanhshrink": Operation(functional.tanhshrink),
    "hardtanh": Operation(functional.hardtanh, ("tensor", "setting")),
    "hardsigmoid": Operation(functional.hardsigmoid),
    "hardswish": Operation(functional.hardswish),
    "hardshrink": Operation(functional.hardshrink, ("tensor", "setting")),
    "softshrink": Operation(functional.softshrink, ("tensor", "setting")),
    "threshold": Operation(functional.threshold, ("tensor", "setting")),
}

REDUCTIONS = {
    "sum": Operation(torch.sum),
    "mean": Operation(torch.mean),
    "prod": Operation(torch.prod),
    "amax": Operation(torch.amax),
    "amin": Operation(torch.amin),
    "norm": Operation(torch.norm),
    "dot": Operation(_dot),
    "var": Operation(_spread("var", torch.var)),
    "std": Operation(_spread("std", torch.std)),
    "logsumexp": Operation(_along_vector(torch.logsumexp)),
    "softmax": Operation(_along_vector(torch.softmax)),
    "log_softmax": Operation(_along_vector(torch.log_softmax)),
    "cumsum": Operation(_along_vector(torch.cumsum)),
}

OPERATIONS: dict[str, Operation] = (
    TRIGONOMETRY | POWERS_AND_LOGARITHMS | STEPS_AND_CORNERS | SPECIAL | ACTIVATIONS | REDUCTIONS
)
