"""Calling a function of the user's, and keeping sight of its local variables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any


@dataclass(frozen=True, slots=True)
class Locals:
    """What a function's local variables were when it returned. Not the frame: that holds on to itself, by its callers."""

    f_locals: Mapping[str, Any] = field(default_factory=dict)


def called(function: Callable[..., Any], call: Callable[[], Any]) -> tuple[Any, Locals]:
    """What `call` returns, which calls `function`; and the variables of that."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames: list[FrameType] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            frames[:] = [frame]  # of a function that calls itself the outermost returns last

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        result = call()
    finally:
        sys.setprofile(before)
        found = Locals(dict(frames.pop().f_locals)) if frames else Locals()
    return result, found
