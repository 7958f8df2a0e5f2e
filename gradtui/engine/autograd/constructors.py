"""`nn.Parameter(t)`, `Variable(t)`, `from_numpy(a)`: torch shows these calls to no mode. The metaclasses do, and what stands in
place of the function, while somebody watches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Generic, TypeVar

import torch
from torch.autograd import Variable

Made = Callable[[torch.Tensor, torch.Tensor, str, FrameType], None]
"""Is told of a tensor, what was made of it, the name of the class, and the frame of the call."""
KINDS: tuple[Any, ...] = type(torch.nn.Parameter), type(Variable)

Arrived = Callable[[Any, torch.Tensor, FrameType], None]
"""Is told of an array, the tensor that was made of it, and the frame of the call."""

__warningregistry__ = None  # of warned_lines
_from_numpy = torch.from_numpy

T = TypeVar("T", bound=Callable[..., None])


class _Watchers(Generic[T]):
    """Each is told on its own thread. While there are any, `ours` stands under this name at its owners."""

    def __init__(self, owners: Sequence[Any], name: str, ours: Callable[..., Any]) -> None:
        self._owners, self._name, self._ours = owners, name, ours
        self._theirs = [vars(owner).get(name) for owner in owners]
        self._lock = threading.Lock()
        self.watchers: list[tuple[int, T]] = []

    @contextmanager
    def joined_by(self, told: T) -> Iterator[None]:
        """On this thread."""
        watcher = threading.get_ident(), told
        with self._lock:
            if not self.watchers:
                for owner in self._owners:
                    setattr(owner, self._name, self._ours)
            self.watchers.append(watcher)
        try:
            yield
        finally:
            with self._lock:
                self.watchers[:] = [other for other in self.watchers if other is not watcher]
                if not self.watchers:
                    for owner, own in zip(self._owners, self._theirs, strict=True):
                        delattr(owner, self._name) if own is None else setattr(owner, self._name, own)


def _call(cls: Any, *args: Any, **kwargs: Any) -> Any:
    result = type.__call__(cls, *args, **kwargs)
    given: Any = args[0] if args else kwargs.get("data")
    if issubclass(type(given), torch.Tensor) and issubclass(type(result), torch.Tensor):
        thread = threading.get_ident()
        for own, made in [*_of_classes.watchers]:
            if own == thread:
                made(given, result, cls.__name__, sys._getframe(1))
    return result


def _arrive(ndarray: Any) -> torch.Tensor:
    result = _from_numpy(ndarray)
    thread = threading.get_ident()
    for own, arrived in [*_of_arrays.watchers]:
        if own == thread:
            arrived(ndarray, result, sys._getframe(1))
    return result


_of_classes: _Watchers[Made] = _Watchers(KINDS, "__call__", _call)
_of_arrays: _Watchers[Arrived] = _Watchers((torch,), "from_numpy", _arrive)
watched, arrivals = _of_classes.joined_by, _of_arrays.joined_by
