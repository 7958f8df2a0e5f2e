"""The command with arguments that make no sense: an answer or one message, never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unicodedata import category

import pytest

from gradtui.command.cli import command
from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.model import Request, Snapshot
from tests import warm
from tests.command.runner import runner
from tests.fuzz import texts

OPTIONS = (
    "--at",
    "--print",
    "--json",
    "--steps",
    "--dtype",
    "--device",
    "--window",
    "--step",
    "--theme",
    "--help",
    "--version",
)
FLAGS = ("--print", "--json", "--steps")
VALUES = (
    "x=" + "1" * 500,
    *(
        "x=4",
        "4",
        "x=[1, 2]",
        "x=pi/2",
        "w=",
        "=",
        "x=nan",
        "x=1e999",
        "x=1e-400",
        "x=y",
        "θ=1",
        "a b=1",
        "x=[",
        "x=" + "1" * 500,
    ),
    *(
        "float32",
        "float64",
        "int8",
        "cpu",
        "mps",
        "-10:10",
        "3:1",
        "0:1e-300",
        "-1e308:1e308",
        "nan:1",
        ":",
        "0.1",
        "0",
        "-1",
    ),
    *("dark", "plaid", "-", "--", "", "missing.py:f", "missing.gradtui", "x.py", "\x1b[31m", "\ud800", "[red]"),
)


@contextmanager
def in_process(function: str | None = None) -> Iterator[Callable[[Request], Snapshot]]:
    """Stands for the evaluator with its child processes, which would cost seconds for each input."""
    yield evaluate


def arguments(random: Random) -> list[str]:
    given = [texts.text(random)[:500]] if random.random() < 0.9 else []
    given += [random.choice(FLAGS)] if random.random() < 0.9 else []
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        option = random.choice(OPTIONS[:-2] if random.random() < 0.98 else OPTIONS)
        value = random.choice(VALUES)
        given += [option] if option in FLAGS else [f"{option}={value}"] if random.random() < 0.2 else [option, value]
    if random.random() < 0.2 and given:
        given[random.randrange(len(given))] = random.choice((*VALUES, *OPTIONS))
    if random.random() < 0.2:
        random.shuffle(given)
    return given


def check(given: list[str]) -> None:
    lines = "x^2\n\nx +\n{}\n\udc80\n".encode("utf-8", "surrogatepass")
    result = runner().invoke(command, given, prog_name="gradtui", input=lines)
    assert result.exception is None or isinstance(result.exception, SystemExit), given
    assert result.exit_code in (0, 1, 2), given
    assert "Traceback" not in result.stderr, given
    assert all(character == "\n" or category(character)[0] != "C" for character in result.stderr), given
    assert bool(result.stderr) == (result.exit_code == 2) or result.exit_code == 1, given
    if result.stdout.startswith("{"):
        assert all(json.loads(line)["schema"] == "gradtui/1" for line in result.stdout.splitlines()), given


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_any_arguments(seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gradtui.command.evaluator.evaluator", in_process)
    monkeypatch.setattr("gradtui.command.json_lines.evaluator", in_process)
    random = Random(seed)
    for _ in range(300):
        check(arguments(random))
    assert os.listdir(tmp_path) == []


@pytest.mark.long
def test_with_the_real_evaluator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    warm.install(monkeypatch)
    for given in (["x^2", "--print", "--at", "[1, 2]"], ["-", "--json"]):
        check(given)
