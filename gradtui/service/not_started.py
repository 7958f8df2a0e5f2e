"""Why a process does not start: what is not installed, and which of the system's limits for this user is to blame."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from gradtui.service.memory_guard import free

PROCESSES = Path("/proc")
THREADS = 8
"""Of a process that evaluates, and of this one beside it."""
FILES = 40
"""That a process opens while it loads PyTorch."""
ADDRESSES, MEMORY = 6 * 2**30, 400 * 2**20
"""Bytes of address space and of memory without which PyTorch may not load."""


def not_installed() -> str:
    """A hint where gradtui is only found because Python was started in its folder, which no other process is."""
    own = Path(__file__).parents[2]
    started_here = not sys.flags.safe_path and sys.path[:1] in ([""], [str(own)])
    if not started_here or PathFinder.find_spec("gradtui", sys.path[1:]) is not None:
        return ""
    return f"gradtui is not installed: {sys.executable} -m pip install -e {own}"


def gone() -> str:
    """A hint where the folder that it was started in has been removed: PyTorch asks for it as it starts."""
    try:
        os.getcwd()
    except OSError:
        return "the folder that this was started in is no longer there: cd to another"
    return ""


def damaged(package: str, name: str) -> str:
    """A hint where nothing else is known: at its files, and at what PyTorch reads of the environment."""
    own = sorted(name for name in os.environ if name.startswith(("TORCH", "PYTORCH"))) if package == "torch" else []
    without = f"{name} reads {', '.join(own)}, set here: try without; else " if own else ""
    return f"{without}{name} may be damaged: {sys.executable} -m pip install --force-reinstall {package}"


def shortage() -> str:
    """The limit that is all but reached, as a hint; empty where none is, or where the system does not tell."""
    return next(_shortages(), "")


def _shortages() -> Iterator[str]:
    try:
        import resource
    except ImportError:  # Windows
        return
    most = {
        name: resource.getrlimit(limit)[0]
        for name, limit in (("u", resource.RLIMIT_NPROC), ("n", resource.RLIMIT_NOFILE), ("v", resource.RLIMIT_AS))
    }
    allowed = {name: soft for name, soft in most.items() if soft != resource.RLIM_INFINITY}
    if "u" in allowed and (running := _threads()) + THREADS > allowed["u"]:
        yield f"this user may have {allowed['u']} processes and threads at once (ulimit -u), and has {running}"
    if "n" in allowed and (opened := _files()) + FILES > allowed["n"]:
        yield f"a process may have {allowed['n']} files open (ulimit -n), and this one has {opened}"
    if "v" in allowed and allowed["v"] < ADDRESSES:
        yield f"a process may have {allowed['v'] // 2**20:,} MiB of addresses (ulimit -v), and PyTorch takes more"
    left = free()
    if left is not None and left < MEMORY:
        yield f"only {left // 2**20:,} MiB of memory are free"


def _threads() -> int:
    """Of all processes of this user."""
    user, found = os.getuid(), 0
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, StopIteration):  # gone by now
            if process.stat().st_uid == user:
                found += sum(1 for _ in (process / "task").iterdir())
    return found


def _files() -> int:
    with suppress(OSError):
        return len(os.listdir("/proc/self/fd"))
    return 0
