"""Errors of our own, raised while a person's code runs: they are told as ours, and never go into what runs."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from gradtui.snapshot.exception_text import said

OWN = str(Path(__file__).parents[1]) + os.sep


def told(error: BaseException) -> str:
    """Its kind, and the first line of what it says."""
    what = said(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {what}" if what else type(error).__name__


def is_own(error: BaseException) -> bool:
    """Whether it was raised in code of ours, and not in a person's or in torch that this called."""
    if (
        not isinstance(error, Exception)
        or isinstance(error, MemoryError | RecursionError)
        or error.__traceback__ is None
    ):
        return False
    (*_, (frame, _)) = traceback.walk_tb(error.__traceback__)
    return frame.f_code.co_filename.startswith(OWN)


def is_of_signal(error: BaseException) -> bool:
    """Whether the handler of a signal raised it: a signal comes wherever the program is, and is meant for the program."""
    handlers, trace = frozenset(_handlers()), error.__traceback__
    while trace is not None and trace.tb_frame.f_code not in handlers:
        trace = trace.tb_next
    return trace is not None


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        handler = getattr(handler, "func", handler)  # of a partial
        for called in (handler, type(handler).__call__) if callable(handler) else ():
            code = getattr(called, "__code__", None)
            if isinstance(code, CodeType):
                yield code
