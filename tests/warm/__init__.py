"""Workers without the seconds that torch and sympy take to load: forks of one process that has them loaded.

They are real worker processes, at the end of a light one that is the child of whoever starts it: what befalls either befalls
both. For what is not about how a worker starts, its memory, or how long it waits for a processor: these are the light one's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from gradtui.service.client import CALCULUS, TORCH, Service

HERE = Path(__file__).parent


def workers() -> dict[str, tuple[str, ...]]:
    """The commands of both, as `Service` takes them."""
    if sys.platform != "linux":  # elsewhere a process with torch is not forked
        return {"torch": TORCH, "calculus": CALCULUS}
    start = (sys.executable, "-I", "-S", str(HERE / "start.py"), _address())
    return {"torch": start, "calculus": (*start, "--calculus")}


def gradtui(*arguments: str) -> list[str]:
    """The command of the whole program with such workers."""
    commands = ["\n".join(command) for command in workers().values()]
    return [sys.executable, "-P", str(HERE / "program.py"), *commands, *arguments]


def install(patch: pytest.MonkeyPatch) -> None:
    """Have each Service that is made from now on start them."""
    for name, command in workers().items():
        patch.setitem(Service.__init__.__kwdefaults__, name, command)  # type: ignore[arg-type]


@cache
def _address() -> str:
    """Of the socket of a process that lives as long as this one, whose child it is not: tests look for theirs."""
    address = str(Path(tempfile.mkdtemp(prefix="gradtui-warm-")) / "socket")
    ours, theirs = os.pipe()[::-1]
    with open(theirs, "rb") as until:
        subprocess.run([sys.executable, "-P", str(HERE / "template.py"), address], stdin=until, check=True)
    os.set_inheritable(ours, False)
    return address
