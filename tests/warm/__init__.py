"""Python without the seconds that torch and sympy take to load: forks of one process that has them loaded.

They are real processes, at the end of a light one that is the child of whoever starts it: what befalls either befalls both.
For what is not about how a process starts, its memory, its terminal, or how long it waits for a processor: these are the
light one's.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from gradtui.service.client import CALCULUS, TORCH, Service

HERE = Path(__file__).parent


def python() -> tuple[str, ...]:
    """What stands for `sys.executable` in a command that goes on with `-m`, `-c` or a file."""
    if sys.platform != "linux":  # elsewhere a process with torch is not forked
        return (sys.executable,)
    return sys.executable, "-I", "-S", str(HERE / "start.py"), _address()


def workers() -> dict[str, tuple[str, ...]]:
    """The commands of both, as `Service` takes them."""
    return {name: (*python(), *command[1:]) for name, command in (("torch", TORCH), ("calculus", CALCULUS))}


def gradtui(*arguments: str) -> list[str]:
    """The command of the whole program with such processes: workers, and whoever runs a script."""
    return [sys.executable, "-P", str(HERE / "program.py"), "\n".join(python()), *arguments]


def install(patch: pytest.MonkeyPatch) -> None:
    """Have each Service that is made from now on start them."""
    for name, command in workers().items():
        patch.setitem(Service.__init__.__kwdefaults__, name, command)  # type: ignore[arg-type]


@cache
def _address() -> str:
    """Of the socket of a process that is no child of this one, as tests look for theirs. It lives as long as this one, or
    another that runs tests beside it."""
    address = "gradtui-warm-" + os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    while not _is_held(address):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening, suppress(OSError):
            listening.bind(f"\0{address}")  # not where another has
            listening.listen(100)
            number = listening.fileno()
            subprocess.run(
                [sys.executable, "-P", str(HERE / "template.py"), str(number)], pass_fds=[number], check=True
            )
    return address


def _is_held(address: str) -> bool:
    """Whether there is such a process, or soon. From now on it lives until the connection ends, with this one."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with suppress(OSError):
        connection.connect(f"\0{address}")
        connection.send(b"hold")
        if connection.recv(16):
            connection.detach()
            return True
    connection.close()
    return False
