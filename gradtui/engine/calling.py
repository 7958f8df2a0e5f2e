"""Calling a function of the user's, and keeping sight of its local variables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def called(function: Callable[..., Any], call: Callable[[], Any]) -> tuple[Any, FrameType | None]:
    """What `call` returns, which calls `function`; and the frame that `function` returned from, with its variables."""
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
    return result, frames[0] if frames else None
