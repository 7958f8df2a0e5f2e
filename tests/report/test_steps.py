"""The backward pass as text: every step, the rule with its numbers, the sums as they grow, where the gradient comes from."""

from __future__ import annotations

import math

import pytest

from gradtui.engine.typed.evaluate import evaluate
from gradtui.report import json
from gradtui.report.steps import in_short, steps
from gradtui.report.text import report
from gradtui.snapshot.model import Experiment, Request, Snapshot

At = dict[str, float | tuple[float, ...]]


def snapshot(text: str, at: At, along: tuple[str, int] | None = None) -> Snapshot:
    found = evaluate(Request(1, text, at, along=along))
    assert found.problem is None
    return found


FIRST = snapshot("x^2 + 3x + 1", {"x": 4.0})

LINES = """\
step 3 of 5   MulBackward0   3x
  ready: 3x (sequence 1), x^2 (sequence 0)
  ḡ = 1
  ∂(a·b)/∂a = b = 3
  ḡ · 3 = 1 · 3 = 3
  x: – → 3

step 4 of 5   PowBackward0   x^2
  ready: x^2 (sequence 0)
  ḡ = 1
"""


def test_first_example() -> None:
    """What one writes on the board: what runs, what was ready, 1 · 3 = 3, and x: – → 3 → 11."""
    text = steps(FIRST)
    assert text.startswith("f(x) = x^2 + 3*x + 1\nx = 4\nf(x) = 29\n")
    assert LINES in text
    assert "  ḡ · 8 = 1 · 8 = 8\n  x: – → 3 → 11\n" in text
    assert "step 5 of 5   AccumulateGrad   x\n  ready: x (leaf)\n  x.grad = 11\n" in text
    assert text.endswith("\n\nf'(x) = 11 = 8 by way of x^2 + 3 by way of 3x\n")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sin(x^2)*exp(-x)", {"x": 1.2}),
        ("1/(1 + exp(-x))", {"x": -1000.0}),
        ("where(v > x, v*x, 0) + softmax(v)", {"x": 1.2, "v": (1.0, 2.0, 3.0)}),
        ("where(x > 0, sqrt(x), 0*x)", {"x": 0.0}),
        ("a = x*x; b = a*a; c = b*b; d = c*c; d*d", {"x": 1.1}),
        ("sum(v*w)/norm(v)", {"v": tuple(range(1, 60)), "w": tuple(range(59))}),
        ("[x, 2x, sin(x)]*v", {"x": 1.0, "v": (1.0, 2.0, 3.0)}),
        ("log(x)", {"x": -1.0}),
        ("7", {}),
        ("x", {"x": 3.0}),
        ("x*sin(x) + x*sin(x) + x*sin(x) + x*sin(x) + x*sin(x) + x*sin(x)", {"x": 3.0}),
    ],
)
def test_width(text: str, at: At) -> None:
    found = snapshot(text, at, along=(next(iter(at)), 0) if at else None)
    lines = [*steps(found).splitlines(), *in_short(found)]
    assert max(map(len, lines)) <= 80
    told = [line for line in steps(found).splitlines() if line.startswith("step ") and " of " in line]
    assert len(told) == sum(node.step is not None for node in found.graph.nodes)


def test_a_constant() -> None:
    assert steps(snapshot("7", {})).endswith("f depends on no variable: there is no backward pass\n")


def test_many_terms() -> None:
    assert "  x: … → 3 → 4\n" in steps(snapshot("x + x + x + x", {"x": 3.0}))


def test_the_same_text_twice_is_told_apart() -> None:
    text = steps(snapshot("1/x", {"x": 2.0}))
    assert "step 1 of 3   MulBackward0   1/x (sequence 1)" in text
    assert "  1/x (sequence 0): – → 1\n" in text


def test_the_cut_where_there_are_too_many_paths() -> None:
    """x^32 by squaring: 32 paths, each cut carries 32·x^31."""
    found = snapshot("a = x*x; b = a*a; c = b*b; d = c*c; d*d", {"x": 1.0}, along=("x", 0))
    text = steps(found)
    assert "after step 3 the cut is Σ ḡ·v̇ = 32" in text
    assert "  a*a: 8 · 4 = 32\n" in text


def test_findings() -> None:
    text = steps(snapshot("where(x > 0, sqrt(x), 0*x)", {"x": 0.0}))
    assert "the double where: write sqrt(where(x > 0, x, 1)) for sqrt(x)" in text


def test_an_experiment_is_marked() -> None:
    found = evaluate(Request(1, "x^2", {"x": 4.0}, experiments=(Experiment(0, 0, 0.5),)))
    assert "AN EXPERIMENT" in steps(found)
    assert "AN EXPERIMENT" not in steps(FIRST)


def test_in_short_in_the_report() -> None:
    """Steps counted as in the tree above them."""
    lines = report(FIRST).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("step  runs"))
    assert lines[start + 1 : start + 7] == [
        "1     x^2 + 3x + 1 → x^2 + 3x: – → 1",
        "2     x^2 + 3x → x^2: – → 1; 3x: – → 1",
        "3     3x (x^2) → x: – → 3",
        "4     x^2 → x: – → 3 → 11",
        "5     x",
        "f'(x) = 11 = 8 by way of x^2 + 3 by way of 3x",
    ]


def test_json_carries_the_record() -> None:
    got = json.answer(FIRST)
    assert [step["node"] for step in got["steps"]] == [0, 1, 2, 3, 4]
    assert [step["ready"] for step in got["steps"]] == [[0], [1], [2, 3], [3], [4]]
    assert got["steps"][3]["sums"] == [{"node": 4, "before": 3.0, "after": 11.0}]
    assert [(path["nodes"], path["product"]) for path in got["ledger"]["x"]] == [
        ((0, 1, 3, 4), 8.0),
        ((0, 1, 2, 4), 3.0),
    ]
    assert got["findings"] == []


def test_json_of_trouble() -> None:
    got = json.answer(snapshot("0*sqrt(x)", {"x": 0.0}))
    (finding,) = got["findings"]
    assert (finding["kind"], finding["phase"], finding["node"]) == ("zero_times_inf", "backward", 1)
    assert got["ledger"]["x"] == [{"nodes": (0, 1, 2), "factors": [0.0, "inf"], "product": "nan"}]
    assert json.line(got)


def test_json_without_paths() -> None:
    """Of a vector, or with too many of them, there is none to list."""
    assert json.answer(snapshot("v*v", {"v": (1.0, 2.0)}))["ledger"] == {"v": None}
    assert json.answer(snapshot("7", {"x": 1.0}))["ledger"] == {}


def test_json_cuts_all_carry_the_gradient() -> None:
    """Σ adjoint·tangent is f'(x) at every moment of the backward pass."""
    text, x = "sin(x^2)*exp(-x) + x/3", 1.2
    found = evaluate(Request(1, text, {"x": x}, dtype="float64", along=("x", 0)))
    cuts = json.answer(found)["cuts"]
    assert (cuts["variable"], cuts["element"]) == ("x", 0)
    assert len(cuts["moments"]) == len(found.graph.nodes) + 1
    true = (2 * x * math.cos(x * x) - math.sin(x * x)) * math.exp(-x) + 1 / 3
    for moment in cuts["moments"]:
        assert moment["sum"] == pytest.approx(true, rel=1e-12)
        assert moment["sum"] == pytest.approx(sum(entry["product"] for entry in moment["entries"]), rel=1e-12)
    assert json.answer(FIRST)["cuts"] is None
