"""Trainings by gradients of `torch.func`, which are not watched: that there is one, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, items, tensors
from gradtui.engine.capture.recording import maker
from gradtui.engine.torch_private import is_transformed, unwrapped
from gradtui.engine.watching.calls.storages import Storages
from gradtui.engine.watching.kept_calls.tape import SET_DATA, is_in_place
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

MOST = 16
"""Passes after which nothing more is looked at."""

Shapes = tuple[torch.Size, ...]


class TransformedGradients:
    """What comes of such gradients is followed until one of the tensors that they are of is written over by it, or until others
    of the same shapes that were made of it are what a gradient is taken of. place: the line of a frame."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self._history, self._place = history, place
        self._passes, self._is_over = 0, False
        self._inputs, self._made = Storages(), Storages()
        self._known: dict[Shapes, Source | None] = {}
        self._last: tuple[Source | None, int] = None, 0

    def passed(self, inputs: object, gradients: object, frame: FrameType) -> None:
        """`torch.autograd.grad` has run for these inputs."""
        own = [unwrapped(one) for one in tensors(items(inputs)) if is_transformed(one)]
        if not own or self._is_over:
            return
        shapes = tuple(one.shape for one in own)
        made = [one for one in own if self._made.has(one)] if shapes in self._known else []
        if any(maker(one) is None for one in made):
            self._tell(self._known[shapes], len(own))
            return
        if made:  # with a graph, as the inner steps of a training have them, or as nobody took them off it
            self._history.note("transformed", self._known[shapes], "with a graph", count=1)
        self._passes += 1
        self._is_over = self._passes == MOST
        for known in (self._inputs, self._made):
            known.forget_the_dead()
        self._known[shapes] = place = self._place(frame)
        self._last = place, len(own)
        for one in own:
            self._inputs.add(one)
        for one in tensors(items(gradients)):
            self._made.add(one)

    def heard(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
        """A call has run."""
        if self._is_over or not self._passes:
            return
        if not any(map(self._made.has, tensors((*args, *(one for _, one in entries(kwargs)))))):
            return
        written = args[:1] if func == SET_DATA or is_in_place(func) else (kwargs.get("out"),)
        if any(map(self._inputs.has, tensors(written))):
            self._tell(*self._last)
        for one in tensors((result, *written)):
            self._made.add(one)

    def _tell(self, place: Source | None, count: int) -> None:
        self._is_over = True
        self._history.note("transformed", place, count=count)
