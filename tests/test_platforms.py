"""What other systems do not have is not needed where Linux's own is not asked for. Untried on them, but for this."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradtui.command import watched_script
from gradtui.file.run_reading import load
from gradtui.file.snapshot_format import save
from gradtui.service import memory_guard
from tests import examples
from tests.runs import made
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
OF_A_LOOP = ("add_signal_handler", "add_reader", "connect_read_pipe")
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
                condition = _condition(one)
                asks = any(word in condition for word in ASKS)
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
    if not any(name in code for name in (*NOT_THERE, *FUNCTIONS, *SIGNALS, *OF_A_LOOP)):
        return []
    found = []
    for node, asked in walked(ast.parse(code)):
        if asked:
            continue
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name in NOT_THERE]
        elif isinstance(node, ast.ImportFrom):
            names = [one.name for one in node.names if one.name in FUNCTIONS + SIGNALS]
            found += names if node.module in ("os", "signal") else [node.module] if node.module in NOT_THERE else []
        elif isinstance(node, ast.Attribute) and node.attr in FUNCTIONS + SIGNALS:
            found += [node.attr] if ast.unparse(node.value) in ("os", "signal") else []
        elif isinstance(node, ast.Attribute) and node.attr in OF_A_LOOP:
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


OTHERWISE = {
    "os.kill": "ends a process whatever the signal; 0 is ctrl+c",
    "os.rename": "replaces nothing",
    "os.path.relpath": "raises between two drives",
    "os.path.commonpath": "raises between two drives",
    "os.popen": "another shell",
    "os.system": "another shell",
    "select.select": "sockets alone",
    "os.symlink": "for administrators",
    "os.chmod": "but for read-only",
}
"""What Windows has and does otherwise."""
LAST_WORDS = {name.rpartition(".")[2] for name in OTHERWISE}
ARGUMENTS = ("preexec_fn", "pass_fds", "process_group", "umask")
TEXTS = {"open": 1, "read_text": 9, "write_text": 9, "fdopen": 1}
"""What reads or writes texts, in the code page where no encoding is said; where the mode stands that may say that it is none."""


def called(node: ast.Call) -> str:
    """The last word of what is called."""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def differs(code: str) -> list[str]:
    """What other systems do otherwise: calls, arguments, and texts in nobody knows what encoding."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and node.attr in LAST_WORDS and ast.unparse(node) in OTHERWISE:
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call):
            name = called(node)
            said = {one.arg: one.value for one in node.keywords}
            found += [one for one in said if one in ARGUMENTS]
            place = 0 if name == "open" and isinstance(node.func, ast.Attribute) else TEXTS.get(name, 0)
            mode = said.get("mode") or (node.args[place] if len(node.args) > place else ast.Constant("r"))
            is_text = not isinstance(mode, ast.Constant) or "b" not in str(mode.value)
            if name in TEXTS and ast.unparse(node.func) != "os.open" and is_text and "encoding" not in said:
                found.append(name)
    return [str(one) for one in found]


@pytest.mark.long
def test_nothing_is_called_that_does_something_else_there() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): differs(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    screens = {path for path, names in found.items() if set(names) == {"open"} and path.startswith("tui/")}
    assert {path for path, names in found.items() if names} - screens == {
        "tui/terminal.py",  # of POSIX alone
        "command/standard_output.py",  # waits for what does not wait itself, which is so of none there
    }


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("os.kill(1, 0)", ["os.kill"]),
        ("subprocess.Popen(x, preexec_fn=f)", ["preexec_fn"]),
        ("open(path)", ["open"]),
        ("open(path, 'w', 1)", ["open"]),
        ("Path(x).open()", ["open"]),
        ("path.read_text(errors='replace')", ["read_text"]),
        ("open(path, 'rb') and path.open('xb') and os.fdopen(3, 'wb') and os.open(path, os.O_RDONLY)", []),
        ("open(path, encoding='utf-8') and path.write_text(x, encoding='utf-8')", []),
    ],
)
def test_the_test_sees_that_too(code: str, found: list[str]) -> None:
    assert differs(code) == found


CODE_PAGES = ({"PYTHONIOENCODING": "cp1252"}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"})
"""What stdout of another system cannot write, it does not write; and what Python takes a text for where nobody says."""


@pytest.mark.child
@pytest.mark.parametrize("page", CODE_PAGES)
def test_another_code_page(page: dict[str, str], tmp_path: Path) -> None:
    saved = tmp_path / "saved.gradtui"
    save(examples.quadratic(), str(saved))
    gradtui = str(Path(sys.executable).with_name("gradtui"))
    for arguments in (["--schema"], [str(saved), "--plain"], [str(saved), "--print"], ["--settings"]):
        run = subprocess.run([gradtui, *arguments], input=b"right\nq\n", capture_output=True, env=os.environ | page)
        assert (run.returncode, run.stderr) == (0, b""), arguments
        if arguments == ["--schema"]:
            json.loads(run.stdout.decode("utf-8"))


@pytest.mark.child
def test_what_a_script_prints_in_another_code_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    path, run = tmp_path / "run.gradtui", made.run(2)
    with made.begun(path, run) as writer:
        made.write(writer, run)
    told: list[bytes] = []
    with subprocess.Popen([sys.executable, "-c", "print('x²')"], stdout=subprocess.PIPE) as process:
        watched_script.taken(process, str(path), told.append)
    assert load(str(path)).printed == run.printed + "x²\n"
    assert b"".join(told) == "x²\n".encode("cp1252"), "as it came"


@pytest.mark.child
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "idna"])
def test_what_a_script_prints_that_cannot_be_read(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python itself begins a pipe of UTF-16 without a mark."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    path = tmp_path / "run.gradtui"
    with made.begun(path, made.run(2)) as writer:
        made.write(writer, made.run(2))
    with subprocess.Popen(["echo", "abc"], stdout=subprocess.PIPE) as process:
        watched_script.taken(process, str(path), lambda block: None)
    assert load(str(path)).printed.endswith("abc\n")


def test_no_system_that_tells_of_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory_guard, "MEMINFO", tmp_path / "none")
    monkeypatch.delattr(os, "sysconf")
    assert memory_guard.free() is None
