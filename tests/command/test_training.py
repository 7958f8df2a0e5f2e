"""`--optimizer`, `--train`, `--updates`, `--data`, as a person types them."""

from __future__ import annotations

import csv
import json
import os
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.report.export import SUFFIXES
from tests import warm
from tests.command.here import run

LINE = "(w*x + b - y)^2"
AT = ("--at", "x=2", "--at", "y=3", "--at", "w=0.5", "--at", "b=0")


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(warm.gradtui(*arguments), cwd=folder, capture_output=True, text=True, check=False)


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", text)]


def test_json() -> None:
    ended = run(
        LINE,
        *AT,
        *("--train", "w,b", "--optimizer", "Adam(lr=0.1, betas=(0.9, 0.99))", "--updates", "30"),
        *("--json", "--dtype", "float64"),
    )
    assert ended.exit_code == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    training = answer["training"]
    assert (training["optimizer"], training["trained"]) == ("Adam", ["w", "b"])
    assert (training["settings"]["lr"], training["settings"]["betas"]) == (0.1, [0.9, 0.99])
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 0.0))
    optimizer = torch.optim.Adam([w, b], lr=0.1, betas=(0.9, 0.99))
    for number, update in enumerate(training["updates"]):
        optimizer.zero_grad()
        f = (w * 2 + b - 3) ** 2
        f.backward()  # type: ignore[no-untyped-call]
        told = update["variables"]["w"]
        assert (update["update"], update["value"], told["value"]) == (number, f.item(), w.item())
        assert told["grad"] == w.grad.item()  # type: ignore[union-attr]
        optimizer.step()
        assert told["after"] == w.item()
        assert told["state"]["exp_avg"] == optimizer.state[w]["exp_avg"].item()
    assert len(training["updates"]) == 30
    assert answer["variables"]["w"]["value"] == 0.5


def test_print_and_csv_tell_the_same(tmp_path: Path) -> None:
    asked = ("x^2", "--at", "4", "--optimizer", "SGD(lr=0.1)", "--updates", "3", "--print", "--export", "run.csv")
    ended = run(*asked, folder=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    rows = [*csv.DictReader((tmp_path / "run.csv").read_text().splitlines())]
    assert [row["update"] for row in rows] == ["0", "1", "2"]
    x = 4.0
    for row in rows:
        assert (float(row["x"]), float(row["f"]), float(row["x.grad"])) == pytest.approx((x, x * x, 2 * x), rel=1e-6)
        x -= 0.1 * 2 * x
        assert float(row["x.after"]) == pytest.approx(x, rel=1e-6)
        assert f"{float(row['f']):.7g}" in ended.stdout


@pytest.mark.parametrize(
    ("expression", "more"),
    [
        (LINE, (*AT, "--train", "w,b", "--optimizer", "RMSprop(lr=0.1, momentum=0.9)")),
        ("sum((v - [1, 2, 3])^2)", ("--at", "v=[0, 0, 0]", "--optimizer", "LBFGS(max_iter=3)")),
        ("p = w*x + b; (p - y)^2", ("--data", "points.csv", "--optimizer", "SGD(lr=0.01)")),
        ("p = w*x + b; (p - y)^2", ("--data", "points.csv", "--batch", "2", "--seed", "7")),
        ("optimizer^2", ("--at", "optimizer=3")),
    ],
)
def test_script_gives_the_same_numbers(
    expression: str,
    more: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "points.csv").write_text("x,y\n0,1\n1,3\n2,5.5\n3,7\n4,9\n")
    asked = (expression, *more, "--updates", "7", "--dtype", "float64", "--json", "--export", "script.py")
    updates = json.loads(run(*asked, folder=tmp_path).stdout)["training"]["updates"]
    monkeypatch.chdir(tmp_path)
    runpy.run_path("script.py", run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= len(updates) == 7
    for line, update in zip(lines, updates, strict=False):
        told = [update["update"], update["value"]]
        for moved in update["variables"].values():
            for place in (moved["value"], moved["grad"]):
                told += place if isinstance(place, list) else [place]
        assert numbers(line) == told


@pytest.mark.parametrize(
    ("expression", "x", "lr", "said", "number"),
    [
        ("x^2", "3", "1.1", "diverges", "-1.2"),
        ("log(x)", "0.3", "0.1", "update 1 ", "nan"),
        ("exp(x^2)", "3", "5", "update 1 ", "inf"),
        ("(x - 2)^2", "2", "0.1", "from update 0 on", "0"),
        ("relu(x)", "0.05", "0.1", "from update 1 on", "0"),
        ("x^2", "3", "0", "nothing moves", "lr is 0"),
        ("x^2", "3", "1e-12", "nothing moves", "gradient"),
    ],
)
def test_what_a_run_came_to_is_told_under_its_table(expression: str, x: str, lr: str, said: str, number: str) -> None:
    ended = run(expression, "--at", f"x={x}", "--optimizer", f"SGD(lr={lr})", "--updates", "6", "--print")
    (line,) = [line for line in ended.stdout.splitlines() if said in line and number in line]
    assert "end" not in line.split()


def test_a_run_of_several_variables_that_diverges_is_told(tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_text("x,y\n1,3\n2,5\n3,7\n4,9\n")
    asked = ("p = w*x + b; (p - y)^2", "--data", "line.csv", "--optimizer", "SGD(lr=0.5)", "--updates", "20", "--print")
    ended = run(*asked, folder=tmp_path)
    (line,) = [line for line in ended.stdout.splitlines() if "diverges" in line]
    rows = torch.tensor([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]], dtype=torch.float64)
    assert "2*mean(x*(w*x + b - y))" in ended.stdout
    factor = 1 - 0.5 * torch.linalg.eigvalsh(2 * rows.T @ rows / 4)[-1].item()
    assert numbers(line)[0] == pytest.approx(factor, rel=5e-3)


def test_of_a_healthy_run_there_is_nothing_to_tell() -> None:
    ended = run("x^2", "--at", "x=3", "--optimizer", "SGD(lr=0.1)", "--updates", "6", "--print")
    table = ended.stdout.partition("trains x")[2].partition("end")[2].splitlines()
    assert not table[1].strip(), "the chart comes next"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("x^2", "--optimizer", "Adm(lr=1)", "--print"), "Adm"),
        (("x^2", "--optimizer", "Adam(lr=-1)", "--print"), "learning rate"),
        (("x^2", "--train", "z", "--print"), "z"),
        (("x^2", "--updates", "0", "--print"), "0"),
        (("x^2", "--batch", "2", "--print"), "--data"),
        (("x^2", "--seed", "2", "--print"), "--batch"),
        (("x^2", "--data", "nothing.csv", "--print"), "nothing.csv"),
        (("x*y", "--data", "gap.csv", "--print"), "line 3"),
        (("x*y", "--data", "word.csv", "--print"), "line 2"),
        (("x^2", "--at", "x=1", "--data", "good.csv", "--print"), "x"),
        (("a*x", "--train", "x", "--data", "good.csv", "--print"), "x"),
        (("X^2", "--data", "good.csv", "--print"), "did you mean X?"),
        (("w^2", "--data", "good.csv", "--updates", "2", "--json"), "w"),
        (("3", "--data", "good.csv", "--print"), "no column"),
        (("w^2", "--at", "x=3", "--data", "good.csv", "--print"), "x"),
        (("w^2", "--data", "good.csv", "--export", "run.csv"), "no column"),
        (("w^2", "--data", "good.csv", "--plain"), "no column"),
        (("x*Y", "--data", "two.csv", "--updates", "2", "--print"), "did you mean Y?"),
        (("x^2", "--export", "run.csv"), "--updates"),
        (("w*x*z", "--data", "words.csv", "--print"), "line 2"),
        (("w*x*name", "--data", "words.csv", "--print"), "'anna'"),
        (("w*x*x_1", "--data", "words.csv", "--print"), "did you mean x_1?"),
        (("name", "--data", "words.csv", "--print"), "line 2"),
        (("-", "--optimizer", "Adam"), "batch"),
        (("x^2", "--updates", "3", "--steps"), "--steps"),
        (("x^2", "--optimizer", "Adam", "--steps"), "--steps"),
        (("x^2", "--updates", "3", "--export", "x.svg"), ".svg"),
        (("x^2", "--updates", "3", "--export", "x.chart.svg"), ".chart.svg"),
        (("x^2", "--train", "x", "--export", "x.tex"), ".tex"),
        (("x^2", "--updates", "3", "--export", "x.dot"), ".dot"),
        (("x^2", "--updates", "3", "--export", "x.mmd"), ".mmd"),
        (("x^2", "--updates", "3", "--steps", "--export", "x.svg"), "--steps"),
        (("good.csv.py:loss", "--updates", "3", "--steps"), "--steps"),
        (("model.py:loss", "--data", "points.csv"), "data"),
        (("model.py:loss", "--optimizer", "Adam", "--batch", "2"), "data"),
    ],
)
def test_bad_usage_is_told(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    (tmp_path / "gap.csv").write_text("x,y\n1,2\n3,\n")
    (tmp_path / "word.csv").write_text("x,y\n1,no\n")
    (tmp_path / "good.csv").write_text("x\n1\n2\n")
    (tmp_path / "two.csv").write_text("x,y\n1,2\n2,3\n")
    (tmp_path / "words.csv").write_text(",name,x,z,x 1\n0,anna,1,,5\n1,ben,2,3,6\n")
    ended = run(*arguments, folder=tmp_path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".gradtui"])
def test_a_file_tells_of_the_updates_or_is_refused(suffix: str, tmp_path: Path) -> None:
    """What is written with updates is another file than without."""
    asked = ("x^2", "--at", "3", "--export")
    with_updates = run(*asked, f"with{suffix}", "--updates", "3", folder=tmp_path)
    run(*asked, f"without{suffix}", folder=tmp_path)
    if with_updates.exit_code == 0:
        without = tmp_path / f"without{suffix}"
        assert not without.exists() or without.read_bytes() != (tmp_path / f"with{suffix}").read_bytes()
    else:
        assert with_updates.exit_code == 2
        assert not (tmp_path / f"with{suffix}").exists()


def test_a_drawing_may_be_written_beside_what_tells_of_the_updates(tmp_path: Path) -> None:
    ended = run("x^2", "--at", "3", "--updates", "3", "--print", "--export", "x.svg", folder=tmp_path)
    assert ended.exit_code == 0
    assert (tmp_path / "x.svg").exists()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("points.csv", ("--data points.csv",)),
        ("no/such.CSV", ("--data no/such.CSV",)),
        ("my points.txt", ("points.txt", "model.py:loss")),
        ("notes.md", ("notes.md", "model.py:loss")),
        ("runs", ("runs", "folder")),
        pytest.param("pipe", ("pipe", "model.py:loss"), marks=pytest.mark.skipif(os.name == "nt", reason="no pipes")),
    ],
)
@pytest.mark.parametrize("form", ["--print", "--json"])
def test_a_file_that_is_no_function_is_told(target: str, words: tuple[str, ...], form: str, tmp_path: Path) -> None:
    for name in ("points.csv", "my points.txt", "notes.md", "x"):
        (tmp_path / name).write_text("x,y\n1,2\n")
    (tmp_path / "runs").mkdir()
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")
    ended = run(target, form, folder=tmp_path)
    assert ended.exit_code == 2
    assert all(word in ended.stderr for word in words), ended.stderr
    assert run("x", "--print", folder=tmp_path).exit_code == 0, "a function is one, whatever files there are"


def test_of_a_saved_snapshot_no_updates_can_be_asked_for(tmp_path: Path) -> None:
    run("x^2", "--at", "3", "--export", "x.gradtui", folder=tmp_path)
    ended = run("x.gradtui", "--export", "x.csv", folder=tmp_path)
    assert ended.exit_code == 2
    assert ".csv" in ended.stderr
    assert "--updates" not in ended.stderr


@pytest.mark.parametrize("more", [(), ("--at", "z=2")])
def test_a_column_of_words_is_in_nobodys_way(more: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text(",name,x,z,it is\n0,anna,1,,5\n1,ben,2,3,6\n")
    (tmp_path / "plain.csv").write_text("x\n1\n2\n")
    asked = ("w*x + z - z" if more else "w*x", *more, "--train", "w", "--updates", "3", "--json")
    first, second = (run(*asked, "--data", name, folder=tmp_path) for name in ("words.csv", "plain.csv"))
    assert first.exit_code == 0, first.stderr
    assert json.loads(first.stdout)["training"] == json.loads(second.stdout)["training"]


@pytest.mark.parametrize(
    ("expression", "more"),
    [("w*x", ()), ("x*Y", ("--at", "Y=2")), ("x*Y", ("--train", "Y"))],
)
def test_a_column_that_f_does_not_use_is_nothing(expression: str, more: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("x,y\n1,2\n2,3\n")
    ended = run(expression, *more, "--data", "two.csv", "--updates", "2", "--json", folder=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    assert len(json.loads(ended.stdout)["training"]["updates"]) == 2


MODEL = """
import torch

torch.manual_seed(2)
network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))

def loss(scale: float = 1.0):
    return (scale * network(torch.tensor([[1.0, 2.0], [3.0, 4.0]])) - 1).pow(2).mean()
"""


OWN = """
import torch

torch.manual_seed(2)
network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.4), torch.nn.Linear(3, 1))
weights = [torch.ones(2, requires_grad=True)]

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.part = torch.nn.Linear(2, 1)

    def loss(self, shift=0.5, *, power: int = 2):
        return (self.part(torch.randn(5, 2)) - shift).pow(power).mean()

def loss(scale: float = 1.0):
    return (scale * network(torch.randn(4, 2) * weights[0]) - 1).pow(2)

def plain(x: float, w: float = 0.5):
    return (w * x - 3) ** 2
"""


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("my-own.py:loss", ("--optimizer", "Adam(lr=0.05)", "--at", "scale=2")),
        (
            "my-own.py:Net.loss",
            ("--train", "part,shift", "--at", "power=4", "--optimizer", "LBFGS(lr=0.1, max_iter=3)"),
        ),
        ("own.py:plain", ("--at", "x=2", "--optimizer", "SGD(lr=0.01, momentum=0.9)")),
    ],
)
def test_a_script_of_a_files_function_gives_the_same_numbers(
    target: str,
    more: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """To the last bit, in float32."""
    (tmp_path / target.partition(":")[0]).write_text(OWN)
    asked = (target, *more, "--updates", "6", "--json", "--export", "script.py")
    ended = run(*asked, folder=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    training = json.loads(ended.stdout)["training"]
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        runpy.run_path("script.py", run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    for line, update in zip(lines, training["updates"], strict=False):
        expected = [update["update"], update["value"]]
        for name in training["trained"]:
            held = update["parameters"][name] if "parameters" in update else update["variables"][name]
            expected += [held["weight"], held["grad"]] if "parameters" in update else [held["value"], held["grad"]]
        assert numbers(line) == expected
    assert len(lines) == 6 + len(training["trained"])


@pytest.mark.child
@pytest.mark.long
def test_a_files_own_parameters(tmp_path: Path) -> None:
    """JSON, table and CSV of the same run, against torch."""
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    asked = ("model.py:loss", "--optimizer", "Adam(lr=0.05)", "--updates", "25", "--at", "scale=2")
    code: dict[str, Any] = {}
    exec(MODEL, code)  # noqa: S102
    network = code["network"]
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    expected = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = code["loss"](2.0)
        loss.backward()
        before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        optimizer.step()
        norms = {
            name: (parameter.grad.norm().item(), before[name].norm().item(), (parameter - before[name]).norm().item())
            for name, parameter in network.named_parameters()
        }
        expected.append((loss.item(), norms))
    ended = started(tmp_path, *asked, "--json", "--export", "run.csv")
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    training = answer["training"]
    assert training["trained"] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert answer["value"] == pytest.approx(expected[0][0])
    for update, (value, norms) in zip(training["updates"], expected, strict=True):
        assert update["value"] == pytest.approx(value, rel=1e-6)
        for name, (grad, weight, change) in norms.items():
            told = update["parameters"][name]
            assert (told["grad"], told["weight"], told["change"]) == pytest.approx((grad, weight, change), rel=1e-5)
        both = (norms["2.weight"][0], norms["2.bias"][0])
        assert update["modules"]["2"]["grad"] == pytest.approx(sum(one * one for one in both) ** 0.5, rel=1e-5)
    report = run(*asked, "--print", folder=tmp_path)
    assert report.exit_code == 0, report.stderr
    lines = report.stdout.splitlines()
    last = next(line for line in lines if line.split()[:1] == ["24"])
    assert numbers(last)[1] == pytest.approx(expected[24][0], rel=1e-5)
    with (tmp_path / "run.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert float(rows[24]["2.bias.grad"]) == pytest.approx(expected[24][1]["2.bias"][0], rel=1e-5)
