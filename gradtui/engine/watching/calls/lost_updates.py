"""Updates by hand that are put into a new tensor, `p = p - lr * p.grad`, and never into the weight; or that take its place, as
in a dict, and are no leaf."""

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


@dataclass(slots=True)
class Made:
    """What was made of a weight and of its gradient. after: how many passes."""

    reference: weakref.ref[torch.Tensor]
    of: Lost
    after: int


class LostUpdates:
    """place: the line of a frame. passes: how many there were."""

    def __init__(self, history: History, place: Callable[[FrameType], Source | None]) -> None:
        self.passes = 0
        self._history, self._place = history, place
        self._known: dict[int, Lost] = {}
        self._made: dict[int, Made] = {}
        self._unused: set[int] = set()

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
        self._made[id(result)] = Made(weakref.ref(result), known, self.passes)
        self._unused.add(id(result))

    def given(self, tensor: torch.Tensor, weight: torch.Tensor | None) -> None:
        """A call is given this: what was made is of use, as weights that are tried; but where the call makes something more of
        this weight and of its gradient."""
        made = self._of(tensor) if id(tensor) in self._unused else None
        self._unused.discard(id(tensor))
        if made is not None:
            made.of.is_used = made.of.is_used or weight is None or made.of.weight() is not weight

    def _of(self, tensor: torch.Tensor) -> Made | None:
        made = self._made.get(id(tensor))
        return made if made is not None and made.reference() is tensor else None

    def asked(self, tensor: torch.Tensor) -> None:
        """A person's code asks what was made for its gradient, and a pass has run since: only a leaf has one."""
        made = self._of(tensor)
        if made is not None and self.passes > made.after and not _has_gradients(tensor):
            self._took_its_place(made, tensor.requires_grad)

    def refused(self) -> None:
        """Torch refuses a backward pass, as nothing that goes into the loss needs a gradient."""
        for made in self._made.values():
            tensor = made.reference()
            if tensor is not None and made.of.is_used and not tensor.requires_grad:
                self._took_its_place(made, has_graph=False)

    def _took_its_place(self, made: Made, has_graph: bool) -> None:
        noted = self._history.note("no_leaf", made.of.source, has_graph, has_graph=has_graph, names=())
        noted.facts = {**noted.facts, "names": tuple(dict.fromkeys((*noted.facts["names"], made.of.name)))}

    def pass_ends(self) -> None:
        self.passes += 1
        self._made = {key: one for key, one in self._made.items() if one.reference() is not None}
        self._unused.intersection_update(self._made)

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


def _has_gradients(tensor: torch.Tensor) -> bool:
    return tensor.retains_grad or (tensor.is_leaf and tensor.requires_grad)
