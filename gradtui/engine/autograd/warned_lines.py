"""Warnings of what a mode of ours, or what stands in place of a function of torch, hands on to it: at the lines where Python has
them without.

A module that hands on so sets its `__warningregistry__` to None, by which it is known here: else Python takes its one line for
the place of all of them, and shows each text once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import get_ident
from types import FrameType
from typing import Any

from torch.overrides import handle_torch_function

HANDED_ON = handle_torch_function.__code__
"""Stands between a function of torch that is written in Python and a mode, which then calls that function once more."""

_moved: set[int] = set()
"""Identities of warnings that are on their way to the line that was found for them."""


@contextmanager
def at_their_lines() -> Iterator[None]:
    """What shows warnings is replaced below `showwarning`, which a program may have for itself."""
    shown: Any = getattr(warnings, "_showwarnmsg", None)
    if shown is None:  # a Python without it has the lines of ours
        yield
        return

    def show(told: warnings.WarningMessage) -> None:
        frame = None
        with suppress(Exception):  # a warning goes on as it came, and no error of ours in its place
            frame = None if id(told.message) in _moved else _meant(told, sys._getframe(1))
        if frame is None:
            shown(told)
            return
        module, known = frame.f_globals.get("__name__"), frame.f_globals.setdefault("__warningregistry__", {})
        file, line = frame.f_code.co_filename, frame.f_lineno
        _moved.add(id(told.message))
        try:
            warnings.warn_explicit(told.message, told.category, file, line, module, known)
        finally:
            _moved.discard(id(told.message))

    with _shown_by(show, shown):
        yield


@contextmanager
def unheard() -> Iterator[None]:
    """Of what runs once more within, on this thread, no warning is shown: it has been, when it ran the first time. Filters stay,
    as Python would show anew, after a change, what it shows once."""
    shown: Any = getattr(warnings, "_showwarnmsg", None)
    own = get_ident()
    if shown is None:
        yield
        return

    def show(told: warnings.WarningMessage) -> None:
        if get_ident() != own:
            shown(told)

    with _shown_by(show, shown):
        yield


@contextmanager
def _shown_by(show: Callable[[warnings.WarningMessage], None], before: Any) -> Iterator[None]:
    """Another one that was put in its place within stays."""
    python: Any = warnings
    python._showwarnmsg = show
    try:
        yield
    finally:
        if python._showwarnmsg is show:
            python._showwarnmsg = before


def _meant(told: warnings.WarningMessage, frame: FrameType | None) -> FrameType | None:
    """As many calls further out as without ours; None where that is the same."""
    around: list[FrameType] = []
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    while frame is not None:
        around.append(frame)
        frame = frame.f_back
    places = [(one.f_code.co_filename, one.f_lineno) for one in around]
    if (told.filename, told.lineno) not in places:
        return None
    without: list[FrameType] = []
    left_out = 0
    for one, outer in zip(around, [*around[1:], None], strict=True):
        if not left_out and one.f_globals.get("__warningregistry__", {}) is None:
            left_out = 3 if outer is not None and outer.f_code is HANDED_ON else 1
        if left_out:
            left_out -= 1
        else:
            without.append(one)
    at = places.index((told.filename, told.lineno))
    return without[at] if at < len(without) and without[at] is not around[at] else None
