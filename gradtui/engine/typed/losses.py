"""The losses of torch.nn.functional, with its meaning, and its complaints in words for a person."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from gradtui.engine.typed.refused import NoVectorError, UnfitError


def of_two(name: str, *, same_size: bool = False) -> Callable[..., torch.Tensor]:
    """A loss of two tensors. same_size: torch refuses to spread a number over a vector."""
    function = getattr(functional, name)

    def loss(x: torch.Tensor, target: torch.Tensor, **options: Any) -> torch.Tensor:
        if same_size and x.shape != target.shape:
            message = f"{name} takes a target of the same size: there is {_size(x)}, and {_size(target)} in the target"
            raise NoVectorError(message)
        with warnings.catch_warnings():  # of sizes that are spread, and of a mean that is no divergence
            warnings.simplefilter("ignore", UserWarning)
            return function(x, target, **_checked(options, x))  # type: ignore[no-any-return]

    return loss


def of_classes(name: str) -> Callable[..., torch.Tensor]:
    """A loss of scores, or log probabilities, and a class; of cross_entropy also of as many probabilities."""
    function = getattr(functional, name)

    def loss(x: torch.Tensor, target: Any, **options: Any) -> torch.Tensor:
        if not x.ndim:
            raise NoVectorError(f"{name} takes a vector, with an element for each class")
        if not isinstance(target, torch.Tensor):
            target = _class(name, target, x)
        elif name == "nll_loss" or not target.ndim:
            raise UnfitError(f"the target of {name} is a class, a whole number and no variable: {name}(x, 0)")
        elif len(target) != len(x):
            raise UnfitError(f"{name} takes a probability for each of the {len(x)} classes; there are {len(target)}")
        return function(x, target, **_checked(options, x))  # type: ignore[no-any-return]

    return loss


def _size(x: torch.Tensor) -> str:
    return f"{len(x)} element{'s' if len(x) > 1 else ''}" if x.ndim else "one number"


def _class(name: str, number: float, x: torch.Tensor) -> torch.Tensor:
    if float(number).is_integer() and 0 <= number < len(x):
        return torch.tensor(int(number), device=x.device)
    last = len(x) - 1
    raise UnfitError(f"there is no class {number:g}: the first argument of {name} has {len(x)}, 0 to {last}")


def _checked(options: dict[str, Any], x: torch.Tensor) -> dict[str, Any]:
    """As torch takes them."""
    given = dict(options)
    for name, value in options.items():
        if name in ("weight", "pos_weight"):
            weight = value if isinstance(value, torch.Tensor) else torch.tensor(float(value)).to(x)
            if weight.requires_grad:
                raise UnfitError(f"{name} is made of plain numbers: torch gives it no gradient")
            if weight.ndim and len(weight) not in (1, x.numel()):
                raise UnfitError(f"{name} has {_size(weight)}, where there is {_size(x)}")
            given[name] = weight
        elif isinstance(value, torch.Tensor):
            raise UnfitError(f"{name} is a plain number: torch gives it no gradient")
    if options.get("delta", 1) <= 0:
        raise UnfitError("delta is more than 0")
    if options.get("beta", 1) < 0:
        raise UnfitError("beta is not less than 0")
    if not 0 <= options.get("label_smoothing", 0) <= 1:
        raise UnfitError("label_smoothing is between 0 and 1")
    return given
