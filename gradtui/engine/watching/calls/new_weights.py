"""Parameters that are made between updates and learn nothing, as those of a layer that is made in the forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any
from weakref import ref

import torch

from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

LAST = 2
"""Updates after which nothing more is looked at. What is made before the first one is the model."""


class NewWeights:
    """Hears of each that is made, however large the pass is that it is part of, and holds none of them."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self._history, self._place = history, place
        self._made: list[tuple[ref[torch.Tensor], Source | None]] = []
        self._used: list[tuple[ref[torch.Tensor], Source | None]] = []

    def heard(self, function: Any, result: Any, frame: FrameType) -> None:
        if function is torch.nn.Parameter and 0 < self._history.updates <= LAST:
            self._made.append((ref(result), self._place(frame)))

    def pass_begins(self, leaves: Sequence[torch.Tensor]) -> None:
        """leaves: that the pass goes to."""
        used = {id(one) for one in leaves}
        self._used += [(one, place) for one, place in self._made if id(one()) in used]
        self._made = []

    def stepped(self, parameters: Sequence[torch.Tensor]) -> None:
        """parameters: of the optimizer."""
        own = {id(one) for one in parameters}
        for one, place in self._used:
            if id(one()) not in own:  # None, too: it is gone, and no optimizer has it
                self._history.note("made_anew", place)
        self._used = []
