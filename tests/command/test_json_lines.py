"""The batch, from the pipe: torch is loaded once for all cases here."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import warm

pytestmark = pytest.mark.child

CASES = Path(__file__).parents[1] / "cases"

Json = dict[str, Any]


class Batch:
    """A batch that runs: a line in, a line out."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            warm.gradtui("-", "--json", *options), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def raw(self, line: bytes) -> Json:
        """The answer comes while the input is still open: nothing is held back."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        answer: Json = json.loads(self.process.stdout.readline())
        assert answer["schema"] == "gradtui/1"
        return answer

    def ask(self, expression: str, **more: Any) -> Json:
        answer = self.raw(json.dumps({"expression": expression, **more}).encode())
        assert answer["expression"] == expression
        return answer

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.stdout.read() == b""
        self.process.stdout.close()
        return self.process.wait()


@pytest.fixture(scope="module")
def batch() -> Iterator[Batch]:
    batch = Batch()
    yield batch
    batch.raw(b"x +")
    assert batch.end() == 1, "some lines were bad"


def read_cases(name: str) -> list[Json]:
    cases: list[Json] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return cases


@pytest.mark.long
def test_the_first_example(batch: Batch) -> None:
    answer = batch.raw(b"x^2 + 3x + 1")
    assert answer["reads_as"] == "x^2 + 3*x + 1"
    assert answer["variables"] == {"x": {"value": 4.0, "grad": 11.0}}
    assert answer["value"] == 29.0
    assert answer["derivative"] == {"x": "2*x + 3"}
    nodes = answer["graph"]["nodes"]
    assert [node["id"] for node in nodes] == [0, 1, 2, 3, 4]
    in_order = sorted(nodes, key=lambda node: node["step"])
    assert [node["name"] for node in in_order] == [
        "AddBackward0",
        "AddBackward0",
        "MulBackward0",
        "PowBackward0",
        "AccumulateGrad",
    ]
    first = nodes[0]
    assert {key: first[key] for key in ("sequence", "step", "shape", "value", "grad_output", "grad_inputs")} == {
        "sequence": 3,
        "step": 0,
        "shape": [],
        "value": 29.0,
        "grad_output": 1.0,
        "grad_inputs": [1.0, None],
    }
    assert first["source"] == {"text": "x^2 + 3x + 1", "start": 0, "end": 12}
    assert first["next"][1] == [None, 0]
    assert nodes[first["next"][0][0]]["source"]["text"] == "x^2 + 3x"


def test_vectors(batch: Batch) -> None:
    answer = batch.ask("(x * x) + (3 * x) + 1", at={"x": [2.1, 5.4, 3.2]}, dtype="float64")
    assert answer["variables"]["x"]["grad"] == pytest.approx([7.2, 13.8, 9.4], abs=1e-12)
    assert answer["value"] == pytest.approx([x * x + 3 * x + 1 for x in (2.1, 5.4, 3.2)], abs=1e-12)
    assert answer["dtype"] == "float64"
    assert any("sum(f)" in note["text"] for note in answer["notes"])


@pytest.mark.parametrize(
    ("expression", "x", "value"),
    [("1/x", 0, "inf"), ("-1/x", 0, "-inf"), ("log(x)", -1, "nan"), ("exp(x)", 1000, "inf")],
)
def test_not_finite(batch: Batch, expression: str, x: float, value: str) -> None:
    assert batch.ask(expression, at={"x": x})["value"] == value


def test_values_as_texts(batch: Batch) -> None:
    answer = batch.ask("sin(x)*Volt", at={"x": "pi/2", "Volt": 2}, dtype="float64")
    assert answer["value"] == pytest.approx(2.0)
    assert set(answer["variables"]) == {"x", "Volt"}


def test_a_key_that_means_nothing_is_passed_over(batch: Batch) -> None:
    assert batch.ask("x^2", at={"x": 3}, id=7, updates=None)["value"] == 9.0


def test_independent_of_x(batch: Batch) -> None:
    answer = batch.ask("5 + 5", at={"x": 3})
    assert answer["value"] == 10.0
    assert answer["variables"]["x"]["grad"] == 0.0
    assert answer["graph"]["nodes"] == []
    assert answer["notes"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"", "syntax"),
        (b"   ", "syntax"),
        (b"x +", "syntax"),
        (b"\xff\xfe", "syntax"),
        (b"{", "syntax"),
        (b"{}", "syntax"),
        (b'{"expression": 3}', "syntax"),
        (b'{"expression": "x", "at": 3}', "syntax"),
        (b'{"expression": "x", "at": {"x": true}}', "syntax"),
        (b'{"expression": "x", "at": {"x": null}}', "syntax"),
        (b'{"expression": "x", "at": {"x": [[1]]}}', "syntax"),
        (b'{"expression": "x", "at": {"x": "y"}}', "syntax"),
        (b'{"expression": "x", "at": {"2": 1}}', "name"),
        (b'{"expression": "x", "at": {"x": []}}', "domain"),
        (b'{"expression": "x", "dtype": "int8"}', "dtype"),
        (b'{"expression": "x", "at": {"x": 1e39}}', "dtype"),
        (b'{"expression": "x", "updates": 3}', "syntax"),
        (b'{"expression": "x", "optimizer": "Adam(lr=0.1)"}', "syntax"),
        (b'{"expression": "x", "seed": 0}', "syntax"),
        (b'{"expression": "\\ud800"}', "syntax"),
        (b'{"a":' * 5000, "syntax"),
        (b"xy", "name"),
        (b"sin(x, x)", "arity"),
        (b"2^10000", "limit"),
        (b"x" * 20_000, "limit"),
        (b"x" * 3_000_000, "limit"),
        (b"[1, 2] + [1, 2, 3] + x", "domain"),
    ],
    ids=lambda one: ascii(one[:40]),
)
def test_bad_lines(batch: Batch, line: bytes, kind: str) -> None:
    """Each gets its own error, and the next line is answered."""
    error = batch.raw(line)["error"]
    assert error["kind"] == kind, error
    assert error["message"]
    assert set(error) == {"kind", "message", "start", "end", "hint"}
    assert batch.raw(b"x")["value"] == 4.0


def test_hostile_lines(batch: Batch) -> None:
    """What evaluators were attacked with: refused, or a number; the same process answers all the time."""
    for case in read_cases("hostile.json"):
        answer = batch.ask(case["expr"])
        if case["kind"] == "escape" or "error" in answer:
            kinds = ("syntax", "name", "arity", "limit", "domain")
            assert answer["error"]["kind"] in kinds, (case, answer.get("error"))
        else:
            assert "value" in answer


@pytest.fixture(scope="module")
def told() -> Iterator[Batch]:
    """What is told once holds for lines that say nothing of it."""
    batch = Batch("--dtype", "float64", "--window", "-1:2", "--at", "w=3", "--at", "1.5")
    yield batch
    assert batch.end() == 0, "all lines were good"


@pytest.mark.long
def test_formulas(told: Batch) -> None:
    """Value and every partial derivative of every public formula, against 30 digits."""
    for case in read_cases("formulas.json"):
        for check in case["checks"]:
            answer = told.ask(case["expr"], at=check["at"])
            assert answer["dtype"] == "float64"
            assert "error" not in answer, case
            got = {"": answer["value"]} | {name: state["grad"] for name, state in answer["variables"].items()}
            expected = {"": check["value"], **check["grads"]}
            for name, number in expected.items():
                assert math.isclose(got[name], float(number), rel_tol=1e-9, abs_tol=1e-9), (case["name"], name)
            assert all(answer["derivative"].values()), case["name"]


def test_a_value_for_every_line(told: Batch) -> None:
    """`--at` stands for what a line says nothing of; one without a name for the one variable of a line."""
    assert told.raw(b"w*x")["value"] == 4.5
    assert told.raw(b"t^2")["value"] == 2.25
    assert told.ask("w*x", at={"w": 5})["value"] == 7.5


def test_a_chart_for_each_line(batch: Batch) -> None:
    """Around the point, along the first variable; none for a constant, nor for what has no answer."""
    chart = batch.ask("1/(1 + 25x^2)", at={"x": 0.2})["chart"]
    assert (chart["variable"], chart["window"]) == ("x", [-10, 10])
    assert chart["y"][0] < 1 / 2501 < 1 < chart["y"][1]
    assert batch.ask("w*x", at={"w": 50.0, "x": 2.0})["chart"] == batch.ask("w*2", at={"w": 50.0})["chart"]
    assert batch.ask("w*2", at={"w": 50.0})["chart"]["window"] == [40, 60]
    assert batch.ask("7")["chart"] is None
    assert "chart" not in batch.ask("x +")
    assert "chart" not in batch.ask("sum(x)", at={"x": []})


def test_the_window_of_all_charts(told: Batch) -> None:
    answers = [told.ask(text) for text in ("x^2", "exp(-y)", "3")]
    assert [one["chart"] and one["chart"]["window"] for one in answers] == [[-1, 2], [-1, 2], None]


def test_a_lowered_index_in_at(told: Batch) -> None:
    answer = told.ask("w₁x₁ + bᵢ", at={"w₁": 2, "x_1": 3, "bᵢ": "30°"})
    assert [answer["variables"][name]["grad"] for name in ("w_1", "x_1", "b_i")] == [3, 2, 1]


def test_a_line_has_a_window_of_its_own(batch: Batch, told: Batch) -> None:
    for window, ends in [([-30, 30.5], [-30, 30.5]), ("0:1e-3", [0, 1e-3]), (["-pi", 1], [-math.pi, 1])]:
        assert told.ask("x^2", window=window)["chart"]["window"] == ends
    for wrong in ([1, 1], [2, 1], [1], "1", ["x", 3], [1, 2, 3]):
        error = batch.ask("x^2", window=wrong)["error"]
        assert (error["kind"], error["message"].startswith("window: ")) == ("syntax", True)
