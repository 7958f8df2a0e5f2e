"""Where a part of an answer fails the rest is told, with what is missing; what is ours is not laid to the person's code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import pytest
import torch

import gradtui
from gradtui.engine.autograd import backward
from gradtui.engine.training.evaluate import evaluate
from gradtui.engine.typed import curve, differences, inaccuracies, torch_at_kinks
from gradtui.engine.user import evaluate as user
from gradtui.engine.user import small_graph
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests.failing import failing

ASKED = Request(1, "sin(x) * y^2", {"x": 1.0, "y": 2.0}, curve=CurveRequest("x", (0.0, 2.0), 20))


def faults(snapshot: Snapshot) -> list[bool]:
    return ["RuntimeError" in note.text for note in snapshot.notes if note.kind == "fault"]


@pytest.mark.parametrize(
    "place",
    [curve.curve, curve.Drawing.__init__, differences.differences_of, torch_at_kinks.notes, inaccuracies.notes],
)
def test_the_rest_of_a_typed_f_is_told(place: Callable[..., Any]) -> None:
    plain = evaluate(ASKED)
    with failing(cast(FunctionType, place)):
        told = evaluate(ASKED)
    assert (told.problem, told.value, told.variables, told.graph) == (None, plain.value, plain.variables, plain.graph)
    assert (told.curve is None) == (place in (curve.curve, curve.Drawing.__init__))
    assert bool(told.differences) == (place is not differences.differences_of)
    assert faults(told) == [True]


CODE = """
def loss(x: float = 2.0):
    return x ** 2
"""


@pytest.fixture
def asked(tmp_path: Path) -> Request:
    path = tmp_path / "own.py"
    path.write_text(CODE)
    return Request(1, f"{path}:loss", {}, curve=CurveRequest("x", (0.0, 2.0), 20), origin="function")


def test_the_rest_of_a_function_is_told(asked: Request) -> None:
    plain = user.evaluate(asked)
    with failing(cast(FunctionType, user.Evaluation._elsewhere)):
        told = user.evaluate(asked)
    assert (told.problem, told.value, told.variables) == (None, plain.value, plain.variables)
    assert not told.differences
    assert faults(told) == [True]


@pytest.mark.parametrize("place", [user.Evaluation._completed, small_graph.detailed, backward.drive])
def test_what_is_ours_is_not_laid_to_the_function(place: Callable[..., Any], asked: Request) -> None:
    with failing(cast(FunctionType, place)):
        told = user.evaluate(asked)
    assert told.problem is not None
    assert "within gradtui" in told.problem.message
    assert told.problem.source is None


def test_nor_to_backward() -> None:
    x = torch.ones(1, requires_grad=True)
    with failing(cast(FunctionType, backward.drive)):
        told = gradtui.capture(x * 2)
    assert told.problem is not None
    assert "within gradtui" in told.problem.message
    assert x.grad is None
