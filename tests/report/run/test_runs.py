"""A Run on paper and for programs: `gradtui-run/1`, and since when and where it goes wrong first of all."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.file.run_writing import save
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History, ParameterHistory
from gradtui.findings.over_time.sentences import told
from gradtui.report.run.json import pieces
from gradtui.report.run.text import report
from gradtui.runs.run import Run, Update
from tests.command.test_usage import run as command
from tests.runs import made


def no_constant(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def as_json(run: Run) -> dict[str, object]:
    text = b"".join(pieces(run)).decode()
    assert text.count("\n") == 1
    told: dict[str, object] = json.loads(text, parse_constant=no_constant)
    return told


def test_json() -> None:
    told = as_json(made.run())
    assert told["schema"] == "gradtui-run/1"
    assert (told["exit"], told["printed"]) == (1, made.PRINTED)
    updates = told["updates"]
    assert isinstance(updates, list)
    assert [one["update"] for one in updates] == list(range(60))
    good, bad = updates[3], updates[50]
    assert (good["loss"], good["lr"], good["grad_norm"], good["optimizer"]) == (0.5, [0.1, 0.01], 1.5, 0)
    assert good["parameters"]["encoder.0.weight"] == {"grad": 0.25, "weight": 2.0, "change": 2.5e-4, "nan": 0, "inf": 0}
    assert good["parameters"]["encoder.2.bias"]["grad"] is None
    assert good["parameters"]["head.bias"]["grad"] == 0.0
    assert (bad["loss"], bad["parameters"]["head.weight"]["grad"]) == ("nan", "inf")
    findings = told["findings"]
    assert isinstance(findings, list)
    assert [(one["update"], one["kind"], one["source"]["line"]) for one in findings] == [(37, "domain", 21)]


def test_json_of_no_update() -> None:
    told = as_json(Run())
    assert (told["updates"], told["findings"], told["exit"], told["ended"]) == ([], [], None, False)


def test_rows_around_the_update_where_it_goes_wrong() -> None:
    """Of a long run some rows are left out, and it is said how many at each place: never those."""
    lines = report(made.run()).splitlines()
    table = lines[next(place for place, line in enumerate(lines) if line.startswith("update ")) :]
    table = table[1 : table.index("")]
    shown = [int(line.split()[0]) for line in table if line[0].isdecimal()]
    left = [int(line.split()[1]) for line in table if not line[0].isdecimal()]
    assert {0, 36, 37, 38, 59} <= {*shown}
    assert len(shown) + sum(left) == 60


def test_what_is_wrong_comes_first() -> None:
    lines = report(made.run()).splitlines()
    first = " ".join(lines[:2])
    assert all(word in first for word in ("proved", "update 37", "train.py:21", "encoder.0.weight"))
    beside = next(line for line in lines if line.startswith("gradient of encoder.0.weight"))
    assert [math.isnan(float(cell)) for cell in beside.split()[-2:]] == [False, True]


def test_a_healthy_run() -> None:
    told = report(made.run(30))
    assert told.startswith("no fault found")
    assert report(replace(made.run(30), findings=(replace(made.FOUND, certainty="perhaps"),))).startswith(
        "no fault found"
    )


@pytest.mark.parametrize("run", [Run(), made.run(1), replace(made.run(30), updates=(), exit=0)])
def test_a_run_that_has_hardly_begun(run: Run) -> None:
    assert "no fault found" in report(run)


def test_a_run_that_ended_badly_before_it_began() -> None:
    assert "no fault" not in report(replace(made.run(30), updates=(), exit=1))


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(made.run(), path)
    printed = command(str(path), "--print")
    assert (printed.exit_code, printed.stdout) == (1, report(made.run()))
    told = command(str(path), "--json")
    assert (told.exit_code, told.stdout_bytes) == (1, b"".join(pieces(made.run())))
    assert command(str(path), "--steps").exit_code == 2
    assert command(str(path), "--export", str(tmp_path / "run.dot")).exit_code == 2
    assert command(str(path), "--export", str(tmp_path / "updates.csv")).exit_code == 0
    assert len((tmp_path / "updates.csv").read_text().splitlines()) == 61
    save(made.run(30), path)
    assert command(str(path), "--print").exit_code == 0
    path.write_bytes(path.read_bytes()[:400] + b"\1" * 400)
    damaged = command(str(path), "--print")
    assert (damaged.exit_code, damaged.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("about", [("head.bias",), ("head.bias", "tail.bias")])
def test_what_a_finding_is_about_is_named_once(about: tuple[str, ...]) -> None:
    """Of several each stands by itself, and none of them before the sentence as if it were of that one alone."""
    history = History()
    history.parameters = {name: ParameterHistory(name, (1,), "float32", True) for name in (*about, "head.weight")}
    found = told(Fault("in no optimizer", None, about=about), history)
    whole = report(Run(updates=[Update(0)], findings=(found,), ended=True))
    assert [whole.count(name) for name in about] == [1] * len(about)
