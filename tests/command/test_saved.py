"""`gradtui run.gradtui`, also where torch is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui.file.snapshot_format import load, save
from gradtui.report import json as report
from gradtui.report import steps, text
from gradtui.report.export import export
from tests import examples, synthetic
from tests.command import here
from tests.command.test_usage import run
from tests.file.test_snapshot_format import EVERYTHING
from tests.terminal.driver import Terminal, assert_restored

pytestmark = pytest.mark.child

WITHOUT_TORCH = (
    "import sys; sys.modules['torch'] = sys.modules['sympy'] = None; from gradtui.command.cli import main; main()"
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run.gradtui"
    save(examples.quadratic(), path)
    return path


def without_torch(*arguments: str | Path) -> bytes:
    command = [sys.executable, "-c", WITHOUT_TORCH, *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_without_torch(saved: Path) -> None:
    assert without_torch(saved, "--print").decode() == text.report(examples.quadratic())
    assert without_torch(saved, "--steps").decode() == steps.steps(examples.quadratic())
    assert without_torch(saved, "--json") == report.line(report.answer(examples.quadratic()))


def test_the_screen_without_torch(saved: Path) -> None:
    with Terminal([sys.executable, "-c", WITHOUT_TORCH, str(saved)]) as terminal:
        terminal.wait_for("x^2 + 3x + 1", "29", "11", "AccumulateGrad", "saved", "2*x + 3")
        assert terminal.children() == []
        terminal.press("right")
        terminal.wait_for("this is a saved snapshot")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.parametrize("form", ["--print", "--json", "--steps"])
def test_a_model(form: str, tmp_path: Path) -> None:
    save(synthetic.bert(2, 16), tmp_path / "bert.gradtui")
    result = run(str(tmp_path / "bert.gradtui"), form)
    assert result.exit_code == 0
    assert "NllLossBackward0" in result.stdout


def test_a_failure_is_told(tmp_path: Path) -> None:
    save(EVERYTHING, tmp_path / "run.gradtui")
    result = run(str(tmp_path / "run.gradtui"), "--print")
    assert result.exit_code == 1
    assert "error: no" in result.stderr


@pytest.mark.parametrize("form", ["--print", "--json"])
@pytest.mark.parametrize(
    ("content", "told"), [(b"hello", "this is not a .gradtui file"), (None, "there is no file"), (b"\x89gr", "cut off")]
)
def test_a_bad_file_is_one_sentence(content: bytes | None, told: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    if content is not None:
        path.write_bytes(content)
    result = run(str(path), form)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert told in result.stderr
    if form == "--json":
        assert told in json.loads(result.stdout)["error"]["message"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "run.gradtui").mkdir()
    result = run(str(tmp_path / "run.gradtui"), "--print")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "Is a directory" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="no pipes and devices by name")
@pytest.mark.parametrize("form", ["--print", "--json"])
@pytest.mark.parametrize("target", ["run.gradtui", "model.py:loss"])
def test_what_is_no_file_is_not_waited_for(target: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / target.partition(":")[0]
    os.mkfifo(path)
    result = run(str(tmp_path / target), form)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "it is a pipe" in result.stderr
    path.unlink()
    path.symlink_to("/dev/zero")
    result = run(str(tmp_path / target), form)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "it is a device" in result.stderr
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**40)
    result = run(str(tmp_path / target), form)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    if form == "--json":
        assert json.loads(result.stdout)["error"]["message"]


def test_it_stays_where_it_is(saved: Path) -> None:
    result = run(str(saved), "--at", "3", "--print")
    assert result.exit_code == 2
    assert "--at" in result.stderr


# --export


@pytest.mark.parametrize("suffix", ["dot", "mmd", "svg", "json", "py", "gradtui"])
def test_a_saved_snapshot_is_exported(suffix: str, saved: Path, tmp_path: Path) -> None:
    result = run(str(saved), "--export", str(tmp_path / f"graph.{suffix}"))
    assert (result.exit_code, result.output) == (0, "")
    export(examples.quadratic(), str(tmp_path / f"expected.{suffix}"))
    assert (tmp_path / f"graph.{suffix}").read_bytes() == (tmp_path / f"expected.{suffix}").read_bytes()


def test_an_expression_is_exported(tmp_path: Path) -> None:
    """What is saved and opened again is what is printed at once."""
    path = tmp_path / "run.gradtui"
    result = here.run("x^2 + 3x + 1", "--at", "4", "--print", "--export", str(path))
    assert result.exit_code == 0
    assert run(str(path), "--print").output == result.output
    assert load(path).along == ("x", 0)


def test_an_export_that_fails_is_told(saved: Path, tmp_path: Path) -> None:
    result = run(str(saved), "--export", str(tmp_path / "no" / "graph.dot"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    save(synthetic.bert(2, 16), tmp_path / "bert.gradtui")
    result = run(str(tmp_path / "bert.gradtui"), "--export", str(tmp_path / "bert.py"))
    assert result.exit_code == 2
    assert "written from an expression" in result.stderr
