"""What the forward of a custom autograd.Function made, until it is seen whether it came out with a graph."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from types import FrameType
from typing import NamedTuple

import torch

from gradtui.engine.capture.places import in_function
from gradtui.snapshot.model import Source


class Result(NamedTuple):
    """live: the leaves that a gradient goes back to from what the Function took in, a bit each. what: the Function, and where."""

    tensor: weakref.ref[torch.Tensor]
    live: int
    what: str
    source: Source | None


class Results:
    """By id, without holding them."""

    def __init__(self) -> None:
        self._made: dict[int, Result] = {}

    def add(self, tensors: Iterable[torch.Tensor], live: int, what: str, source: Source | None) -> None:
        for tensor in tensors if live else ():
            self._made[id(tensor)] = Result(weakref.ref(tensor, self._forget(id(tensor))), live, what, source)

    def _forget(self, key: int) -> Callable[[object], object]:
        return lambda _: self._made.pop(key, None)

    def follow(self, inputs: Iterable[torch.Tensor], outputs: Iterable[torch.Tensor]) -> None:
        """What is made of one, as whole numbers of it, is another."""
        found = next((self._made[id(one)] for one in inputs if id(one) in self._made), None) if self._made else None
        if found is not None:
            self.add((one for one in outputs if not one.requires_grad), found.live, found.what, found.source)

    def come_out(self, tensor: torch.Tensor, frame: FrameType) -> Result | None:
        """One that is used outside of the Function, and has no graph. Once."""
        if id(tensor) not in self._made or tensor.requires_grad or in_function(frame):
            return None
        return self._made.pop(id(tensor))
