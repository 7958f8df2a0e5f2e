"""Listening to GradScalers: by what a loss was multiplied, and which steps they skip."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gradtui.engine.capture.introspection import tensors
from gradtui.engine.torch_private import Layer


class Scaled:
    """The losses that a GradScaler has multiplied, as they were, by the scaled tensor: that may have overflowed."""

    def __init__(self) -> None:
        self._losses: dict[int, tuple[weakref.ref[torch.Tensor], torch.Tensor]] = {}
        self._scalers: list[weakref.ref[Any]] = []

    def put(self, losses: Any, scaled: Any) -> None:
        """As they were given, and as they came: one of them, or several."""
        self._losses = {key: known for key, known in self._losses.items() if known[0]() is not None}
        for loss, one in zip(tensors((losses,)), tensors((scaled,)), strict=False):
            self._losses[id(one)] = weakref.ref(one), loss.detach().clone()

    def loss(self, tensor: torch.Tensor) -> torch.Tensor:
        known = self._losses.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else tensor

    def number(self, scaler: Any) -> int:
        """Of a GradScaler, in the order in which they were met."""
        for number, reference in enumerate(self._scalers):
            if reference() is scaler:
                return number
        self._scalers.append(weakref.ref(scaler))
        return len(self._scalers) - 1


@contextmanager
def listening(
    scaled: Callable[[Any, Any], None], stepped: Callable[[Any, Any, Callable[[], Any]], Any]
) -> Iterator[None]:
    """Within it `scaled` is told of what is multiplied and of what that gives; `stepped(scaler, optimizer, step)` is called in
    place of `scaler.step(optimizer)`."""
    kind: Any = torch.amp.GradScaler
    of_scale, of_step = Layer(kind, "scale"), Layer(kind, "step")
    scale, step = of_scale.original, of_step.original

    def new_scale(self: Any, outputs: Any) -> Any:
        result = scale(self, outputs)
        if self.is_enabled() and not of_scale.has_ended:
            scaled(outputs, result)
        return result

    def new_step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.is_enabled() or of_step.has_ended:
            return step(self, optimizer, *args, **kwargs)
        return stepped(self, optimizer, lambda: step(self, optimizer, *args, **kwargs))

    of_scale.put(new_scale)
    of_step.put(new_step)
    try:
        yield
    finally:
        of_scale.end()
        of_step.end()
