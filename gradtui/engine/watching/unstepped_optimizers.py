"""Optimizers that wait for a step: their parameters get gradients, and no step ever takes them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NamedTuple

import torch

from gradtui.engine.capture.introspection import is_a, living
from gradtui.engine.torch_private import is_step_heard
from gradtui.engine.watching.parameter_names import Names
from gradtui.engine.watching.parameter_samples import Samples
from gradtui.findings.over_time.history import History
from gradtui.snapshot.source import Source

WITHOUT_A_STEP = (3, 10, 100)
"""Passes after which is looked for optimizers that have not stepped, or whether what was found is still so."""


class Waiting(NamedTuple):
    """An optimizer that has not stepped. alone: nothing but parameters got a gradient in the pass that was looked at. first: one
    of its parameters that did. samples: of all that did."""

    optimizer: weakref.ref[torch.optim.Optimizer]
    place: Source | None
    names: tuple[str, ...]
    alone: bool
    first: weakref.ref[torch.Tensor]
    samples: Samples


class Unstepped:
    """Optimizers whose parameters get gradients, and of which no step comes: it was forgotten, or stands behind a condition that
    never holds. Of parameters that another optimizer steps, or somebody's own code writes to, nothing is said."""

    def __init__(self, history: History, names: Names) -> None:
        self._history, self._names = history, names
        self._stepped: dict[int, weakref.ref[torch.optim.Optimizer]] = {}
        self._waiting: dict[int, Waiting] = {}
        self._passes = 0

    def steps(self, optimizer: torch.optim.Optimizer) -> None:
        """Or is asked to: a GradScaler may leave the step out."""
        self._stepped[id(optimizer)] = weakref.ref(optimizer)
        self._forget(id(optimizer))

    def pass_ends(self, leaves: Callable[[], Sequence[torch.Tensor]], place: Source | None, frame: FrameType) -> None:
        """leaves: gives those of the pass."""
        self._passes += 1
        for one in self._waiting.values():
            if (leaf := one.first()) is not None and leaf.grad is not None:
                self._history.note("unstepped", one.place, one.names)
        if self._passes in WITHOUT_A_STEP:
            self.settle()
            if self._is_any_without():
                self._look(leaves(), place, frame)

    def settle(self) -> None:
        """What was changed all the same is not waiting for a step."""
        for key, one in [*self._waiting.items()]:
            if one.samples.changed():
                self._forget(key)

    def _forget(self, key: int) -> None:
        known = self._waiting.pop(key, None)
        if known is not None:
            self._history.noted.pop(("unstepped", known.place, known.names), None)

    def _is_any_without(self) -> bool:
        """Whether there is anything with a gradient that no optimizer has stepped: all objects are looked through for it."""
        return not self._history.updates or any(
            one.optimizer is None and one.trained for one in self._history.parameters.values()
        )

    def _look(self, leaves: Sequence[torch.Tensor], place: Source | None, frame: FrameType) -> None:
        known = [one for reference in self._stepped.values() if (one := reference()) is not None]
        owned = {id(one) for each in known for one in _parameters(each)}
        alone, reached = all(is_a(one, torch.nn.Parameter) for one in leaves), {*map(id, leaves)}
        for optimizer in living(torch.optim.Optimizer):
            if id(optimizer) in self._waiting or optimizer in known or not is_step_heard(optimizer):
                continue
            parameters = _parameters(optimizer)
            having = [one for one in parameters if id(one) in reached and one.grad is not None]
            if having and not owned.intersection(map(id, parameters)):
                ids = {*map(id, having)}
                found = self._names.of(parameters, frame)
                names = tuple(name for name, one in found.items() if id(one) in ids)
                samples = Samples()
                samples.take(having)
                first = weakref.ref(having[0])
                self._waiting[id(optimizer)] = Waiting(weakref.ref(optimizer), place, names, alone, first, samples)
                noted = self._history.note(
                    "unstepped", place, names, optimizer=type(optimizer).__name__, alone=alone, names=names
                )
                noted.count = self._passes


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [one for group in optimizer.param_groups for one in group["params"]]
