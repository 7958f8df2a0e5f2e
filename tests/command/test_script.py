"""`gradtui train.py ARGS`, as a person types it: run as Python runs it, and watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Any

import click
import pytest

from gradtui.command import cli, watched_script
from gradtui.file.run_writing import save
from gradtui.runs.run import Run
from tests import warm
from tests.command import here

SCRIPTS = Path(__file__).parents[1] / "cases" / "runs"
TRAIN = """
import os
import sys

def train():
    import torch
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()

def main():
    if "UNTRAINED" not in os.environ:
        train()
    print(__name__, sys.argv[1:], sys.path[0])
    raise ValueError("the end")

if __name__ == "__main__":
    main()
"""


COLD = [sys.executable, "-m", "gradtui"]


def run(folder: Path, command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("person")
    (folder / "package").mkdir()
    (folder / "package" / "train.py").write_text(TRAIN)
    return folder


@pytest.mark.child
@pytest.mark.long
@pytest.mark.parametrize(
    ("target", "cold"),
    [
        (["package/train.py", "--updates", "3", "-v"], True),
        (["-m", "package.train", "--json"], False),
        (["package.train:main", "x"], False),
    ],
    ids=["file", "module", "function"],
)
def test_runs_as_python_runs_it(folder: Path, target: list[str], cold: bool) -> None:
    """Output, arguments, exit status and traceback, and two updates."""
    watched = run(folder, [*(COLD if cold else warm.gradtui()), "--json", *target])
    answer: dict[str, Any] = json.loads(watched.stdout)
    assert answer["exit"] == watched.returncode == 1
    assert [update["loss"] for update in answer["updates"]] == pytest.approx([2.0, 1.28])
    assert [update["parameters"]["weight"]["grad"] for update in answer["updates"]] == pytest.approx(
        [8**0.5, 1.6 * 2**0.5]
    )
    if ":" in target[0]:  # Python runs no such thing
        assert answer["printed"] == f"package.train ['x'] {folder}\n"
    else:
        plain = run(folder, [sys.executable, *target], UNTRAINED="1")  # which is not in what it says, and takes seconds
        assert (answer["printed"], watched.returncode, watched.stderr) == (plain.stdout, plain.returncode, plain.stderr)


@pytest.mark.child
@pytest.mark.parametrize(
    ("target", "python"),
    [
        (["broken.py"], ["broken.py"]),
        (["imports.py"], ["imports.py"]),
        (["broken:main"], ["-c", "import broken"]),
        (["package.nothing:main"], ["-c", "import package.nothing"]),
        (["package.train:nothing"], ["-c", "import package.train; package.train.nothing"]),
    ],
    ids=["no Python", "imports no Python", "function of no Python", "no module", "no function"],
)
def test_ends_before_it_begins(folder: Path, target: list[str], python: list[str]) -> None:
    """What goes wrong before a line of the person's runs: the traceback is Python's, with nothing of gradtui in it."""
    (folder / "broken.py").write_text("def f(x: return x")
    (folder / "imports.py").write_text("import broken")
    watched, plain = (run(folder, command) for command in (warm.gradtui("--json", *target), [sys.executable, *python]))
    *_, told = watched.stderr.splitlines()
    assert "no training" in told
    expected = plain.stderr.splitlines()
    if python[0] == "-c":  # its own lines are of no file; Python 3.13 shows what stands there, with marks beneath
        expected = [*dropwhile(lambda line: line.startswith("    "), expected[2:])]
    assert watched.stderr.splitlines()[:-1] == expected


@pytest.mark.child
@pytest.mark.long
def test_report_exit_status_and_output(tmp_path: Path) -> None:
    saved = tmp_path / "kept.gradtui"
    ended = run(SCRIPTS, warm.gradtui("--print", "--export", str(saved), "boxes_in_pictures.py"))
    assert ended.returncode == 3, "that of the script"
    assert ended.stdout.startswith("proved, since update 23, boxes_in_pictures.py:18")
    assert "lost it" in ended.stderr
    again = run(tmp_path, [*COLD, "kept.gradtui", "--json"])
    assert json.loads(again.stdout)["exit"] == 3
    assert again.returncode == 1, "a finding is proved"


@pytest.mark.child
def test_an_export_alone_says_why_its_status_is_1(tmp_path: Path) -> None:
    """Behind what the script itself has written."""
    script = TRAIN.replace("lr=0.1", "lr=0").replace("range(2)", "range(12)").replace("raise ", "")
    (tmp_path / "train.py").write_text(script)
    ended = run(tmp_path, warm.gradtui("--export", "kept.gradtui", "train.py"))
    assert ended.returncode == 1
    printed, why = ended.stderr.splitlines()
    assert printed.startswith("__main__ []")
    assert "learning rate" in why


@pytest.mark.parametrize(
    ("line", "own", "script"),
    [
        ("--json train.py --json", "--json", "train.py --json"),
        ("--every 5 train.py -- --epochs 3", "--every 5", "train.py --epochs 3"),
        ("-- train.py -x", "", "train.py -x"),
        ("--print -m a.b --print", "--print", "-m a.b --print"),
        ("a.b:main 1", "", "a.b:main 1"),
        ("x^2 --at 3", "x^2 --at 3", ""),
        ("model.py:loss --at 3", "model.py:loss --at 3", ""),
        ("--at x=train.py x", "--at x=train.py x", ""),
        ("--export train.py x^2", "--export train.py x^2", ""),
    ],
)
def test_what_stands_after_the_name_is_the_scripts(line: str, own: str, script: str) -> None:
    options = {
        name for one in cli.command.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts
    }
    assert watched_script.split(line.split(), options) == (own.split(), script.split())


@pytest.mark.child
@pytest.mark.skipif(
    sys.platform != "linux", reason="the script has no such limit where it is the fork of another process"
)
def test_a_full_disk_ends_no_training(tmp_path: Path) -> None:
    import resource

    script, saved = tmp_path / "train.py", tmp_path / "run.gradtui"
    script.write_text(
        f"{TRAIN.partition('def main')[0]}print('begins', flush=True)\ntrain()\nprint('ends', flush=True)\n"
    )
    ended = subprocess.run(
        warm.gradtui("--export", str(saved), "--print", str(script)),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("begins\nends\n")
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "2 updates" in ended.stdout


def test_of_a_watch_that_gave_up_it_is_not_said_that_there_was_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given_up(target: Sequence[str], path: str, every: int, aloud: bool) -> tuple[int, None]:
        save(Run("train.py", watch_ended="OSError: it", ended=True, exit=0), path)
        return 0, None

    monkeypatch.setattr(watched_script, "watched", given_up)
    (tmp_path / "train.py").touch()
    told = here.run("--print", "train.py", folder=tmp_path)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "OSError: it" in told.stdout


@pytest.mark.parametrize(
    "path", ["missing/run.gradtui", "missing/run.json", "missing/run.csv", "folder.json", "train.py/"]
)
def test_what_cannot_be_written_is_told_before_the_training(path: str, tmp_path: Path) -> None:
    """A folder that is not there, a folder in place of a file, and a file in place of a folder."""
    (tmp_path / "train.py").write_text("open('begun', 'x')\n")
    (tmp_path / "folder.json").mkdir()
    told = here.run("--export", path, "train.py", folder=tmp_path)
    assert told.exit_code == 1
    assert told.stderr.startswith(f"Error: {path}: ")
    assert not (tmp_path / "begun").exists()


def test_no_folder_for_what_is_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text("open('begun', 'x')\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    told = here.run("--print", "train.py", folder=tmp_path)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: TMPDIR: ")
    assert not (tmp_path / "begun").exists()


@pytest.mark.child
@pytest.mark.parametrize("hook", ["1 / 0", "sys.exit(7)", "print(args[0].__name__)", "raise KeyboardInterrupt"])
def test_a_hook_for_what_ends_the_script(hook: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        f"import sys\ndef hook(*args):\n    {hook}\nsys.excepthook = hook\nraise ValueError('the end')\n"
    )
    plain = run(tmp_path, [sys.executable, "train.py"])
    watched = run(tmp_path, warm.gradtui("--json", "train.py"))
    answer = json.loads(watched.stdout)
    assert (answer["printed"], answer["exit"]) == (plain.stdout, plain.returncode)
    assert watched.stderr.startswith(plain.stderr)
