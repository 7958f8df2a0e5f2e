"""The calls that a graph was made by, kept so that they can be made again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any, NamedTuple

import torch

from gradtui.engine.capture.introspection import tensors
from gradtui.engine.capture.surroundings import Surroundings
from gradtui.engine.tensors.values import PLAIN
from gradtui.snapshot.events import Switch

SEGMENTS = 3
"""That are kept: what a backward pass goes through may have been made before the one before it."""

Reference = weakref.ref[torch.Tensor]
"""Stands for a tensor in a call: without a callback there is one for each tensor, and it tells them apart when they are gone."""

Switched = tuple[Switch, CodeType | None, int]
ON: Switched = ("before", None, 0)


class Eager(partial[Any]):
    """In place of compiled code what that was made of, which Python runs as it is written."""


class Call(NamedTuple):
    """One call of a function of torch, and how it was made.

    args, kwargs, result: with a Reference in place of each tensor. code, instruction: the innermost place in a person's own
    file. grad: whether gradients were on. autocast: of which device types, to which dtypes. random: the random numbers before
    it, of the CPU and then of other devices, where it draws some. within: what of torch it is part of, without gradients.
    switch: what had switched them off, and where.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    code: CodeType | None
    instruction: int
    grad: bool
    autocast: tuple[tuple[str, torch.dtype], ...]
    random: tuple[torch.Tensor, ...] | None
    within: Surroundings | None
    switch: Switched


class Segment:
    """The calls up to the end of one backward pass. whole: whether all are here.

    kept: the tensors that are held, by the identity of their reference: those that no call here made, those without a graph, and
    scalars, as the loss is one. made: the identities of the references to all other tensors.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.kept: dict[int, tuple[Reference, torch.Tensor]] = {}
        self.made: set[int] = set()
        self.bytes = 0
        self.whole = True

    def clear(self) -> None:
        self.whole = False
        self.calls, self.kept, self.made = [], {}, set()

    def given(self, what: Any) -> Any:
        """Arguments as a call has them."""
        kind = type(what)
        if issubclass(kind, torch.Tensor):
            reference = weakref.ref(what)
            if id(reference) not in self.made:
                self.kept[id(reference)] = reference, what
            return reference
        if kind is list:
            return [self.given(one) for one in what]
        if kind is tuple:
            return tuple([self.given(one) for one in what])
        if kind is dict:
            return {key: self.given(one) for key, one in what.items()}
        for one in tensors((what,)):
            self.given(one)
        return what

    def returned(self, result: Any) -> Any:
        """A result as a call has it: of one of several a list of those that are tensors."""
        if issubclass(type(result), torch.Tensor):
            reference = weakref.ref(result)
            if self._is_made_again(result) and id(reference) not in self.kept:
                self.made.add(id(reference))
            else:
                self.kept[id(reference)] = reference, result
            return reference
        made = [*tensors((result,))]
        return [self.returned(one) for one in made] if made else result

    @staticmethod
    def _is_made_again(result: torch.Tensor) -> bool:
        if type(result) not in PLAIN or not torch.is_grad_enabled() or result.numel() == 1:
            return False
        try:
            return result.requires_grad and not result.is_leaf
        except RuntimeError:  # a view that was made under no_grad, and of whose base another was written over since
            return False
