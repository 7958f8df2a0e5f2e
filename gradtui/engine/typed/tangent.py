"""Forward mode: how fast every forward value moves when one variable does."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch.autograd import forward_ad

from gradtui.engine.torch_private import DispatchMode, run_below
from gradtui.engine.typed import forward
from gradtui.engine.typed.forward import Forward
from gradtui.expression.parser import ExpressionError


class Outputs(DispatchMode):
    """Holds every tensor that an operation returns, those of the tangents' own arithmetic among them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = run_below(func, args, kwargs)
        first = result[0] if isinstance(result, (tuple, list)) else result
        if isinstance(first, torch.Tensor):
            self.seen.append(first)
        return result


@dataclass(frozen=True, slots=True)
class Tangents:
    """By the sequence number of a grad_fn, and by the name of a leaf. What is not there is not known."""

    by_number: dict[int, torch.Tensor] = field(default_factory=dict)
    by_name: dict[str, torch.Tensor] = field(default_factory=dict)

    def of(self, number: int, name: str | None) -> torch.Tensor | None:
        return self.by_number.get(number) if name is None else self.by_name.get(name)


NO_TANGENTS = Tangents()


def tangents(
    done: Forward,
    leaves: Mapping[str, torch.Tensor],
    name: str,
    element: int = 0,
    *,
    still: Mapping[str, torch.Tensor] | None = None,
) -> Tangents:
    """The tangent of each forward value along the variable `name` (its element `element`). still: what has no gradient.

    The forward runs once more on dual numbers (torch.autograd.forward_ad). Only results of differentiable operations
    carry a tangent (and views of them, which amax takes for its own), and they come in the order in which `done` made
    its grad_fns. Where the two do not match, as for an operation without a forward-mode formula, the answer is empty:
    not known.
    """
    outputs = Outputs()
    directions = {other: _direction(leaf, element if other == name else None) for other, leaf in leaves.items()}
    try:
        with forward_ad.dual_level():
            duals = {other: _dual(leaf, directions[other]) for other, leaf in leaves.items()}
            with outputs:
                forward.run(done.expression, {**duals, **(still or {})})
            found = [_tangent(tensor) for tensor in outputs.seen if not tensor._is_view()]
            moving = [tangent.clone() for tangent in found if tangent is not None]
    except (RuntimeError, NotImplementedError, ExpressionError):
        return NO_TANGENTS
    numbers = sorted(done.makers)
    if len(numbers) != len(moving):
        return NO_TANGENTS
    return Tangents(dict(zip(numbers, moving, strict=True)), directions)


def _dual(leaf: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """The first one makes torch script some formulas, which it warns is deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(torch.Tensor, forward_ad.make_dual(leaf.detach(), direction))  # type: ignore[no-untyped-call]


def _tangent(tensor: torch.Tensor) -> torch.Tensor | None:
    return cast("torch.Tensor | None", forward_ad.unpack_dual(tensor).tangent)  # type: ignore[no-untyped-call]


def _direction(leaf: torch.Tensor, element: int | None) -> torch.Tensor:
    """Ones for a scalar that moves, a unit vector for a vector of which one element does, else zeros."""
    direction = torch.zeros_like(leaf)
    if element is not None:
        direction.view(-1)[element] = 1
    return direction
