"""Warnings of what a mode of ours hands on to torch, at the lines where Python has them without that mode.

A module with such a mode sets its `__warningregistry__` to None: else Python takes its one line for the place of all of them,
and shows each text once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from torch.overrides import handle_torch_function

HANDED_ON = handle_torch_function.__code__
"""Stands between a function of torch that is written in Python and a mode, which then calls that function once more."""


@contextmanager
def at_their_lines(mode: CodeType) -> Iterator[None]:
    """mode: its `__torch_function__`.

    What shows them is replaced below `showwarning`, which a program may have for itself.
    """
    python: Any = warnings
    shown = python._showwarnmsg

    def show(told: warnings.WarningMessage) -> None:
        frame = _caller(sys._getframe(1), mode) if told.filename == mode.co_filename else None
        if frame is None:
            shown(told)
            return
        module, known = frame.f_globals.get("__name__"), frame.f_globals.setdefault("__warningregistry__", {})
        file, line = frame.f_code.co_filename, frame.f_lineno
        warnings.warn_explicit(told.message, told.category, file, line, module, known)

    python._showwarnmsg = show
    try:
        yield
    finally:
        if python._showwarnmsg is show:
            python._showwarnmsg = shown


def _caller(frame: FrameType | None, mode: CodeType) -> FrameType | None:
    """Of the function that the innermost call of the mode stands for."""
    while frame is not None and frame.f_code.co_filename != mode.co_filename:
        frame = frame.f_back
    if frame is None or frame.f_code is not mode:
        return None
    while frame is not None and frame.f_code is mode:
        frame = frame.f_back
        if frame is not None and frame.f_code is HANDED_ON and frame.f_back is not None:
            frame = frame.f_back.f_back
    return frame
