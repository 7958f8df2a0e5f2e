"""Updates by hand that are put into a new tensor, `p = p - lr * p.grad`, and never into the weight."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.places import is_users
from gradtui.findings.over_time.history import LEAST_UPDATES, History
from gradtui.snapshot.model import Source

ADDING = {"add", "__add__", "__radd__", "rsub", "sub", "__rsub__", "__sub__", "subtract"}


@dataclass(slots=True)
class Lost:
    """Of one weight. version: as it was at first. passes: after which something was made of it and of its gradient. is_used:
    whether a call was given that."""

    weight: weakref.ref[torch.Tensor]
    version: int
    source: Source | None
    name: str
    passes: set[int] = field(default_factory=set)
    is_used: bool = False


class LostUpdates:
    """place: the line of a frame. passes: how many there were."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self.passes = 0
        self._history, self._place = history, place
        self._known: dict[int, Lost] = {}
        self._made: dict[int, tuple[weakref.ref[torch.Tensor], Lost]] = {}

    def came(
        self, func: Any, weight: torch.Tensor, result: torch.Tensor, names: Mapping[int, str], frame: FrameType
    ) -> None:
        """A call has made a tensor of the numbers of a weight and of its gradient."""
        known = self._known.get(id(weight))
        if known is None or known.weight() is not weight:
            if getattr(func, "__name__", "") not in ADDING or not is_users(frame):
                return
            name = names.get(id(weight), "")
            known = self._known[id(weight)] = Lost(weakref.ref(weight), weight._version, self._place(frame), name)
        known.passes.add(self.passes)
        self._made[id(result)] = weakref.ref(result), known

    def given(self, tensor: torch.Tensor, weight: torch.Tensor | None) -> None:
        """A call is given this: what was made is of use, as weights that are tried; but where the call makes something more of
        this weight and of its gradient."""
        reference, known = self._made.pop(id(tensor), (None, None))
        if known is not None and reference is not None and reference() is tensor:
            known.is_used = known.is_used or weight is None or known.weight() is not weight

    def pass_ends(self) -> None:
        self.passes += 1
        self._made = {key: one for key, one in self._made.items() if one[0]() is not None}

    def settle(self) -> None:
        """The program ends, and nothing has updated anything."""
        for one in self._known.values():
            weight = one.weight()
            is_as_it_was = weight is not None and weight._version == one.version
            if one.is_used or not is_as_it_was or self._history.updates:
                continue
            if len(one.passes) >= LEAST_UPDATES:
                noted = self._history.note("lost_update", one.source, names=())
                noted.facts = {"names": (*noted.facts["names"], one.name), "count": len(one.passes)}
