"""What other systems do not have is not needed where Linux's own is not asked for. Untried on them, but for this."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradtui.service import memory_guard
from tests.test_walls import modules

PACKAGE = Path(__file__).parents[1] / "gradtui"

NOT_THERE = ("termios", "fcntl", "tty", "pty", "resource", "pwd", "grp")
"""Modules that Windows does not have."""
FUNCTIONS = (
    *(
        "killpg",
        "getpgrp",
        "getpgid",
        "getsid",
        "setsid",
        "getuid",
        "geteuid",
        "fork",
        "forkpty",
        "waitid",
        "wait",
        "WNOHANG",
    ),
    *(
        "tcgetpgrp",
        "tcsetpgrp",
        "fchmod",
        "fchown",
        "chown",
        "mkfifo",
        "nice",
        "sched_getaffinity",
        "sysconf",
        "statvfs",
    ),
    *("register_at_fork", "uname", "getloadavg", "openpty", "ttyname", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY"),
)
SIGNALS = (
    *(
        "SIGKILL",
        "SIGALRM",
        "SIGHUP",
        "SIGQUIT",
        "SIGTSTP",
        "SIGCONT",
        "SIGSTOP",
        "SIGPROF",
        "SIGBUS",
        "SIGCHLD",
        "SIGPIPE",
    ),
    *(
        "SIGUSR1",
        "SIGUSR2",
        "SIGWINCH",
        "SIGTTOU",
        "setitimer",
        "ITIMER_REAL",
        "ITIMER_PROF",
        "pthread_sigmask",
        "alarm",
    ),
)
ASKS = ("hasattr(", "getattr(", "sys.platform", "os.name", "ImportError", "AttributeError")
"""Words of a condition, or of what a `try` catches, that has asked what there is."""
BEHIND = {
    "tui/terminal.py": "imported where os.name is posix",
    "engine/user/memory_and_recursion.py": "entered where there is /proc/self/status",
    "file/writing.py": "after fcntl is None",
    "service/memory_guard.py": "for what is found in /proc",
    "service/not_started.py": "after resource was imported",
}
"""Files in which another question stands before it, and which."""

BARE = f"""
import asyncio, os, signal, sys, selectors, subprocess, multiprocessing, tempfile, platformdirs
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


def walked(node: ast.AST, asked: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """All that stands in it, and whether it was asked before what there is: around it, or by what has left the function."""
    for _, field in ast.iter_fields(node):
        before = asked
        for one in field if isinstance(field, list) else [field]:
            if isinstance(one, ast.AST):
                yield one, before
                asks = any(word in _condition(one) for word in ASKS)
                yield from walked(one, before or asks)
                before |= asks and isinstance(one, ast.If) and isinstance(one.body[-1], ast.Return | ast.Raise)


def _condition(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.IfExp):
        return ast.unparse(node.test)
    if isinstance(node, ast.Try):
        return " ".join(ast.unparse(one.type) for one in node.handlers if one.type)
    return ast.unparse(node) if isinstance(node, ast.BoolOp) else ""


def unasked(code: str) -> list[str]:
    """What other systems do not have, and is taken without a question."""
    found = []
    for node, asked in walked(ast.parse(code)):
        if asked:
            continue
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name in NOT_THERE]
        elif isinstance(node, ast.ImportFrom):
            names = [one.name for one in node.names if one.name in FUNCTIONS + SIGNALS]
            found += names if node.module in ("os", "signal") else [node.module] if node.module in NOT_THERE else []
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("os", "signal"):
            found += [node.attr] if node.attr in FUNCTIONS + SIGNALS else []
        elif isinstance(node, ast.Attribute) and node.attr in ("add_signal_handler", "add_reader", "connect_read_pipe"):
            found.append(node.attr)
    return [str(one) for one in found]


@pytest.mark.long
def test_what_is_not_everywhere_is_asked_for_first() -> None:
    names = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if unasked(path.read_text())}
    assert names == set(BEHIND)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("os.killpg(1, signal.SIGKILL)", ["killpg", "SIGKILL"]),
        ("def f():\n    import fcntl", ["fcntl"]),
        ("from os import fork", ["fork"]),
        ("if x:\n    os.getuid()", ["getuid"]),
        ("if hasattr(os, 'killpg'):\n    os.killpg(1, 9)", []),
        ("def f():\n    if os.name != 'posix':\n        return\n    import pwd", []),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", []),
    ],
)
def test_the_test_sees_it(code: str, found: list[str]) -> None:
    assert unasked(code) == found


def test_no_system_that_tells_of_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory_guard, "MEMINFO", tmp_path / "none")
    monkeypatch.delattr(os, "sysconf")
    assert memory_guard.free() is None
