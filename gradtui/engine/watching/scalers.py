"""Listening to GradScalers: by what a loss was multiplied, and which steps they skip."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gradtui.engine.capture.introspection import tensors


class Scaled:
    """The factors of losses that a GradScaler has multiplied, by the scaled tensor."""

    def __init__(self) -> None:
        self._factors: dict[int, tuple[weakref.ref[torch.Tensor], torch.Tensor]] = {}

    def put(self, scaled: torch.Tensor, factor: torch.Tensor) -> None:
        self._factors = {key: known for key, known in self._factors.items() if known[0]() is not None}
        self._factors[id(scaled)] = weakref.ref(scaled), factor

    def factor(self, tensor: torch.Tensor) -> float:
        known = self._factors.get(id(tensor))
        return known[1].item() if known is not None and known[0]() is tensor else 1.0


@contextmanager
def listening(
    scaled: Callable[[torch.Tensor, torch.Tensor], None], stepped: Callable[[Any, Any, Callable[[], Any]], Any]
) -> Iterator[None]:
    """Within it `scaled` is told of each loss that was multiplied, with the factor; `stepped(scaler, optimizer, step)` is called
    in place of `scaler.step(optimizer)`."""
    kind: Any = torch.amp.GradScaler
    scale, step = kind.scale, kind.step

    def new_scale(self: Any, outputs: Any) -> Any:
        result = scale(self, outputs)
        factor = self._scale if self.is_enabled() else None
        for one in tensors((result,)):
            if factor is not None:
                scaled(one, factor.detach().clone())
        return result

    def new_step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.is_enabled():
            return step(self, optimizer, *args, **kwargs)
        return stepped(self, optimizer, lambda: step(self, optimizer, *args, **kwargs))

    kind.scale, kind.step = new_scale, new_step
    try:
        yield
    finally:
        kind.scale, kind.step = scale, step
