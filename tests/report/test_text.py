"""The text report of fixed snapshots: what stands in it, and that it keeps to its width."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.engine.typed.evaluate import evaluate
from gradtui.report.text import report
from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.model import Edge, Graph, Node, Request, Snapshot
from tests import examples

ANSI = re.compile(r"\x1b\[[0-9;]*m")
SNAPSHOTS = (
    examples.quadratic(),
    examples.vector_quadratic(),
    examples.two_variables(),
    examples.nan_gradient(),
    examples.constant(),
)


def words(snapshot: Snapshot) -> list[list[str]]:
    return [line.split() for line in report(snapshot).splitlines()]


def test_values_and_checks() -> None:
    lines = words(examples.quadratic())
    assert ["f(x)", "=", "29"] in lines
    assert ["x", "=", "4", "f'(x)", "=", "11"] in lines
    assert ["f'(x)", "=", "2*x", "+", "3"] in lines
    assert ["autograd", "✓", "calculus", "✓", "differences", "✓"] in lines


def test_every_variable() -> None:
    snapshot = examples.two_variables()
    text = report(snapshot)
    assert len(snapshot.variables) == 2
    for name in snapshot.variables:
        assert f"∂f/∂{name} = " in text


def test_the_tree_in_reading_order_with_steps_in_engine_order() -> None:
    lines = report(examples.quadratic()).splitlines()
    rows = [line for line in lines if "Backward" in line or "AccumulateGrad" in line]
    assert [re.sub(r"[^A-Za-z0-9].*", "", row.lstrip("│├└─ ")) for row in rows] == [
        "AddBackward0",
        "AddBackward0",
        "PowBackward0",
        "AccumulateGrad",
        "MulBackward0",
    ]
    assert [row.split()[-1] for row in rows] == ["1", "2", "4", "5", "3"]
    (reference,) = (line for line in lines if "↑ x" in line)
    assert reference.endswith("3 of 11")


def test_not_known_is_not_zero() -> None:
    node = Node(0, "NegBackward0", (), "float32", "cpu", 0, None, (Edge(1),))
    leaf = Node(1, "AccumulateGrad", (), "float32", "cpu", None, None, (), variable="x")
    rows = words(replace(examples.constant(), graph=Graph((node, leaf))))
    assert ["NegBackward0", "–", "–", "–"] in rows
    assert ["AccumulateGrad", "x", "–", "–", "–"] in rows


def test_a_constant_has_no_graph_but_a_sentence() -> None:
    text = report(examples.constant())
    assert not any(line.startswith("graph") for line in text.splitlines())
    assert "note: " in text


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_width(snapshot: Snapshot) -> None:
    assert max(map(len, report(snapshot).splitlines())) <= 80


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_no_colour_unless_asked(snapshot: Snapshot) -> None:
    assert "\x1b" not in report(snapshot)


def test_colour_changes_only_colours() -> None:
    coloured = report(with_curve(), colour=True)
    assert "\x1b[36m" in coloured
    assert [line.rstrip() for line in ANSI.sub("", coloured).splitlines()] == report(with_curve()).splitlines()


def test_chart() -> None:
    text = report(with_curve())
    assert "●" in text, "the point"
    assert "·····" in text, "f' in dots"
    assert "-10" in text


def test_an_expression_on_several_lines() -> None:
    text = report(replace(examples.quadratic(), expression="x^2\n\t+ 3x + 1"))
    assert text.splitlines()[0] == "f(x) = x^2 + 3x + 1"


def test_its_own_name_is_kept() -> None:
    text = report(replace(examples.quadratic(), expression="g(x) = x^2 + 3x + 1"))
    assert text.splitlines()[0] == "g(x) = x^2 + 3x + 1"


def with_curve() -> Snapshot:
    curve: Curve = examples.curve("x", lambda x: x * x + 3 * x + 1, lambda x: 2 * x + 3, -10, 10)
    return replace(examples.quadratic(), curve=curve)


def test_digits_that_rounding_took() -> None:
    """Of f and of its gradient; there is no tangent by a slope without a digit."""
    request = Request(1, "(e^x - 1)/x", {"x": 1e-5}, curve=CurveRequest("x", (-1.0, 1.0)))
    snapshot = replace(evaluate(request), derivative=derivatives(request), truth=truth(request))
    text = report(snapshot)
    assert "≈ 2 digits: torch" in text
    assert "float32 cannot tell it from 0" in text
    assert "e^x - 1: " in text
    right = replace(request, at={"x": 0.5})
    drawn = report(replace(evaluate(right), derivative=derivatives(right), truth=truth(right)))
    assert "digit" not in drawn
    assert chart_of(drawn) != chart_of(text)


def chart_of(text: str) -> int:
    """Points on the curve of f'."""
    return text.count("○")
