"""The last step of each optimizer: which gradients it was made with, what it changed, and how the loss goes on along it."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence

import torch

from gradtui.engine.watching import tensor_norms
from gradtui.engine.watching.left_gradients import gradient_of


class LastGradients:
    """Which gradient each parameter had at the last step that asked. None of them is held."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[weakref.ref[torch.Tensor], int]] = {}

    def is_the_last(self, name: str, gradient: torch.Tensor | None) -> bool:
        """Whether no pass, and nothing else, has changed it since."""
        if gradient is None:
            return False
        now, before = (weakref.ref(gradient), gradient._version), self._known.get(name)
        self._known[name] = now
        return before is not None and before[0] is now[0] and before[1] == now[1]


class LastSteps:
    """What each optimizer, by its number, changed last; in the memory in which the next step keeps what was before."""

    def __init__(self) -> None:
        self._kept: dict[int, list[torch.Tensor]] = {}
        self._done: set[int] = set()

    def along(self, number: int, parameters: Sequence[torch.Tensor], given: Mapping[int, torch.Tensor | None]) -> float:
        """By how much the loss still rises, or falls, along the last step where that has ended, by the gradients there; nan where
        it is not known. given: gradients by the ids of their parameters, where they are not in `grad`."""
        kept = self._kept.get(number, [])
        if number not in self._done or len(kept) != len(parameters):
            return math.nan
        every = ((given.get(id(one), gradient_of(one)), change) for one, change in zip(parameters, kept, strict=True))
        pairs = [(grad, change) for grad, change in every if grad is not None]
        return -tensor_norms.products(pairs) if pairs else math.nan

    def begins(self, number: int, parameters: Sequence[torch.Tensor]) -> None:
        self._done.discard(number)
        self._kept[number] = tensor_norms.copies(parameters, self._kept.get(number, []))

    def ends(self, number: int, parameters: Sequence[torch.Tensor]) -> list[float]:
        """The norm of what it changed, of each."""
        self._done.add(number)
        return tensor_norms.differences(self._kept[number], parameters)
