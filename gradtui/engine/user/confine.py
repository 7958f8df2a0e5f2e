"""Bounds for user code: time, memory, and copies of the process that it makes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gradtui.engine.user.errors import TooLongError
from gradtui.engine.user.memory_and_recursion import bounded, own_depth
from gradtui.engine.user.standard_streams import own_streams

AGAIN = 1.0
"""Seconds between the first call to stop and the next, for code that catches everything."""


@contextmanager
def confined(seconds: float, memory: int | None = None) -> Iterator[None]:
    """Within it code has so many seconds, and of `memory`, the bytes that are free, so many as leave something for others.

    A fork of the process never comes out of it.
    """
    with one_process(), own_streams(), _time_limit(seconds), bounded(memory), own_depth():
        yield


@contextmanager
def one_process() -> Iterator[None]:
    """A fork that is made within it ends with it: it would do all the rest a second time, and answer too."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(0)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises TooLongError in the middle of what runs. Where there is no such timer, the asker kills the process."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLongError(f"{seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # the alarm may have come just there
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
