"""What torch takes at corners, jumps and ties: each sentence against torch itself and against one-sided slopes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from gradtui.engine.typed import forward, torch_at_kinks
from gradtui.engine.typed.differences import differences
from gradtui.engine.typed.nonsmooth import BORDER, CORNER, JUMP, TIE, UNDEFINED, VERTICAL, ZERO_TO_ZERO
from gradtui.expression import parse
from tests.torch_version import VERSION

GOTCHAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "cases" / "gotchas.json").read_text())

Number = float | tuple[float, ...]

SMOOTH = {
    "0*sqrt(x)": VERTICAL,
    "where(x > 0, sqrt(x), 0*x)": VERTICAL,
    "where(x > 0, x*log(x), 0*x)": BORDER,
    "sqrt(x)": VERTICAL,
    "x**0.5": VERTICAL,
    "x**(1/3)": VERTICAL,
    "asin(x)": VERTICAL,
    "acos(x)": VERTICAL,
    "x**x": ZERO_TO_ZERO,
    "atan2(x, x)": UNDEFINED,
    "max(x, -x)": TIE,
}
"""Sentences of the gotchas that speak of something else than corners and jumps."""


def told(text: str, dtype: torch.dtype = torch.float32, **at: Number) -> list[str]:
    expression = parse(text, at)
    leaves = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in at.items()}
    notes = torch_at_kinks.notes(expression, forward.run(expression, leaves).values)
    assert all(note.kind == "kink" for note in notes)
    return [note.text for note in notes]


def slope(function: Callable[[torch.Tensor], torch.Tensor], x: float) -> float:
    leaf = torch.tensor(x, requires_grad=True)
    (grad,) = torch.autograd.grad(function(leaf), leaf)
    return float(grad)


KINKS: list[tuple[str, float, str, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("abs(x)", 0.0, CORNER, torch.abs),
    ("relu(x)", 0.0, CORNER, functional.relu),
    ("relu6(x)", 0.0, CORNER, functional.relu6),
    ("relu6(x)", 6.0, CORNER, functional.relu6),
    ("leaky_relu(x)", 0.0, CORNER, functional.leaky_relu),
    ("leaky_relu(x, 0.2)", 0.0, CORNER, lambda x: functional.leaky_relu(x, 0.2)),
    ("elu(x, 2)", 0.0, CORNER, lambda x: functional.elu(x, 2.0)),
    ("selu(x)", 0.0, CORNER, functional.selu),
    ("hardtanh(x)", -1.0, CORNER, functional.hardtanh),
    ("hardtanh(x)", 1.0, CORNER, functional.hardtanh),
    ("hardtanh(x, -2, 3)", 3.0, CORNER, lambda x: functional.hardtanh(x, -2.0, 3.0)),
    ("hardsigmoid(x)", -3.0, CORNER, functional.hardsigmoid),
    ("hardsigmoid(x)", 3.0, CORNER, functional.hardsigmoid),
    ("hardswish(x)", -3.0, CORNER, functional.hardswish),
    ("hardswish(x)", 3.0, CORNER, functional.hardswish),
    ("softshrink(x)", 0.5, CORNER, functional.softshrink),
    ("softshrink(x)", -0.5, CORNER, functional.softshrink),
    ("hardshrink(x)", 0.5, JUMP, functional.hardshrink),
    ("hardshrink(x)", -0.5, JUMP, functional.hardshrink),
    ("threshold(x, 1, 5)", 1.0, JUMP, lambda x: functional.threshold(x, 1.0, 5.0)),
    ("threshold(x, 1, 1)", 1.0, CORNER, lambda x: functional.threshold(x, 1.0, 1.0)),
    ("clamp(x, 0, 1)", 0.0, CORNER, lambda x: torch.clamp(x, 0, 1)),
    ("clamp(x, 0, 1)", 1.0, CORNER, lambda x: torch.clamp(x, 0, 1)),
    ("clamp(x, 0.1, 1)", 0.1, CORNER, lambda x: torch.clamp(x, 0.1, 1)),
    ("logit(x, 0.1)", 0.1, CORNER, lambda x: torch.logit(x, 0.1)),
    ("i0e(x)", 0.0, CORNER, torch.special.i0e),
    ("sign(x)", 0.0, JUMP, torch.sign),
    ("floor(x)", 2.0, JUMP, torch.floor),
    ("ceil(x)", -1.0, JUMP, torch.ceil),
    ("round(x)", 0.5, JUMP, torch.round),
    ("round(x)", -1.5, JUMP, torch.round),
    ("trunc(x)", 2.0, JUMP, torch.trunc),
    ("frac(x)", 2.0, JUMP, torch.frac),
    ("fmod(x, 2)", 4.0, JUMP, lambda x: torch.fmod(x, 2)),
    ("remainder(x, 2)", 4.0, JUMP, lambda x: torch.remainder(x, 2)),
    ("copysign(2, x)", 0.0, JUMP, lambda x: torch.copysign(torch.tensor(2.0), x)),
    ("copysign(x, -1)", 0.0, CORNER, lambda x: torch.copysign(x, torch.tensor(-1.0))),
    ("hypot(x, 0)", 0.0, CORNER, lambda x: torch.hypot(x, torch.tensor(0.0))),
    ("atan2(x, -1)", 0.0, JUMP, lambda x: torch.atan2(x, torch.tensor(-1.0))),
    ("norm(x)", 0.0, CORNER, torch.norm),
    ("sqrt(x)", 0.0, VERTICAL, torch.sqrt),
    ("x^0.5", 0.0, VERTICAL, lambda x: x**0.5),
    ("x^(1/3)", 0.0, VERTICAL, lambda x: x ** (1 / 3)),
    ("asin(x)", 1.0, VERTICAL, torch.asin),
    ("asin(x)", -1.0, VERTICAL, torch.asin),
    ("acos(x)", -1.0, VERTICAL, torch.acos),
    ("acosh(x)", 1.0, VERTICAL, torch.acosh),
    ("entr(x)", 0.0, VERTICAL, torch.special.entr),
]


@pytest.mark.parametrize(("text", "x", "what", "function"), KINKS, ids=[f"{text} at {x}" for text, x, _, _ in KINKS])
def test_kinks(text: str, x: float, what: str, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """One sentence, with torch's own answer; and the slopes at the two sides are as it says."""
    (sentence,) = told(text, x=x)
    quote, answer = sentence.split(": torch takes ")
    assert quote == f"{text} {what}"
    assert float(answer) == pytest.approx(slope(function, x), rel=1e-6, nan_ok=True)
    sides = differences(parse(text), {"x": x}, "x")
    left, right = sides.left[0], sides.right[0]
    assert left is None or right is None or left != pytest.approx(right, abs=1e-3) or math.isinf(left)
    infinite = [side for side in (left, right) if side is not None and math.isinf(side)]
    assert bool(infinite) == (what in (JUMP, VERTICAL))


@pytest.mark.parametrize(("text", "x", "what", "function"), KINKS, ids=[f"{text} at {x}" for text, x, _, _ in KINKS])
def test_beside_a_kink_nothing_is_said(
    text: str, x: float, what: str, function: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    assert told(text, x=x + 0.01) == []


@pytest.mark.parametrize("case", GOTCHAS, ids=lambda case: f"{case['expression']} at {case['at']['x']}")
def test_gotchas(case: dict[str, Any]) -> None:
    """A corner, tie, edge, jump, border or vertical tangent gets its sentence; a smooth place or a pole gets none."""
    sentences = told(case["expression"], **case["at"])
    words = ("corner", "tie", "edge", "jump", "tangent", "branch", "own answer", "0 times inf", "origin")
    assert bool(sentences) == any(word in case["why"] for word in words)
    if case["expression"] in SMOOTH:
        assert SMOOTH[case["expression"]] in sentences[0]


def test_ties() -> None:
    assert told("max(x, y)", x=2.0, y=2.0) == ["max(x, y) is at a tie: torch takes 0.5 and 0.5"]
    assert told("min(x, 2)", x=2.0) == ["min(x, 2) is at a tie: torch takes 0.5"]
    third = "amax(x) is at a tie: torch shares the derivative, 0.3333333 to each"
    assert told("amax(x)", x=(1.0, 1.0, 1.0, 0.0)) == [third]
    assert told("min(x)", x=(1.0, 1.0, 3.0)) == ["min(x) is at a tie: torch shares the derivative, 0.5 to each"]
    assert told("amax(x)", x=(1.0, 2.0)) == []


def test_both_arguments() -> None:
    assert told("hypot(x, y)", x=0.0, y=0.0)[0].endswith("torch takes nan and nan")
    taken = "0 and 0" if VERSION > (2, 6) else "nan and nan"
    assert told("atan2(y, x)", x=0.0, y=0.0) == [f"atan2(y, x) has no limit here: torch takes {taken}"]
    assert told("x^y", x=0.0, y=0.0) == ["x^y is 0^0 here: torch takes 0 and 0"]


def test_border_of_a_condition() -> None:
    follows = "where(x > 1, x^2, -x) is at the border of its condition: torch follows the branch that holds there"
    assert told("where(x > 1, x^2, -x)", x=1.0) == [follows]
    assert told("where(x > 1, x^2, -x)", x=1.5) == []
    assert told("where(1 > 1, x^2, -x)", x=1.0) == []


def test_elements_are_named() -> None:
    sentence = "abs(x) has a corner here (elements 0, 2): torch takes 0"
    assert told("abs(x)", x=(0.0, 1.0, 0.0)) == [sentence]
    assert "(element 1)" in told("floor(x)", x=(0.5, 3.0))[0]
    assert told("norm(x)", x=(0.0, 0.0)) == ["norm(x) has a corner here: torch takes 0"]
    assert told("std(x)", x=(2.0, 2.0)) == ["std(x) has a corner here: torch takes 0"]


def test_each_piece_has_its_own() -> None:
    assert [sentence.split(" ")[0] for sentence in told("abs(x) + relu(2*x) + abs(x - 1)", x=0.0)] == [
        "abs(x)",
        "relu(2*x)",
    ]


def test_constants_have_no_kinks() -> None:
    assert told("abs(0)*x + floor(2) + sum(abs([0, 1]))", x=1.0) == []


def test_the_graph_is_left_alone() -> None:
    expression = parse("abs(x)")
    leaf = torch.tensor(0.0, requires_grad=True)
    done = forward.run(expression, {"x": leaf})
    torch_at_kinks.notes(expression, done.values)
    assert leaf.grad is None
    assert isinstance(done.output, torch.Tensor)
    done.output.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None


@pytest.mark.parametrize("text", ["fmod(x, 0)", "remainder(x, 0)", "fmod(x, 0*x)", "fmod(v, 0)"])
def test_no_remainder_of_a_division_by_0(text: str) -> None:
    """It is nan, and no error of Python's."""
    assert told(text, x=1.0, v=(1.0, 2.0)) == []
