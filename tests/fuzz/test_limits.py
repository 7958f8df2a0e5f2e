"""Time and memory of any accepted expression stay within the limits that docs/language.md states."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from gradtui.command.evaluator import CALCULUS_DEADLINE
from gradtui.engine.typed import limits
from gradtui.expression import parse, write
from gradtui.expression.builder import MOST_OPERATIONS
from gradtui.expression.grammar import MOST_NESTED
from gradtui.expression.parser import MOST_CHARACTERS
from gradtui.report import json, steps, text
from gradtui.service.child_process import ChildError
from gradtui.service.client import CALCULUS, TORCH, Service
from gradtui.service.protocol import Ready, read
from gradtui.service.protocol import write as send
from gradtui.service.supervised_child import Child
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests.expression.shapes import shape
from tests.fuzz.adversarial import ADVERSARIAL, At
from tests.fuzz.language import PARSE, timed

pytestmark = pytest.mark.child

PAGE = Path(__file__).parents[2] / "docs" / "language.md"

MEMORY = 1024
"""MiB beyond what the worker has when it is ready."""


def deadline(name: str) -> float:
    """Seconds that the service gives a child by default."""
    value: float = inspect.signature(Service).parameters[name].default
    return value


class Worker:
    """A torch worker whose own time and memory are read from Linux."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(TORCH, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.requests: BinaryIO = self.process.stdin  # type: ignore[assignment]
        self.answers: BinaryIO = self.process.stdout  # type: ignore[assignment]
        assert read(self.answers, Ready) == Ready("torch")
        self.at_first = self.peak()

    def ask(self, request: Request) -> tuple[Snapshot, float]:
        """The answer, and the seconds of its processor that it took."""
        before = self._seconds()
        send(self.requests, request)
        answer = read(self.answers, Snapshot)
        assert answer is not None, "the worker ended"
        return answer, self._seconds() - before

    def peak(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024

    def _seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.requests.close()
        self.answers.close()
        self.process.wait()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.end()


def asked(name: str) -> Request:
    """With all that a request can ask for: the curve at 1,000 points and the tangents."""
    expression, at = ADVERSARIAL[name]
    variable = parse(expression).variables[0]
    curve = CurveRequest(variable, (-10.0, 10.0), 1_000)
    return Request(1, expression, at, "float64", curve=curve, along=(variable, 0))


@pytest.mark.long
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_parse(name: str) -> None:
    expression, _ = ADVERSARIAL[name]
    tree = timed(PARSE, "parse", lambda: parse(expression))
    written = write(tree)
    if len(written) <= MOST_CHARACTERS:  # it may have more than a text may
        assert shape(parse(written)) == shape(tree)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="a child's time and memory are read from /proc")
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_evaluate_and_report(worker: Worker, name: str) -> None:
    """Answered within the deadline, so that it would never be stopped for it; then told as text and as JSON."""
    answer, seconds = worker.ask(asked(name))
    assert seconds < deadline("deadline")
    assert worker.peak() - worker.at_first < MEMORY
    assert answer.problem is None
    for report in (lambda: json.line(json.answer(answer)), lambda: text.report(answer), lambda: steps.steps(answer)):
        start = time.process_time()
        assert report()
        assert time.process_time() - start < deadline("deadline")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="a child's time and memory are read from /proc")
@pytest.mark.parametrize(
    ("expression", "length", "further"), [("x" + "*sin x" * 900, 100_000, {}), ("x*y", 11_000_000, {"y": 1.0})]
)
def test_too_much_is_refused_at_once(worker: Worker, expression: str, length: int, further: At) -> None:
    at: At = {"x": (0.5,) * length, **further}  # not in the table: mypy would make a type of 11,000,000 places
    answer, seconds = worker.ask(Request(1, expression, at))
    assert answer.problem is not None
    assert answer.problem.kind == "limit"
    assert f"{limits.MOST_NUMBERS:,}" in answer.problem.message
    assert seconds < deadline("deadline")


async def test_simplify() -> None:
    """Sympy is stopped at its deadline, without a word that is not so; what has an answer has it in time."""
    child = Child(CALCULUS, deadline=CALCULUS_DEADLINE)
    child.start()
    for name in ("powers", "doubling waves", "a power of a sum", "many variables", "vectors that mix"):
        expression, at = ADVERSARIAL[name]
        (answer,) = await asyncio.gather(child.ask(Request(1, expression, at)), return_exceptions=True)
        if isinstance(answer, ChildError):
            assert answer.problem.kind == "timeout"
        else:
            assert isinstance(answer, Snapshot)
            assert answer.derivative
            assert all(derivative.text or derivative.note for derivative in answer.derivative.values())
    await child.close()


def test_the_page_states_them() -> None:
    stated = PAGE.read_text(encoding="utf-8").partition("## Limits")[2].partition("\n## ")[0]
    for figure in (
        f"{MOST_CHARACTERS:,} characters",
        f"{MOST_OPERATIONS:,} operations",
        f"nested {MOST_NESTED} deep",
        f"{limits.MOST_NUMBERS:,} numbers",
        f"{deadline('deadline'):g} s",
        f"{deadline('calculus_deadline'):g} s on the screen",
        f"{CALCULUS_DEADLINE:g} s in a batch",
        f"{MEMORY // 1024} GiB",
    ):
        assert figure in stated
