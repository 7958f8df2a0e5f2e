"""`gradtui model.py:function`, as a person types it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests import warm
from tests.command.here import run

CODE = """
import torch

model = torch.nn.Linear(2, 1)

def loss(x: float = 0.5, w=2.0):
    print("[bold]said[/]\\x1b[2J")
    return torch.sin(x * w) + x

def bad(x):
    y = x * 3
    return y @ torch.ones(2, 2)

def fit():
    return model(torch.ones(2)).sum()

def detached(x):
    return x.detach() * 2

def written_over(x):
    grown = x.exp()
    grown += 1
    return grown
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "model.py").write_text(CODE)
    return tmp_path


def started(
    folder: Path, *arguments: str, command: Sequence[str] = (sys.executable, "-m", "gradtui")
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.child
@pytest.mark.long
def test_json(folder: Path) -> None:
    ended = started(folder, "some/model.py:loss", "--json", "--at", "x=0.7", "--dtype", "float64")
    assert ended.returncode == 0
    answer: dict[str, Any] = json.loads(ended.stdout)
    x, w = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.7, 2.0))
    f = torch.sin(x * w) + x
    f.backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert w.grad is not None
    assert answer["expression"] == "some/model.py:loss"
    assert answer["value"] == f.item()
    assert answer["variables"] == {
        "x": {"value": 0.7, "grad": x.grad.item()},
        "w": {"value": 2.0, "grad": w.grad.item()},
    }
    assert answer["derivative"] == {}
    assert answer["checks"]["x"]["differences"] is True
    assert answer["printed"].count("said") == 1
    (sine,) = (node for node in answer["graph"]["nodes"] if node["name"] == "SinBackward0")
    start = CODE.index("torch.sin(x * w)")
    line = CODE[:start].count("\n") + 1
    place = {"text": "torch.sin(x * w)", "start": start, "end": start + 16, "file": "some/model.py", "line": line}
    assert sine["source"] == place


def test_chart(folder: Path) -> None:
    """sin(2x) + x, over the window that was asked for; none along no variable."""
    ended = run("some/model.py:loss", "--json", "--window", "0:3", folder=folder)
    chart = json.loads(ended.stdout)["chart"]
    assert (chart["variable"], chart["window"]) == ("x", [0, 3])
    assert chart["y"][0] < 0
    assert 3 + math.sin(6) < chart["y"][1]
    assert json.loads(run("some/model.py:fit", "--json", folder=folder).stdout)["chart"] is None


@pytest.mark.child
@pytest.mark.long
def test_print(folder: Path) -> None:
    ended = started(folder, "some/model.py:loss", "--print", "--at", "x=0.7", command=warm.gradtui())
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0] == "loss(x, w) of some/model.py"
    assert any("SinBackward0" in line and "torch.sin(x * w)" in line for line in lines)
    assert any("f not finite" in line or "━━ f" in line for line in lines), "the curve"
    assert lines[-2:] == ["printed:", "  [bold]said[/]␛[2J"]


def test_parameters_by_name(folder: Path) -> None:
    answer = json.loads(run("some/model.py:fit", "--json", folder=folder).stdout)
    assert answer["parameters"]["weight"]["grad"] == [[1.0, 1.0]]
    assert answer["parameters"]["bias"]["grad"] == [1.0]


def test_steps(folder: Path) -> None:
    ended = run("some/model.py:loss", "--steps", folder=folder)
    assert ended.exit_code == 0
    assert "step 1 of 5   AddBackward0   torch.sin(x * w) + x" in ended.stdout


def test_an_exception(folder: Path) -> None:
    ended = run("some/model.py:bad", "--print", folder=folder)
    assert (ended.exit_code, ended.stdout) == (1, "")
    lines = ended.stderr.splitlines()
    assert lines[-4].startswith("error: model.py:bad raised RuntimeError: ")
    assert lines[-3] == '  File "some/model.py", line 12, in bad'
    assert lines[-1].strip() == "^" * len("y @ torch.ones(2, 2)")
    assert any(line.split()[:4] == ["MulBackward0", "x", "*", "3"] for line in lines), "the graph of what ran before"


def test_an_exception_in_json(folder: Path) -> None:
    ended = run("some/model.py:bad", "--json", folder=folder)
    assert ended.exit_code == 1
    answer = json.loads(ended.stdout)
    error = answer["error"]
    assert (error["kind"], error["source"]["text"]) == ("crash", "y @ torch.ones(2, 2)")
    assert error["source"]["line"] == 12
    assert [node["name"] for node in answer["graph"]["nodes"]] == ["MulBackward0", "AccumulateGrad"]


@pytest.mark.parametrize("form", ["--print", "--json", "--steps"])
def test_what_backward_raises_is_proved_and_no_bad_usage(folder: Path, form: str) -> None:
    ended = run("some/model.py:written_over", form, folder=folder)
    assert ended.exit_code == 1
    if form == "--json":
        assert [one["certainty"] for one in json.loads(ended.stdout)["findings"]] == ["proved"]


@pytest.mark.parametrize("function", ["written_over", "bad"])
def test_files_tell_of_what_fails_as_the_report_does(folder: Path, function: str) -> None:
    target = f"some/model.py:{function}"
    told = json.loads(run(target, "--json", folder=folder).stdout)
    for name in ("graph.json", "graph.gradtui", "graph.svg", "graph.html", "graph.dot", "graph.mmd"):
        ended = run(target, "--export", name, folder=folder)
        assert ended.exit_code == 1
        assert "error: " in ended.stderr
        assert (folder / name).stat().st_size
    assert json.loads((folder / "graph.json").read_text()) == told
    saved = json.loads(run("graph.gradtui", "--json", "--export", "again.json", folder=folder).stdout)
    assert saved == json.loads((folder / "again.json").read_text()) == told


def test_no_gradient_is_seen_by_the_differences(folder: Path) -> None:
    answer = json.loads(run("some/model.py:detached", "--json", folder=folder).stdout)
    assert answer["variables"]["x"]["grad"] == 0
    assert answer["checks"]["x"]["autograd"] is False
    assert [event["kind"] for event in answer["events"]] == ["detach"]


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (["some/model.py:los"], "has no function los", "did you mean some/model.py:loss?"),
        (["some/none.py:loss"], "there is no file some/none.py", ""),
        (["some/model.py:loss", "--at", "y=2"], "loss has no parameter y", "its parameters are x, w"),
        (["some/model.py:loss", "--at", "2"], "which variable? There is x, w", ""),
        (["some/model.py:model"], "model of some/model.py is a Linear, not a function", "such as a loss"),
    ],
)
def test_what_is_missing(folder: Path, arguments: list[str], says: str, hint: str) -> None:
    ended = run(*arguments, "--print", folder=folder)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_not_python(folder: Path) -> None:
    (folder / "some" / "model.py").write_text("def loss(x) return x\n")
    ended = run("some/model.py:loss", "--print", folder=folder)
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[:2] == [
        "error: some/model.py is not Python: expected ':'",
        '  File "some/model.py", line 1',
    ]


@pytest.mark.child
@pytest.mark.long
def test_a_file_alone_is_run_and_says_where_there_is_no_training(folder: Path) -> None:
    ended = started(folder, "some/model.py", "--print", command=warm.gradtui())
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "no training" in ended.stderr
    assert "it has bad, detached, fit, loss, written_over" in ended.stderr


@pytest.mark.child
def test_a_script_that_fails_before_a_training_is_not_offered_as_functions(folder: Path) -> None:
    (folder / "fails.py").write_text("import sys\n\n\ndef loss(x):\n    return x\n\n\nsys.exit(7)\n")
    ended = started(folder, "fails.py", "--print", command=warm.gradtui())
    assert (ended.returncode, ended.stdout) == (7, "")
    assert "status 7" in ended.stderr
    assert "loss" not in ended.stderr
