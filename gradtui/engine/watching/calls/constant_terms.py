"""Terms of a loss that are made of a gradient without its graph, as a penalty without `create_graph`: constants, to autograd."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, tensors
from gradtui.engine.watching.calls.storages import Storages
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

ADDING = {
    torch.add, torch.sub, torch.Tensor.add, torch.Tensor.__add__, torch.Tensor.__radd__, torch.Tensor.sub, torch.Tensor.__sub__,
    torch.Tensor.__rsub__, torch.Tensor.add_, torch.Tensor.__iadd__,
}  # fmt: skip


class Made:
    """What is made of gradients. numbers: all that has no graph. terms: of that what is a single number, which many were made
    into: a norm, and what came of it, and not an element of a gradient, with which a weight moves."""

    def __init__(self) -> None:
        self.numbers, self.terms = Storages(), Storages()

    def came(self, given: Sequence[torch.Tensor], result: torch.Tensor) -> None:
        own = [one for one in given if self.numbers.has(one)]
        if not own or result.requires_grad:
            return
        self.numbers.add(result)
        if result.numel() == 1 and not result._is_view() and all(one.numel() > 1 or self.terms.has(one) for one in own):
            self.terms.add(result)


class ConstantTerms:
    """bare, cut: of gradients that have no graph, and of those that had one."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self._history, self._place = history, place
        self._bare, self._cut = Made(), Made()
        self._listens = False

    def heard(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any, frame: FrameType) -> None:
        if func is torch.autograd.grad:
            self._listens = True
            for one in tensors((result,)):
                (self._cut if one.requires_grad else self._bare).numbers.add(one)
        elif self._listens:
            given = [*tensors((*args, *(one for _, one in entries(kwargs))))]
            for made, is_cut in ((self._bare, False), (self._cut, True)):
                for one in tensors((result,)):
                    made.came(given, one)
                    is_sum = func in ADDING and one.requires_grad and one.numel() == 1
                    if is_sum and any(map(made.terms.has, given)):
                        self._history.note("constant_term", self._place(frame), is_cut=is_cut)

    def forget(self) -> None:
        """An update is over."""
        self._listens = False
        for made in (self._bare, self._cut):
            made.numbers.forget_the_dead()
            made.terms.forget_the_dead()
