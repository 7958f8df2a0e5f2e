"""What a chart must hold, for functions of many kinds: values computed with mpmath on 40,001 places, the best refined."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.chart.drawing import draw
from gradtui.chart.window import y_window
from gradtui.engine.typed.evaluate import evaluate
from gradtui.report.json import answer
from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.model import Request, Snapshot

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "charts.json").read_text())
NAMES = [f"{case['expression']} at {case['at']}" for case in CASES]


def snapshot(case: dict[str, Any], dtype: str, points: int = 400) -> Snapshot:
    low, high = case["window"]
    asked = Request(1, case["expression"], {"x": case["at"]}, curve=CurveRequest("x", (low, high), points))
    told = evaluate(replace(asked, dtype=dtype))
    assert told.problem is None
    return told


@pytest.mark.long
@pytest.mark.parametrize(("dtype", "points"), [("float32", 400), ("float64", 1000)])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_is_inside(case: dict[str, Any], dtype: str, points: int) -> None:
    """All of a bounded f; the point always. What JSON tells is what is drawn."""
    told = snapshot(case, dtype, points)
    chart = answer(told)["chart"]
    assert (chart["variable"], chart["window"]) == ("x", case["window"])
    low, high = chart["y"]
    assert low < high
    assert case["y_at"] is None or low <= case["y_at"] <= high
    assert not case["bounded"] or low <= case["low"] <= case["high"] <= high
    assert told.curve is not None
    assert told.value is not None
    (y,) = told.value.numbers
    picture = draw(told.curve, 40, 8, point=(case["at"], y))
    assert picture is not None
    assert list(picture.frame.y_window) == chart["y"]
    if case["bounded"]:
        read_beside_its_derivative(case, low, high)
    else:
        poles_are_trimmed(case, told.curve, low, high)


def poles_are_trimmed(case: dict[str, Any], curve: Curve, low: float, high: float) -> None:
    """The window is not much higher than f is for most x, and at the point."""
    sizes = [abs(y) for y in curve.f if math.isfinite(y)]
    usual = statistics.quantiles(sizes, n=10)[-1] if sizes else 1.0
    assert high - low < 20 * max(usual, abs(case["y_at"] or 0.0))


def read_beside_its_derivative(case: dict[str, Any], low: float, high: float) -> None:
    """A bounded f takes a third of the height, and does not take more than that from a derivative that is as large."""
    if case["high"] - case["low"] > 1e-6 * max(abs(case["low"]), abs(case["high"])):
        assert high - low < 3 * (case["high"] - case["low"])


BESIDE_A_POLE = {
    "1/tanh(3*x)": (-2.0, 2.0),
    "1/erf(x)": (-5.0, 5.0),
    "1/(exp(3*x) - 1)": (-4.0, 0.6),
    "1/sinh(3*x)": (-0.6, 0.6),
    "exp(-x^2)/(x - 0.3)": (-0.4, 1.0),
    "exp(3*x)/(x - 1)": (2.0, 9.0),
    "log(tanh(x))": (0.6, 3.0),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("expression", BESIDE_A_POLE)
def test_an_f_that_comes_to_rest_is_shown_beside_its_pole(expression: str, dtype: str) -> None:
    """Not only where it is quiet, which is at 1e-25."""
    told = snapshot({"expression": expression, "at": 5.0, "window": [-10.0, 10.0]}, dtype)
    assert told.curve is not None
    low, high = y_window(told.curve)
    for x in BESIDE_A_POLE[expression]:
        (y,) = snapshot({"expression": expression, "at": x, "window": [-10.0, 10.0]}, dtype).value.numbers  # type: ignore[union-attr]
        assert low <= y <= high, x
