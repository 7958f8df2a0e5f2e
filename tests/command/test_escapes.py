"""Whatever is typed behind `gradtui`, and whatever a file is called: no escape of it reaches the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui.file.snapshot_format import save
from tests import examples
from tests.command import here
from tests.file.test_snapshot_format import EVERYTHING
from tests.hostile import MARK, Field, acting, hostile

GRADTUI = str(Path(sys.executable).with_name("gradtui"))
ESCAPE = f"\x1b[{MARK}m\x9b{MARK}m\x1b]0;TITLE\x07\u202e\u2028\r\x7f[red]"

USAGE = [
    [ESCAPE],
    [f"x + {ESCAPE}", "--json"],
    ["x", ESCAPE],
    ["x", "--at", ESCAPE],
    ["x", "--at", f"{ESCAPE}=1"],
    ["x", "--at", f"x={ESCAPE}"],
    ["x", "--at", f"x=1{ESCAPE}", "--at", "x=1"],
    ["x", "--window", ESCAPE],
    ["x", "--step", ESCAPE],
    ["x", "--theme", ESCAPE],
    ["x", "--dtype", ESCAPE],
    ["x", "--export", ESCAPE],
    ["x", f"--{ESCAPE}"],
    [f"--x{ESCAPE}"],
    [f"-{ESCAPE}"],
    [f"{ESCAPE}.py:loss"],
    [f"{ESCAPE}.py:loss", "--json"],
    [f"{ESCAPE}.gradtui"],
    [f"{ESCAPE}.gradtui", "--json"],
    [f"{ESCAPE}.gradtui", "--at", ESCAPE],
]


def run(*arguments: str, cwd: Path | None = None, input: bytes = b"") -> tuple[int, str, str]:
    found = subprocess.run([GRADTUI, *arguments], capture_output=True, cwd=cwd, input=input)
    return found.returncode, found.stdout.decode(), found.stderr.decode()


@pytest.mark.parametrize("number", range(len(USAGE)))
def test_bad_usage(number: int) -> None:
    told = here.run(*USAGE[number])
    assert told.exit_code == 2
    assert told.stderr.strip()
    assert acting(told.stderr) == []
    assert acting(told.stdout) == []


@pytest.mark.child
def test_bad_usage_of_the_installed_program() -> None:
    status, out, error = run(*USAGE[1])
    assert (status, bool(error.strip())) == (2, True)
    assert acting(out + error) == []


@pytest.mark.child
@pytest.mark.parametrize("form", ["--print", "--steps", "--json"])
def test_a_saved_snapshot(form: str, tmp_path: Path) -> None:
    path = f"{ESCAPE}.gradtui"
    save(hostile(examples.quadratic(), Field("Snapshot", "reads_as"), attack=ESCAPE), tmp_path / path)
    status, out, error = run(path, form, cwd=tmp_path)
    assert (status, error) == (0, "")
    assert acting(out) == []
    save(hostile(EVERYTHING, Field("Problem", "message"), attack=ESCAPE), tmp_path / path)
    status, out, error = run(path, form, cwd=tmp_path)
    assert status == 1
    assert acting(out + error) == []


@pytest.mark.child
def test_a_file_that_is_none(tmp_path: Path) -> None:
    path = f"{ESCAPE}.gradtui"
    (tmp_path / path).write_text(ESCAPE)
    status, out, error = run(path, "--json", cwd=tmp_path)
    assert status == 2
    assert acting(out + error) == []
    assert json.loads(out)["expression"] == path


def test_a_batch() -> None:
    """A line that is not read is told, and its text is there to be read by a program."""
    told = here.run("-", "--json", input=f"{ESCAPE[:-6]}x\n{{{ESCAPE}\n".replace("\r", "").encode())
    assert told.exit_code == 1
    assert acting(told.stdout) == []
    assert [json.loads(line)["expression"] for line in told.stdout.splitlines()][1].startswith("{\x1b")
