"""Bounds for user code: time, memory, copies of the process that it makes, and standard streams that it may close."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gradtui.engine.user.errors import TooLongError
from gradtui.engine.user.looks import looks
from gradtui.engine.user.memory_and_recursion import bounded, own_depth

AGAIN = 1.0
"""Seconds between the first call to stop and the next, for code that catches everything."""


@contextmanager
def confined(seconds: float, memory: int | None = None) -> Iterator[None]:
    """Within it code has so many seconds, and of `memory`, the bytes that are free, so many as leave something for others.

    A fork of the process never comes out of it.
    """
    looks.come_back()
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
        if not looks.are_held:  # it comes again
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


@contextmanager
def own_streams() -> Iterator[None]:
    """Standard streams that user code may close (as `exit()` does) or replace, and that hold nothing back."""
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", 1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def silent() -> Iterator[None]:
    """What is written to descriptors 1 and 2 goes nowhere."""
    nothing, kept = os.open(os.devnull, os.O_WRONLY), [os.dup(1), os.dup(2)]
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(nothing)
