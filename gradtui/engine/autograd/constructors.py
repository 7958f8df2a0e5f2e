"""`nn.Parameter(t)`, `Variable(t)`, `from_numpy(a)`: torch shows these calls to no mode. The metaclasses do, and what stands in
place of the function, while somebody watches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch.autograd import Variable

Made = Callable[[torch.Tensor, torch.Tensor, str, FrameType], None]
"""Is told of a tensor, what was made of it, the name of the class, and the frame of the call."""
KINDS: tuple[Any, ...] = type(torch.nn.Parameter), type(Variable)

Arrived = Callable[[Any, torch.Tensor, FrameType], None]
"""Is told of an array, the tensor that was made of it, and the frame of the call."""

__warningregistry__ = None  # of warned_lines
_lock = threading.Lock()
_watchers: list[tuple[int, Made]] = []
_awaiting: list[tuple[int, Arrived]] = []
_from_numpy = torch.from_numpy


@contextmanager
def watched(made: Made) -> Iterator[None]:
    """On this thread."""
    watcher = threading.get_ident(), made
    with _lock:
        if not _watchers:
            for kind in KINDS:
                kind.__call__ = _call
        _watchers.append(watcher)
    try:
        yield
    finally:
        with _lock:
            _watchers[:] = [other for other in _watchers if other is not watcher]
            if not _watchers:
                for kind in KINDS:
                    del kind.__call__


def _call(cls: Any, *args: Any, **kwargs: Any) -> Any:
    result = type.__call__(cls, *args, **kwargs)
    given: Any = args[0] if args else kwargs.get("data")
    if issubclass(type(given), torch.Tensor) and issubclass(type(result), torch.Tensor):
        thread = threading.get_ident()
        for own, made in [*_watchers]:
            if own == thread:
                made(given, result, cls.__name__, sys._getframe(1))
    return result


@contextmanager
def arrivals(arrived: Arrived) -> Iterator[None]:
    """On this thread."""
    watcher = threading.get_ident(), arrived
    with _lock:
        torch.from_numpy = _arrive
        _awaiting.append(watcher)
    try:
        yield
    finally:
        with _lock:
            _awaiting[:] = [other for other in _awaiting if other is not watcher]
            if not _awaiting:
                torch.from_numpy = _from_numpy


def _arrive(ndarray: Any) -> torch.Tensor:
    result = _from_numpy(ndarray)
    thread = threading.get_ident()
    for own, arrived in [*_awaiting]:
        if own == thread:
            arrived(ndarray, result, sys._getframe(1))
    return result
