"""Calling a function of the user's, and keeping sight of its local variables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gradtui.engine.autograd.compiled import Compiled, stepping_aside


def called(function: Callable[..., Any], call: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What `call` returns, which calls `function`; and the variables of that, without its frame, which holds its callers."""
    profile = _Profile(function)
    before = sys.getprofile()
    with stepping_aside(profile):
        sys.setprofile(profile)
        try:
            result = call()
        finally:
            sys.setprofile(before)
    return result, profile.variables()


class _Profile:
    """Called where a function ends; in compiled code it would be compiled too."""

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            self._code = getattr(inspect.unwrap(function), "__code__", None)
        except Exception:  # a callable object may answer anything, or raise
            self._code = None
        self._frames: list[FrameType] = []

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is self._code:
            self._frames[:] = [frame]  # of a function that calls itself the outermost returns last

    def step_aside(self, compiled: Compiled) -> None:
        sys.setprofile(None)

    def come_back(self) -> None:
        sys.setprofile(self)

    def variables(self) -> dict[str, Any]:
        return dict(self._frames.pop().f_locals) if self._frames else {}
