"""What torch.compile made is left alone: while it runs on a thread, nothing that watches that thread is there.

Dynamo traces whatever is on the way, hooks of modules and modes among it, and compiles all anew where it meets others than
before. So what watches steps aside before compiled code begins, and comes back when it has ended.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any, NamedTuple, Protocol

import torch

from gradtui.engine.torch_private import (
    DYNAMO,
    IS_ANY_THERE,
    MODULES,
    OF_ALL_MODULES,
    RUN,
    SET_CALLBACK,
    SKIP,
    dispatch_modes,
)


class Compiled(NamedTuple):
    """Compiled code that is about to run: what it is called, whose it is where it is a module's, and the frame that runs it."""

    name: str
    module: torch.nn.Module | None
    frame: FrameType


class Watcher(Protocol):
    """Watches a thread."""

    def step_aside(self, compiled: Compiled) -> None:
        """Compiled code begins."""

    def come_back(self) -> None:
        """It has ended."""


class _Thread(threading.local):
    """watchers: of this thread, in the order in which they came. aside: those of them that compiled code runs without.

    runner: the frame of Dynamo's that runs it. What is called in there, Dynamo's own compiling among it, changes nothing.
    """

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []
        self.aside: list[Watcher] = []
        self.runner: FrameType | None = None


_here = _Thread()
_lock = threading.Lock()
_watching = 0


@contextmanager
def stepping_aside(watcher: Watcher) -> Iterator[None]:
    """Within it `watcher` is told where compiled code begins and ends on this thread."""
    _count(1)
    _here.watchers.append(watcher)
    try:
        yield
    finally:
        _here.watchers[:] = [other for other in _here.watchers if other is not watcher]
        _here.aside[:] = [other for other in _here.aside if other is not watcher]
        _count(-1)


def is_compiling() -> bool:
    """Whether on this thread Dynamo goes through what it compiles, with tensors that have no numbers."""
    return _here.runner is not None and dispatch_modes() > 0


def hook_all_modules(begins: Callable[..., None], ends: Callable[..., None]) -> Callable[[], None]:
    """Have `begins` called before any module runs and `ends` after it: hooks that torch does not warn of where a module is
    compiled, as nobody has put them there. Gives what ends it."""
    hooks = (
        MODULES.register_module_forward_pre_hook(begins),
        MODULES.register_module_forward_hook(ends, always_call=True),
    )
    own = {hook.id for hook in hooks}
    _own_hooks.update(own)
    if _is_any_there is not None:
        setattr(MODULES, IS_ANY_THERE, _is_another_there)

    def end() -> None:
        for hook in hooks:
            hook.remove()
        _own_hooks.difference_update(own)
        if not _own_hooks and _is_any_there is not None:
            setattr(MODULES, IS_ANY_THERE, _is_any_there)

    return end


_is_any_there = getattr(MODULES, IS_ANY_THERE, None)
_own_hooks: set[int] = set()


def _is_another_there() -> bool:
    return any(not _own_hooks.issuperset(getattr(MODULES, name)) for name in OF_ALL_MODULES)


def _count(by: int) -> None:
    """Dynamo is only listened to for as long as there is a watcher, on whichever thread."""
    global _watching
    with _lock:
        if _watching == 0:
            _listen()
        _watching += by
        if _watching == 0:
            _deafen()


def _listen() -> None:
    """At once, or as soon as the first torch.compile has loaded Dynamo: that takes a second, and is not done unasked."""
    loaded = sys.modules.get(DYNAMO)
    if loaded is None:
        sys.meta_path.insert(0, _arrival)
    else:
        _attach(loaded)


def _deafen() -> None:
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not _arrival]
    loaded = sys.modules.get(DYNAMO)
    heard = getattr(loaded, SET_CALLBACK, None)
    if isinstance(heard, _Heard):
        setattr(loaded, SET_CALLBACK, heard.original)


def _attach(dynamo: ModuleType) -> None:
    original = getattr(dynamo, SET_CALLBACK, None)
    if original is not None and not isinstance(original, _Heard):
        # an older Dynamo would compile its call at the end, as the person's
        getattr(dynamo, SKIP)(_Heard.__call__.__code__)
        setattr(dynamo, SET_CALLBACK, _Heard(original))


class _Heard:
    """In place of Dynamo's function that says by which callback this thread's frames are compiled from now on, None for none."""

    def __init__(self, original: Callable[[Any], Any]) -> None:
        self.original = original

    def __call__(self, callback: Any) -> Any:
        frame = sys._getframe(1)
        if callback is not None and _here.runner is None and _here.watchers and RUN in frame.f_code.co_freevars:
            _here.runner, _here.aside = frame, [*_here.watchers]
            begins = Compiled("a function", None, frame)
            with suppress(Exception):  # it is a person's own, which runs all the same
                begins = _compiled(frame)
            for watcher in reversed(_here.aside):
                watcher.step_aside(begins)
        elif callback is None and _here.runner is frame:
            aside, _here.aside, _here.runner = _here.aside, [], None
            before = self.original(callback)
            for watcher in aside:
                watcher.come_back()
            return before
        return self.original(callback)


def _compiled(frame: FrameType) -> Compiled:
    """What Dynamo's `frame` runs: a function, or the bound method of a module."""
    run = frame.f_locals[RUN]
    for owner in (getattr(run, "__self__", None), getattr(run, "__wrapped__", None)):
        if isinstance(owner, torch.nn.Module):
            return Compiled(type(owner).__name__, owner, frame)
    return Compiled(getattr(run, "__name__", "a function"), None, frame)


class _Arrival:
    """A finder of modules that finds Dynamo as it would be found without it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name != DYNAMO:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                with _lock:
                    if _watching:
                        _attach(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


_arrival = _Arrival()
