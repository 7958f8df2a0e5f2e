"""Terms of a loss that are made of a gradient without its graph, as a penalty without `create_graph`: constants, to autograd, to
all but what the gradient was taken of."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, is_a, tensors
from gradtui.engine.capture.recording import is_leaf
from gradtui.engine.watching.calls import loss_inputs
from gradtui.engine.watching.calls.storages import Storages
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

ADDING = {
    torch.add, torch.sub, torch.Tensor.add, torch.Tensor.__add__, torch.Tensor.__radd__, torch.Tensor.sub, torch.Tensor.__sub__,
    torch.Tensor.__rsub__, torch.Tensor.add_, torch.Tensor.__iadd__,
}  # fmt: skip


MOST_LOOKS = 32
"""Graphs of terms that are looked through."""


class Made:
    """What is made of gradients. numbers: all of it; without_graph: that has no graph. terms: of that what is a single number,
    which many were made into: a norm, and what came of it, and not an element of a gradient, with which a weight moves."""

    def __init__(self, without_graph: bool) -> None:
        self.numbers, self.terms, self._without_graph = Storages(), Storages(), without_graph

    def came(self, given: Sequence[torch.Tensor], result: torch.Tensor) -> None:
        own = [one for one in given if self.numbers.has(one)]
        if not own or (result.requires_grad and self._without_graph):
            return
        self.numbers.add(result)
        if result.numel() == 1 and not result._is_view() and all(one.numel() > 1 or self.terms.has(one) for one in own):
            self.terms.add(result)


class ConstantTerms:
    """bare, cut: of gradients that have no graph, and of those that had one. inputs: the leaves that gradients were taken of, but
    for weights."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self._history, self._place = history, place
        self._bare, self._cut = Made(without_graph=False), Made(without_graph=True)
        self._inputs: dict[int, weakref.ref[torch.Tensor]] = {}
        self._listens, self._looks = False, 0

    def heard(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any, frame: FrameType) -> None:
        if func is torch.autograd.grad:
            self._listens = True
            for one in tensors((kwargs["inputs"] if "inputs" in kwargs else args[1],)):
                if one.requires_grad and is_leaf(one) and not is_a(one, torch.nn.Parameter):
                    self._inputs[id(one)] = weakref.ref(one)
            for one in tensors((result,)):
                (self._cut if one.requires_grad else self._bare).numbers.add(one)
        elif self._listens:
            given = [*tensors((*args, *(one for _, one in entries(kwargs))))]
            for made, is_cut in ((self._bare, False), (self._cut, True)):
                for one in tensors((result,)):
                    made.came(given, one)
                    is_sum = func in ADDING and one.requires_grad and one.numel() == 1
                    for term in filter(made.terms.has, given if is_sum else ()):
                        leaves = self._leaves_apart(term, given)
                        if leaves is not None:
                            self._history.note(
                                "constant_term", self._place(frame), is_cut=is_cut, leaves=leaves, names=()
                            )

    def _leaves_apart(self, term: torch.Tensor, given: Sequence[torch.Tensor]) -> tuple[int, ...] | None:
        """Those of a term, only what gradients were taken of, where what is added to it has others. None of no such term."""
        if not term.requires_grad:
            return ()
        if self._looks == MOST_LOOKS:
            return None
        self._looks += 1
        own = loss_inputs.leaves(term).keys()
        others = [loss_inputs.leaves(one).keys() for one in given if one is not term and one.requires_grad]
        is_apart = own <= self._inputs.keys() and any(one - self._inputs.keys() for one in others)
        return tuple(own) if is_apart else None

    def forget(self) -> None:
        """An update is over."""
        self._listens = False
        self._inputs = {key: one for key, one in self._inputs.items() if one() is not None}
        for made in (self._bare, self._cut):
            made.numbers.forget_the_dead()
            made.terms.forget_the_dead()
