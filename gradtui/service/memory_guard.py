"""How much memory there is for user code: what is free on the machine, and in the container that this may be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from gradtui.snapshot.model import Problem

PROCESSES = Path("/proc")
VMSTAT = Path("/proc/vmstat")
MEMINFO = Path("/proc/meminfo")
MEMBERSHIP = Path("/proc/self/cgroup")
CGROUPS = Path("/sys/fs/cgroup")
UNLIMITED = 2**60
"""What the first version of cgroups says, more or less, where there is no limit."""

LOOK = 0.2
"""Seconds between two looks at what is left."""
LEAST_LEFT = 0.05
"""Share of what was free at first: less shall not be left."""


def free() -> int | None:
    """Bytes that may be taken before the system begins to swap and to kill; None where it does not tell."""
    return min((known for known in (_of_machine(), *_of_containers()) if known is not None), default=None)


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, StopIteration):
        (kilobytes,) = (line.split()[1] for line in _text(MEMINFO).splitlines() if line.startswith("MemAvailable:"))
        return int(kilobytes) * 1024
    if not hasattr(os, "sysconf"):  # Windows
        return None
    with suppress(OSError, ValueError):  # macOS tells what it has, not what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_containers() -> Iterator[int]:
    """What each group of processes that this one is in may still take. Its cache of files would be given back."""
    for folder, limit, used, cached in _groups():
        with suppress(OSError, ValueError):
            most = int(_text(folder / limit))
            if most < UNLIMITED:
                yield max(most - int(_text(folder / used)) + _cache(folder, cached), 0)


def _groups() -> Iterator[tuple[Path, str, str, str]]:
    """The folder of each group, from the inner to the outer, with the names of what it tells."""
    with suppress(OSError):
        for line in _text(MEMBERSHIP).splitlines():
            _, controllers, group = line.split(":", 2)
            if not controllers:
                root, names = CGROUPS, ("memory.max", "memory.current", "inactive_file")
            elif "memory" in controllers.split(","):
                root = CGROUPS / "memory"
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            else:
                continue
            inner = root / group.strip("/")  # in a container the root may be the group itself
            for folder in (inner, *inner.parents):
                if folder == root or root in folder.parents:
                    yield (folder, *names)


def _cache(folder: Path, name: str) -> int:
    with suppress(OSError, ValueError):
        for line in _text(folder / "memory.stat").splitlines():
            key, _, number = line.partition(" ")
            if key == name:
                return int(number)
    return 0


def kills() -> int:
    """How often the system has ended a process because there was no memory left; 0 where it does not tell."""
    with suppress(OSError, ValueError):
        for line in _text(VMSTAT).splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0


def held(group: int) -> int:
    """Bytes that the processes of a group have in memory."""
    found = 0
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):  # gone by now
            if int(_text(process / "stat").rpartition(")")[2].split()[2]) == group:
                found += int(_text(process / "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return found


class Guard:
    """Ends what a person's code has started before the machine has no memory left: each of its processes has its own limit only.

    group: of the processes. kill: what ends them. Others may have taken the memory too: then it leaves this to the system.
    """

    def __init__(self, group: int, kill: Callable[[], None]) -> None:
        self._group, self._kill = group, kill
        self._before, self._kills, self._held = free(), kills(), 0
        self._watching = asyncio.create_task(self._watch()) if self._before is not None else None

    def problem(self, title: str) -> Problem | None:
        """What became of `title` where it was for its memory, else None."""
        if self._held:
            told = f"{title} had taken {self._held / 2**30:.1f} GiB of memory, with what it started, and was stopped"
            return Problem("memory", told, hint="hardly any was left on this machine")
        if kills() > self._kills:
            return Problem("memory", f"{title} took more memory than there is, and the system ended it")
        return None

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        assert self._before is not None
        while True:
            await asyncio.sleep(LOOK)
            left = free()
            if left is not None and left < self._before * LEAST_LEFT:
                taken = held(self._group)
                if 2 * taken > self._before - left:
                    self._held = taken
                    self._kill()
                    return


def _text(path: Path) -> str:
    """Of a file of the system's."""
    return path.read_text(encoding="utf-8", errors="replace")
