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

from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.user.errors import TooMuchError
from gradtui.engine.user.looks import looks

STATUS = Path("/proc/self/status")

STOP, REFUSE = 0.8, 0.9
"""Shares of the memory that is free. What has grown to the one is stopped; what would pass the other at once is refused."""
TICK, AGAIN = 0.02, 1.0
"""Seconds of the processor between two looks at what has been taken, and from one complaint to the next."""

DEEPEST = 500_000
"""Calls within one another. Python has no bound of its own where its recursion limit was raised, and fills the memory."""
STACK, STACK_STOP = 120 * 2**20, 24 * 2**20
"""Bytes of the stack, which is for calls by way of C, and of it those that may be used. Past its end the process dies.

Linux leaves at least 128 MiB for it; nobody calls so fast that the rest would go between two looks.
"""


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
        for line in STATUS.read_text(encoding="utf-8", errors="replace").splitlines():
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
    look = _Look(taken, stack, memory)
    before = signal.signal(signal.SIGPROF, look)
    look.come_back()
    try:
        with stepping_aside(look):
            yield
    finally:
        try:
            look.stop()
        finally:  # a look may have come just there
            look.stop()
            signal.signal(signal.SIGPROF, before)


class _Look:
    """Called while code runs, by the signal of a timer. In compiled code it would be compiled too, and steps aside."""

    def __init__(self, taken: int, stack: int, memory: int | None) -> None:
        self._taken, self._stack, self._memory = taken, stack, memory
        self._told = -math.inf

    def __call__(self, number: int, frame: FrameType | None) -> None:
        clock, (data, stack) = time.process_time(), _taken() or (0, 0)
        if looks.are_held or clock < self._told + AGAIN:  # it is on its way out, and holds all of it until then
            return
        self._told = clock
        grown = data + stack - self._taken
        if self._memory is not None and grown > self._memory * STOP:
            raise TooMuchError(f"{grown / 2**20:,.0f} MiB")
        if stack - self._stack > STACK_STOP:
            self._stack = stack  # which does not shrink
            raise RecursionError(f"its calls within one another take {stack / 2**20:.0f} MiB of stack")
        if sys.getrecursionlimit() > DEEPEST and _is_deep():
            raise RecursionError(f"more than {DEEPEST:,} calls within one another")
        self._told = -math.inf

    def step_aside(self, compiled: Compiled) -> None:
        self.stop()

    def come_back(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, TICK, TICK)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _is_deep() -> bool:
    """Python refuses a limit below where it is, and so tells it without a walk through all the frames."""
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(DEEPEST)
    except RecursionError:
        return True
    sys.setrecursionlimit(limit)
    return False
