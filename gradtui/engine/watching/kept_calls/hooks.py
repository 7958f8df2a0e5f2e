"""A person's hooks: what each made of its gradient, so that a Snapshot has it without running one again."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from gradtui.engine.watching.guard import Guarded

Hooks = dict[int, Any]
"""As torch has them on a tensor."""


class Hook:
    """A person's hook: on what an operation made for as long as the graph lives, on a weight for one backward pass.

    changed: whether it has made another gradient of one, which `result` is: else it only looks, or was taken off in time.
    repeats: whether it gives that again, and does nothing else: it may count, print, or draw numbers, which is not to be done
    twice.
    """

    def __init__(self, hook: Callable[[torch.Tensor], torch.Tensor | None]) -> None:
        self.hook = self.__wrapped__ = hook
        self.changed = self.repeats = False
        self.result: torch.Tensor | None = None

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor | None:
        if self.repeats:
            return self.result
        before = _version(gradient)
        result = self.hook(gradient)
        if result is not None or _version(gradient) != before:
            self.changed, self.result = True, gradient if result is None else result
        return result


@contextmanager
def repeating(hooks: Sequence[Hook]) -> Iterator[None]:
    """Within it these do again what they did."""
    for one in hooks:
        one.repeats = True
    try:
        yield
    finally:
        for one in hooks:
            one.repeats = False


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


class WeightHooks:
    """Of the weights that are known, as they were in the last backward pass."""

    def __init__(self) -> None:
        self._known: dict[int, weakref.ref[torch.Tensor]] = {}
        self._heard: list[tuple[Hooks, dict[int, Hook]]] = []

    def know(self, weights: Iterable[torch.Tensor]) -> None:
        """These too from now on."""
        for one in weights:
            reference = self._known.get(id(one))
            if reference is None or reference() is not one:
                self._known[id(one)] = weakref.ref(one)

    @contextmanager
    def heard(self, guarded: Guarded) -> Iterator[None]:
        """A backward pass: what each of them does is kept."""
        with guarded():
            alive = (one for reference in self._known.values() if (one := reference()) is not None)
            there = [hooks for one in alive if (hooks := one._backward_hooks)]
            self._heard = [(hooks, {key: Hook(hook) for key, hook in hooks.items()}) for hooks in there]
            for hooks, own in self._heard:
                hooks.update(own)
        try:
            yield
        finally:
            with guarded():
                for hooks, own in self._heard:
                    for key, around in own.items():
                        if hooks.get(key) is around:  # it may have taken itself off
                            hooks[key] = around.hook

    @contextmanager
    def repeated(self) -> Iterator[None]:
        """Within it those that were there give again what they gave, and nothing else is done."""
        now = [(hooks, dict(hooks)) for hooks, _ in self._heard]
        for hooks, own in self._heard:
            hooks.clear()
            hooks.update(own)
        try:
            with repeating([hook for _, own in self._heard for hook in own.values()]):
                yield
        finally:
            for hooks, those in now:
                hooks.clear()
                hooks.update(those)
