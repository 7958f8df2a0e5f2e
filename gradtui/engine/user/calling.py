"""Calling a function of the user's, and keeping sight of its local variables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def called(function: Callable[..., Any], call: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What `call` returns, which calls `function`; and the variables of that, without its frame, which holds its callers."""
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
        scope = dict(frames.pop().f_locals) if frames else {}
    return result, scope
