"""Forward mode: how fast every forward value moves when one variable does."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode

from gradtui.engine import forward
from gradtui.engine.forward import Forward


class Outputs(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Holds every tensor that an operation returns, those of the tangents' own arithmetic among them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: list[torch.Tensor] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """As in forward.Recorder: without it torch imports dynamo here."""
        return False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) else result
        if isinstance(first, torch.Tensor):
            self.seen.append(first)
        return result


def tangents(done: Forward, leaves: Mapping[str, torch.Tensor], name: str, element: int = 0) -> dict[int, torch.Tensor]:
    """The tangent of each grad_fn's forward value along `name` (its element `element`), by sequence number.

    The forward runs once more on dual numbers (torch.autograd.forward_ad). Only results of differentiable operations
    carry a tangent, and they come in the order in which `done` made its grad_fns. Where the two do not match, as for an
    operation without a forward-mode formula, the answer is empty: not known.
    """
    outputs = Outputs()
    try:
        with forward_ad.dual_level():
            duals = {
                other: forward_ad.make_dual(leaf.detach(), _direction(leaf, element if other == name else None))
                for other, leaf in leaves.items()
            }
            with outputs:
                forward.run(done.expression, duals)
            found = [forward_ad.unpack_dual(tensor).tangent for tensor in outputs.seen]
            moving = [tangent.clone() for tangent in found if tangent is not None]
    except (RuntimeError, NotImplementedError):
        return {}
    numbers = sorted(done.makers)
    return dict(zip(numbers, moving, strict=True)) if len(numbers) == len(moving) else {}


def _direction(leaf: torch.Tensor, element: int | None) -> torch.Tensor:
    """Ones for a scalar that moves, a unit vector for a vector of which one element does, else zeros."""
    direction = torch.zeros_like(leaf)
    if element is not None:
        direction.view(-1)[element] = 1
    return direction
