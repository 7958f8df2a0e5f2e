"""What is installed, and a part of the tests, on another Python of this machine; where it has none, one line says so.

With PyTorch where a build for the CPU is in reach: the other one is several GB. Without it the language, the files, the reports
and the screen are tried, which need none. `python .ci/second_python.py`, from the folder of pyproject.toml.
"""

from __future__ import annotations

import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

OLDEST = (3, 11)
NAMES = [f"python3.{minor}" for minor in range(19, 10, -1)]
PLACES = ("~/.pyenv/versions/*/bin/python", "~/.local/share/uv/python/*/bin/python3")
PIP = ("-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", "--no-compile", "-c", "constraints.txt")
LONGEST = 900
"""Seconds for one step: it has what the main tests leave of the processors."""

TESTS = ("pytest", "pytest-asyncio", "hypothesis")
"""What the tests below need of `dev`."""
WITHOUT_TORCH = (
    "tests/expression/test_reads_as.py",
    "tests/expression/test_errors.py",
    "tests/expression/test_spans.py",
    "tests/expression/test_point.py",
    "tests/file/test_snapshot_format.py",
    "tests/report/run",
    "tests/command/test_usage.py",
    "tests/tui/test_configured_keys.py",
    "tests/tui/test_session.py",
)
WITH_TORCH = ("tests/engine/user/test_evaluate.py", "tests/engine/user/test_warned.py")

SAVED = """
from gradtui.file.snapshot_format import save
from tests.examples import quadratic
save(quadratic(), "saved.gradtui")
"""
ASKED = ("x^2 + 3x + 1", "--at", "x=4", "--json")


def pythons() -> Iterator[str]:
    """Programs that may be another Python: by name, and where pyenv and uv keep theirs, the newest first."""
    yield from filter(None, map(shutil.which, NAMES))
    for place in PLACES:
        yield from sorted(
            glob.glob(os.path.expanduser(place)), key=lambda path: [*map(int, re.findall(r"\d+", path))], reverse=True
        )


def version(python: str) -> tuple[int, ...] | None:
    """None of one that does not start, or that can make no virtual environment."""
    code = "import ensurepip, ssl, sys, venv; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
        return tuple(map(int, told.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def another() -> str | None:
    """The newest that works and is not of the version that runs this."""
    found = {python: known for python in pythons() if (known := version(python)) is not None}
    others = {python: known for python, known in found.items() if known >= OLDEST and known != sys.version_info[:2]}
    return max(others, key=lambda python: others[python], default=None)


def run(*command: str) -> str:
    """What it prints; ends this with its status, and all that it said, where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST)
    if done.returncode:
        sys.exit(f"{done.stdout}\nfailed: {' '.join(command)}")
    return done.stdout


def can(*command: str) -> bool:
    return (
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST).returncode == 0
    )


def requirements() -> list[str]:
    """All but PyTorch, and what the tests need."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed: Sequence[str] = project["dependencies"]
    development: Sequence[str] = project["optional-dependencies"]["dev"]
    return [one for one in needed if _name(one) != "torch"] + [one for one in development if _name(one) in TESTS]


def torch_for_the_cpu() -> str:
    """As pip calls it. Elsewhere than on Linux there is no other."""
    (exact,) = (
        line for line in Path("constraints.txt").read_text(encoding="utf-8").splitlines() if _name(line) == "torch"
    )
    return f"{exact}+cpu" if sys.platform == "linux" else exact


def _name(requirement: str) -> str:
    return re.split(r"[<>=~! ]", requirement, maxsplit=1)[0]


def screen(*command: str) -> None:
    """The screen on a terminal, until it shows the graph, and its end by `q`. From Python 3.12 on Textual's tasks begin at once,
    there and not under a test's pilot."""
    terminal, other = pty.openpty()
    sizes = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=os.environ | sizes)
    os.close(other)
    shown, asked, end = b"", False, time.monotonic() + LONGEST
    try:
        while process.poll() is None and time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536)
            if not asked and b"AccumulateGrad" in shown:
                asked = os.write(terminal, b"q") > 0
    except OSError:  # its end, on Linux
        process.wait(LONGEST)
    finally:
        process.kill()
        os.close(terminal)
    if process.wait() or not asked:
        sys.exit(f"{shown.decode(errors='replace')}\nfailed: {' '.join(command)}, on a terminal")


def check(python: str, torch: bool, folder: str) -> None:
    """What is installed answers, and the tests pass."""
    gradtui = str(Path(python).with_name("gradtui"))
    saved = os.path.join(folder, "saved.gradtui")
    run(python, "-c", SAVED.replace("saved.gradtui", saved))
    assert "f'(x) = 11" in run(gradtui, saved, "--print")
    answers = [run(gradtui, saved, "--json")] + ([run(gradtui, *ASKED)] if torch else [])
    for answer in map(json.loads, answers):
        assert (answer["value"], answer["variables"]["x"]) == (29.0, {"value": 4.0, "grad": 11.0})
    screen(gradtui, saved)
    tests = WITHOUT_TORCH + WITH_TORCH * torch
    print(run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not child", *tests).splitlines()[-1])


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what it has started ends with it
    found = another()
    if found is None:
        print(f"no other Python from {'.'.join(map(str, OLDEST))} on is on this machine: this one alone was tried")
        return
    with tempfile.TemporaryDirectory() as folder:
        run(found, "-m", "venv", folder)
        python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
        name = run(python, "--version").strip()
        if not can(python, *PIP, *requirements()):
            print(f"{name}: its packages are not in reach: it was not tried")
            return
        torch = can(python, *PIP, torch_for_the_cpu())
        print(f"{name}, {'with PyTorch' if torch else 'without PyTorch, of which no build for the CPU is in reach'}:")
        run(python, *PIP, *([] if torch else ["--no-deps"]), ".")
        check(python, torch, folder)


if __name__ == "__main__":
    main()
