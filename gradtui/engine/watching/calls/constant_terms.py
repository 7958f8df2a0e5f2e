"""Terms of a loss that are made of a gradient without its graph, as a penalty without `create_graph`: constants, to autograd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class ConstantTerms:
    """bare, cut: what is made of gradients that have no graph, and of those that had one. What has a graph is neither."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self._history, self._place = history, place
        self._bare, self._cut = Storages(), Storages()
        self._listens = False

    def heard(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any, frame: FrameType) -> None:
        if func is torch.autograd.grad:
            self._listens = True
            for one in tensors((result,)):
                (self._cut if one.requires_grad else self._bare).add(one)
        elif self._listens:
            given = [*tensors((*args, *(one for _, one in entries(kwargs))))]
            for known, is_cut in ((self._bare, False), (self._cut, True)):
                made = [one for one in given if known.has(one)]
                if made:
                    self._goes_into(func, made, result, known, is_cut, frame)

    def _goes_into(
        self, func: Any, made: list[torch.Tensor], result: Any, known: Storages, is_cut: bool, frame: FrameType
    ) -> None:
        for one in tensors((result,)):
            if not one.requires_grad:
                known.add(one)
            elif func in ADDING and one.numel() == 1 and any(map(_is_constant, made)):
                self._history.note("constant_term", self._place(frame), is_cut=is_cut)

    def forget(self) -> None:
        self._listens = False
        for known in (self._bare, self._cut):
            known.forget_the_dead()


def _is_constant(tensor: torch.Tensor) -> bool:
    return not tensor.requires_grad and tensor.numel() == 1
