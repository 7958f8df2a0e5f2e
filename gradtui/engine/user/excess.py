"""Bounds for memory and for recursion: user code is stopped while there is still enough of both to tell where."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from gradtui.engine.user.errors import TooMuchError

STATUS = Path("/proc/self/status")

STOP, REFUSE = 0.8, 0.9
"""Shares of the memory that is free. What has grown to the one is stopped; what would pass the other at once is refused."""
TICK, AGAIN = 0.05, 1.0
"""Seconds of the processor between two looks at what has been taken, and from one complaint to the next."""

DEEPEST = 500_000
"""Calls within one another. Python has no bound of its own where its recursion limit was raised, and fills the memory."""
STACK, STACK_STOP = 64 * 2**20, 24 * 2**20
"""Bytes of the stack that is for calls by way of C, and how many may be used. Past its end the process dies."""


@contextmanager
def bounded(memory: int | None) -> Iterator[None]:
    """Within it code may take a share of `memory`, the bytes that are free. Only where the system tells what it has: on Linux."""
    before = _taken()
    if before is None:
        yield
        return
    with _refusing(before[0], memory), _looking(sum(before), before[1], memory):
        yield


@contextmanager
def own_depth() -> Iterator[None]:
    """Code may call as deep as if it were run alone: what stands around it here does not count."""
    depth, frame = 0, sys._getframe().f_back
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + depth)
    try:
        yield
    finally:
        if sys.getrecursionlimit() == before + depth:  # else the user's file has set its own
            sys.setrecursionlimit(before)


def _taken() -> tuple[int, int] | None:
    """Bytes that this process has asked for, data as RLIMIT_DATA counts them, and stack."""
    found = {}
    with suppress(OSError, ValueError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(("VmData:", "VmStk:")):
                name, kilobytes, _ = line.split()
                found[name] = int(kilobytes) * 1024
    return (found["VmData:"], found["VmStk:"]) if len(found) == 2 else None


@contextmanager
def _refusing(data: int, memory: int | None) -> Iterator[None]:
    """What is not there is refused, as a MemoryError of Python's or torch's own; the stack may grow."""
    import resource

    limits = {name: resource.getrlimit(name) for name in (resource.RLIMIT_DATA, resource.RLIMIT_STACK)}
    if memory is not None:
        _lower(resource.RLIMIT_DATA, data + int(memory * REFUSE))
    soft, hard = limits[resource.RLIMIT_STACK]
    if soft != resource.RLIM_INFINITY:
        with suppress(OSError, ValueError):
            most = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
            resource.setrlimit(resource.RLIMIT_STACK, (max(soft, most), hard))
    try:
        yield
    finally:
        for name, both in limits.items():
            resource.setrlimit(name, both)


def _lower(name: int, wanted: int) -> None:
    import resource

    soft, hard = resource.getrlimit(name)
    for bound in (soft, hard):
        wanted = wanted if bound == resource.RLIM_INFINITY else min(wanted, bound)
    resource.setrlimit(name, (wanted, hard))


@contextmanager
def _looking(taken: int, stack: int, memory: int | None) -> Iterator[None]:
    """Raises TooMuchError and RecursionError in the middle of what runs."""

    told = [-math.inf, stack]

    def look(number: int, frame: FrameType | None) -> None:
        clock, (data, on_stack) = time.process_time(), _taken() or (0, 0)
        if clock < told[0] + AGAIN:  # it is on its way out, and holds all of it until then
            return
        told[0] = clock
        if memory is not None and data + on_stack - taken > memory * STOP:
            raise TooMuchError(f"{(data + on_stack - taken) / 2**20:,.0f} MiB")
        if on_stack - told[1] > STACK_STOP:  # a stack does not shrink
            told[1] = on_stack
            raise RecursionError(f"its calls within one another take {on_stack / 2**20:.0f} MiB of stack")
        if sys.getrecursionlimit() > DEEPEST and _is_deep():
            raise RecursionError(f"more than {DEEPEST:,} calls within one another")
        told[0] = -math.inf

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    try:
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_PROF, 0)
        finally:  # a look may have come just there
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


def _is_deep() -> bool:
    """Python refuses a limit below where it is, and so tells it without a walk through all the frames."""
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(DEEPEST)
    except RecursionError:
        return True
    sys.setrecursionlimit(limit)
    return False
