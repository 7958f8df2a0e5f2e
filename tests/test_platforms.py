"""What other systems do not have is not needed where Linux's own is not asked for. Untried on them, but for this."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_walls import modules

NOT_THERE = ("termios", "fcntl", "tty", "pty", "resource", "pwd", "grp")
"""Modules that Windows does not have."""
FUNCTIONS = ("killpg", "getpgrp", "getpgid", "getsid", "getuid", "fork", "waitid", "tcgetpgrp", "fchmod")
SIGNALS = ("SIGKILL", "SIGALRM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGCONT", "SIGSTOP", "SIGPROF", "SIGBUS", "setitimer")

BARE = f"""
import asyncio, os, signal, sys, selectors, subprocess, multiprocessing, tempfile
for name in {NOT_THERE}:
    sys.modules[name] = None
for name in {FUNCTIONS}:
    if hasattr(os, name):
        delattr(os, name)
for name in {SIGNALS}:
    if hasattr(signal, name):
        delattr(signal, name)
"""


@pytest.mark.child
def test_every_module_can_be_imported() -> None:
    """All but the driver of a terminal, and what only torch makes impossible to try here."""
    names = [name for name in modules("gradtui") if name not in ("gradtui.tui.terminal", "gradtui.__main__")]
    names = [name for name in names if not name.startswith("gradtui.engine") and not name.endswith("__main__")]
    code = BARE + "\n".join(f"import {name}" for name in names)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert run.returncode == 0, run.stderr
