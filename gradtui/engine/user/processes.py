"""Whether user code made processes: what does so is not run again unasked."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")

_forks = [0]


def _count() -> None:
    _forks[0] += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_count)


class Processes:
    """The children of this process as they are now: those that live, those that have ended, and how often it has forked."""

    def __init__(self) -> None:
        self._living, self._ended, self._forks = _living(), _ended(), _forks[0]

    def made(self) -> bool:
        """Whether there have been more of them since, by whatever means: libraries start some below Python."""
        return bool(_living() - self._living) or _ended() != self._ended or _forks[0] != self._forks


def _living() -> set[int]:
    """Where the system tells."""
    if not hasattr(os, "waitid"):  # macOS
        return set()
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    own, found = os.getpid(), set()
    for process in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):  # gone by now
            parent = process.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            if int(parent) == own:
                found.add(int(process.parent.name))
    return found


def _ended() -> tuple[float, ...]:
    """What those used that have ended and were waited for."""
    try:
        import resource
    except ImportError:
        return ()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime, used.ru_minflt, used.ru_nvcsw, used.ru_nivcsw
