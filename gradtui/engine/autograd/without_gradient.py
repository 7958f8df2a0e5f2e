"""How tensors without a gradient came about: asked for only where one of them turns out to hold nan or infinity."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch

from gradtui.engine.tensors.readable_tensors import has_numbers
from gradtui.engine.tensors.values import legible
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Source, Values, Witness

MOST = 20_000
"""Tensors of which it is remembered how they came about, the last ones."""
SMALL = 4_096
"""Elements up to which what such a tensor was made of is held; of what is larger, or has a graph, it is asked whether it is
still there."""
MOST_STEPS = 200
"""Back from one that is bad."""


class Made(NamedTuple):
    """An operation and what it took in, while it is there. version: of the result, as it was returned. source: where.

    learned: whether it took in what is learned. seen: of an operand with a graph, which made that one bad.
    """

    result: weakref.ref[torch.Tensor]
    version: int
    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    source: Source | None
    module: str
    learned: bool = False
    seen: Witness | None = None


class Origin(NamedTuple):
    """Where a bad tensor comes from. made: what made it of good ones, or has `seen` that; None where it, `tensor`, was bad from
    the start."""

    tensor: torch.Tensor
    made: Made | None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}


def _is_not_finite(values: Values) -> bool:
    return not is_finite(values)


class Past:
    """Of one forward pass; it holds small tensors until it is closed."""

    def __init__(self) -> None:
        self._made: OrderedDict[int, Made] = OrderedDict()

    def close(self) -> None:
        self._made.clear()

    def add(
        self,
        result: torch.Tensor,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        source: Source | None,
        module: str,
        learned: bool = False,
        seen: Witness | None = None,
    ) -> None:
        """learned, seen: as of `Made`."""
        if result.is_floating_point() and not result.is_inference():
            held = tuple(map(_hold, args)), {name: _hold(one) for name, one in kwargs.items()}
            self._made[id(result)] = Made(
                weakref.ref(result), result._version, func, *held, source, module, learned, seen
            )
            if len(self._made) > MOST:
                self._made.popitem(last=False)

    def origin(self, tensor: torch.Tensor, is_bad: Callable[[Values], bool] = _is_not_finite) -> Origin | None:
        """The first of what it was made of that is bad; None where the trail ends before."""
        for _ in range(MOST_STEPS):
            made = self._made.get(id(tensor))
            if made is None or made.result() is not tensor or made.version != tensor._version:
                return Origin(tensor, None)
            if made.seen is not None:
                return Origin(tensor, made)
            try:
                args = tuple(_given(one) for one in made.args)
                kwargs = {name: _given(one) for name, one in made.kwargs.items()}
            except LookupError:
                return None
            inputs = [*_tensors(args), *_tensors(kwargs.values())]
            if any(one is tensor for one in inputs):
                return None  # written over
            bad = next((one for one in inputs if has_numbers(one) and is_bad(legible(one))), None)
            if bad is None:
                return Origin(tensor, made, args, kwargs)
            tensor = bad
        return None


def _hold(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value if value.numel() <= SMALL and not value.requires_grad else weakref.ref(value)
    return tuple(map(_hold, value)) if type(value) in (list, tuple) else value


def _given(value: Any) -> Any:
    if isinstance(value, weakref.ref):
        found = value()
        if found is None:
            raise LookupError
        return found
    return tuple(map(_given, value)) if type(value) is tuple else value


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif type(value) is tuple:
            yield from _tensors(value)
