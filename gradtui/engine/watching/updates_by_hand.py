"""Updates that a person's own code makes, `w -= lr * w.grad`: leaves that are written over after a backward pass, once a `.grad`
was read, where no optimizer has them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch

from gradtui.engine.autograd.torch_private import sequence_number
from gradtui.engine.capture.flow import address
from gradtui.engine.capture.introspection import is_a, tensors
from gradtui.engine.capture.recording import maker
from gradtui.engine.watching.tape import GET_GRAD, SET_DATA, is_in_place


class ByHand:
    """To the rest of the watch an optimizer. state, param_groups: as one has them; of all leaves that the passes before an update
    gave a gradient, as nobody knows at the first write which others will follow."""

    state: Mapping[torch.Tensor, Any] = {}

    def __init__(self) -> None:
        self.param_groups: list[dict[str, Any]] = []


Begins = Callable[[ByHand, FrameType], object]
Ends = Callable[[ByHand, int], object]


class UpdatesByHand:
    """An update begins with the first write, and ends before the next forward pass. Those that begin with the same leaf are of
    one kind: a GAN has two.

    begins, ends: are told of each; with the frame that writes, and with the number of the first node that comes after it.
    running: the one that has begun. has_looked: for optimizers, through all objects that there are, and found none.
    """

    def __init__(self, begins: Begins, ends: Ends) -> None:
        self.running: ByHand | None = None
        self._begins, self._ends = begins, ends
        self._kinds: dict[int, ByHand] = {}
        self._leaves: dict[int, weakref.ref[torch.Tensor]] = {}
        self._addresses: dict[int, int] = {}
        self.has_looked = self._has_read = False
        self._next = 0

    @property
    def listens(self) -> bool:
        return bool(self._leaves)

    def passed(self, leaves: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """A backward pass is over, that went to these, the last used first. All that may now be updated, the first used first;
        none where an optimizer is to step them: then none ever are."""
        if not self.has_looked and _have(leaves):
            return ()
        self.has_looked = True
        for one in reversed(leaves):
            if one.grad is not None:
                self._leaves[id(one)] = weakref.ref(one)
                self._addresses[address(one)] = id(one)
        self._addresses.pop(0, None)
        return self._alive()

    def comes(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> None:
        """A call of torch that has not run yet."""
        if self.running is not None:
            self._next = sequence_number()
        elif func == GET_GRAD:
            self._has_read = self._has_read or self._leaf(args[0]) is not None
        elif self._has_read:
            written = args[:1] if func == SET_DATA or is_in_place(func) else (kwargs.get("out"),)
            first = next((leaf for one in tensors(written) if (leaf := self._leaf(one)) is not None), None)
            if first is not None:
                self._begin(first, frame)

    def came(self, result: Any) -> None:
        """A call has run, while an update does."""
        if torch.is_grad_enabled() and any(maker(one) is not None for one in tensors((result,))):
            self.finish(self._next)

    def finish(self, border: int | None = None) -> None:
        """What was written since the last pass is one update, if anything was."""
        running, self.running = self.running, None
        self._forget()
        if running is not None:
            self._ends(running, sequence_number() if border is None else border)

    def _forget(self) -> None:
        self._leaves, self._addresses, self._has_read = {}, {}, False

    def _leaf(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The one that this is, or of which it has the numbers, as `.data`, `detach()` or a slice."""
        number = id(tensor)
        if number not in self._leaves:
            number = self._addresses.get(address(tensor), 0)
        return self._leaves[number]() if number in self._leaves else None

    def _alive(self) -> Sequence[torch.Tensor]:
        return [one for reference in self._leaves.values() if (one := reference()) is not None]

    def _begin(self, first: torch.Tensor, frame: FrameType) -> None:
        leaves = self._alive()
        if not self._kinds and _have(leaves):  # one that was made since
            self._forget()
            return
        self.running = self._kinds.setdefault(id(first), ByHand())
        self.running.param_groups = [{"params": leaves}]
        self._begins(self.running, frame)


def _have(leaves: Sequence[torch.Tensor]) -> bool:
    """Whether there is an optimizer that is to step one of them."""
    wanted = {id(one) for one in leaves}
    optimizers: list[Any] = [one for one in gc.get_objects() if is_a(one, torch.optim.Optimizer)]
    return any(id(one) in wanted for each in optimizers for group in each.param_groups for one in group["params"])
