"""Whole scripts that go wrong over time, and healthy ones: what is told of them, and that they run as without a watch."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import gradtui
from gradtui.snapshot.finding import Finding
from tests import warm

pytestmark = [pytest.mark.child, pytest.mark.long]

SCRIPTS = Path(__file__).parents[2] / "cases" / "runs"
CASES: list[dict[str, Any]] = json.loads((SCRIPTS / "expected.json").read_text())


class Answers(Mapping[str, Any]):
    """The process goes on while the tests look at what it has done."""

    def __init__(self, folder: Path) -> None:
        command = [*warm.python(), "-m", "tests.engine.watching.every_script", str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=SCRIPTS.parents[2])
        self._known: dict[str, Any] = {}

    def __getitem__(self, file: str) -> Any:
        assert self._process.stdout is not None
        while file not in self._known:
            line = self._process.stdout.readline()
            assert line, f"the process has ended before {file}"
            name, plain, watched = json.loads(line)
            self._known[name] = plain, watched
        return self._known[file]

    def __iter__(self) -> Any:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def answers(folder: Path) -> Any:
    answers = Answers(folder)
    yield answers
    answers.close()


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_script(case: dict[str, Any], answers: Answers, folder: Path) -> None:
    plain, watched = answers[case["file"]]
    assert watched == plain, "exit status and output are those of Python"
    run = gradtui.load(folder / (case["file"] + ".gradtui"))
    assert isinstance(run, gradtui.Run)
    assert run.watch_ended == ""
    if "count" in case:
        assert len(run.updates) == case["count"]
    for number, loss, norms in case.get("numbers", ()):
        update = run.updates[number]
        assert update.loss == pytest.approx(loss, rel=1e-5)
        told = {name: update.parameters[name].grad for name in norms}
        assert told == {name: norm if norm is None else pytest.approx(norm, rel=1e-5) for name, norm in norms.items()}
    if case.get("healthy"):
        assert [one for one in run.findings if one.certainty != "perhaps" or case.get("silent")] == []
    else:
        explains(case, run.findings)


def explains(case: dict[str, Any], findings: tuple[Finding, ...]) -> None:
    first = findings[0]
    text = " ".join((first.text, first.remedy, *first.evidence)).lower()
    for words in case["say"]:
        assert any(word in text for word in words), f"none of {words}: {text}"
    named = " ".join(f"{one.parameter} {one.text}" for one in findings if one.kind == first.kind)
    for name in case.get("parameters", ()):
        assert re.search(name, named)
    if case.get("lines"):
        assert first.source is not None
        assert first.source.line in case["lines"]
    expected = case["update"]
    low, high = expected if isinstance(expected, list) else (expected or 0, expected or 0)
    assert low <= (first.update or 0) <= high
