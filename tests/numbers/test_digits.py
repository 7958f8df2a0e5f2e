"""A tick means right digits: every mark against mpmath, which knows neither torch nor our calculus, at the very floats."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.graph.agreement import check, value_check
from gradtui.snapshot.model import Dtype, Request, Snapshot

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "digits.json").read_text())

RIGHT = {"float32": 1e-5, "float64": 1e-14}
"""Relative error of a number of which the last two digits may be wrong."""
HELD = {"float32": 7, "float64": 16}
RESOLUTION = 2.0**-52
"""Of the truth, which reaches the screen as a float."""

mp = mpmath.MPContext()
mp.dps = 120
tanh, exp, log, sqrt, sin, cos, tan, atan = mp.tanh, mp.exp, mp.log, mp.sqrt, mp.sin, mp.cos, mp.tan, mp.atan

Function = Callable[..., Any]
At = dict[str, float | tuple[float, ...]]

ONE: list[tuple[str, Function, tuple[float, ...]]] = [
    ("cosh(x) - 1", lambda x: mp.cosh(x) - 1, (1e-4, 0.7)),
    ("sinh(x) - x", lambda x: mp.sinh(x) - x, (1e-2, 2.0)),
    ("(x - sin(x))/(x - tan(x))", lambda x: (x - sin(x)) / (x - tan(x)), (0.05, 1.0)),
    ("1 - tanh(x)^2", lambda x: 1 - tanh(x) ** 2, (4.0, 0.3)),
    ("1 - sigmoid(x)", lambda x: 1 - 1 / (1 + exp(-x)), (12.0, 0.2)),
    ("log(1 - x) + x", lambda x: log(1 - x) + x, (1e-3, 0.5)),
    ("sqrt(1 + x) - sqrt(1 - x)", lambda x: sqrt(1 + x) - sqrt(1 - x), (1e-5, 0.6)),
    ("(sqrt(1 + x) - 1)/x", lambda x: (sqrt(1 + x) - 1) / x, (1e-4, 2.0)),
    ("(exp(2x) - 1)/(exp(x) - 1)", lambda x: (exp(2 * x) - 1) / (exp(x) - 1), (1e-3, 1.0)),
    ("atan(x + 1) - atan(x)", lambda x: atan(x + 1) - atan(x), (3000.0, 0.4)),
    ("(x + 1)^3 - x^3 - 3x^2 - 3x", lambda x: (x + 1) ** 3 - x**3 - 3 * x**2 - 3 * x, (700.0, 0.5)),
    ("(x - 1)^5", lambda x: (x - 1) ** 5, (1.001, 3.0)),
    ("x^4 - 4x^3 + 6x^2 - 4x + 1", lambda x: (x - 1) ** 4, (1.01, 3.0)),
    ("sin(x^2)", lambda x: sin(x**2), (1000.5, 1.1)),
    ("cos(100000x)", lambda x: cos(100000 * x), (12.3, 1e-5)),
    ("exp(x^2)*exp(-x^2 + x)", lambda x: exp(x), (5.0, 0.5)),
    ("log(exp(x) + 1) - x", lambda x: log(1 + exp(-x)), (9.0, 0.1)),
    ("erfc(x) - 1 + 1.1x", lambda x: mp.erfc(x) - 1 + mp.mpf("1.1") * x, (1e-3, 1.5)),
    ("(1 + 1/x)^x", lambda x: (1 + 1 / x) ** x, (5000.0, 2.0)),
    ("x*log(1 + 1/x)", lambda x: x * log(1 + 1 / x), (20000.0, 1.5)),
    ("acos(1 - x)/sqrt(x)", lambda x: mp.acos(1 - x) / sqrt(x), (1e-5, 0.5)),
    ("asin(x)", mp.asin, (0.9999, 0.1)),
    ("asin(sin(x))", lambda x: mp.asin(sin(x)), (1.569, 0.2)),
    ("acos(x^2)", lambda x: mp.acos(x**2), (0.99999, 0.3)),
    ("acosh(x)", mp.acosh, (1.00001, 3.0)),
    ("atanh(x)", mp.atanh, (0.99999, 0.1)),
    ("1e8 + x - 1e8", lambda x: x, (0.3, 7.0)),
    ("sqrt(x^2 + 1)", lambda x: sqrt(x**2 + 1), (1e4, 0.1)),
    ("tanh(3x)*exp(-x)", lambda x: tanh(3 * x) * exp(-x), (0.4, 1.9)),
    ("x/(1 + x^4)", lambda x: x / (1 + x**4), (0.3, 4.0)),
    ("gelu(x)", lambda x: x * mp.ncdf(x), (0.5, 2.2)),
]
"""Of one variable: a place where digits go, and one where they mostly do not, both in float32 and float64."""

SEVERAL: list[tuple[str, Function, At]] = [
    ("sqrt(x^2 + y^2) - x", lambda x, y: sqrt(x**2 + y**2) - x, {"x": 1000.0, "y": 0.5}),
    ("sqrt(x^2 + y^2) - x", lambda x, y: sqrt(x**2 + y**2) - x, {"x": 1.0, "y": 2.0}),
    ("(x^2 - y^2)/(x - y)", lambda x, y: x + y, {"x": 3.0001, "y": 3.0}),
    ("log(x) - log(y) - (x - y)/y", lambda x, y: log(x / y) - (x - y) / y, {"x": 1.001, "y": 1.0}),
    ("(w*x + b - y)^2", lambda w, x, b, y: (w * x + b - y) ** 2, {"w": 0.3, "x": 2.0, "b": 0.4, "y": 1.00001}),
    ("(w*x + b - y)^2", lambda w, x, b, y: (w * x + b - y) ** 2, {"w": 0.3, "x": 2.0, "b": 0.4, "y": 5.0}),
    ("exp(x*y) - exp(x)", lambda x, y: exp(x * y) - exp(x), {"x": 2.0, "y": 1.00001}),
    ("sin(x)*cos(y)", lambda x, y: sin(x) * cos(y), {"x": 0.3, "y": 1.2}),
]

VECTORS: list[tuple[str, Function, At]] = [
    ("sum(x^2) - 3*mean(x)^2", lambda *x: sum(i**2 for i in x) - sum(x) ** 2 / 3, {"x": (100.0, 100.01, 99.99)}),
    ("sum(x^2) - 3*mean(x)^2", lambda *x: sum(i**2 for i in x) - sum(x) ** 2 / 3, {"x": (1.0, -2.0, 4.0)}),
    ("(1 - cos(x))/x", lambda *x: sum((1 - cos(i)) / i for i in x), {"x": (0.001, 1.0, 2.0)}),
    ("exp(x)/sum(exp(x))*x", lambda *x: sum(exp(i) * i for i in x) / sum(map(exp, x)), {"x": (0.1, 0.7, 1.9)}),
    ("norm(x)", lambda *x: sqrt(sum(i**2 for i in x)), {"x": (3.0, 0.001, 4.0)}),
]


def held(number: float, dtype: str) -> float:
    """The float that torch makes of it."""
    return number if dtype == "float64" else float(struct.unpack("f", struct.pack("f", number))[0])


def whole(text: str, at: At, dtype: Dtype) -> Snapshot:
    request = Request(1, text, at, dtype)
    return replace(evaluate(request), derivative=derivatives(request), truth=truth(request))


def error(number: float, exact: Any) -> float:
    return float(abs(number - exact) / abs(exact)) if exact else float(number != 0)


def judge(snapshot: Snapshot, name: str, slopes: list[Any]) -> None:
    """Both directions: a tick where all elements are right, and only there; else the digits, and who lost them."""
    told = check(snapshot, name)
    got = snapshot.variables[name].grad.numbers
    worst = max(error(number, exact) for number, exact in zip(got, slopes, strict=True))
    assert told.autograd is (True if worst <= RIGHT[snapshot.dtype] else None), (told, worst)
    assert told.calculus is True
    assert told.differences is not False
    assert told.digits is not None
    assert told.digits == 0 or 10.0**-told.digits > worst - RESOLUTION
    assert told.digits >= HELD[snapshot.dtype] - 1 or 10.0 ** -(told.digits + 1) < worst + RESOLUTION
    if told.autograd is None:
        assert any(one.kind == "lost_digits" and one.node is not None for one in findings(snapshot))


def judge_value(snapshot: Snapshot, exact: list[Any]) -> None:
    assert snapshot.value is not None
    worst = max(error(number, one) for number, one in zip(snapshot.value.numbers, exact, strict=True))
    assert value_check(snapshot).right is (True if worst <= RIGHT[snapshot.dtype] else None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['expression']} {case['dtype']} {case['at']}")
def test_cases(case: dict[str, Any]) -> None:
    snapshot = whole(case["expression"], {"x": case["at"]}, case["dtype"])
    judge(snapshot, "x", [mp.mpf(case["grad"])])
    judge_value(snapshot, [mp.mpf(case["value"])])


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("text", "f", "places"), ONE, ids=[text for text, _, _ in ONE])
def test_of_one_variable(text: str, f: Function, places: tuple[float, ...], dtype: Dtype) -> None:
    for x in places:
        at = mp.mpf(held(x, dtype))
        snapshot = whole(text, {"x": held(x, dtype)}, dtype)
        judge(snapshot, "x", [mp.diff(f, at)])
        judge_value(snapshot, [f(at)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("text", "f", "at"), SEVERAL, ids=[f"{text} {at}" for text, _, at in SEVERAL])
def test_of_several_variables(text: str, f: Function, at: dict[str, float], dtype: Dtype) -> None:
    there = {name: held(number, dtype) for name, number in at.items()}
    snapshot = whole(text, dict(there), dtype)
    point = tuple(map(mp.mpf, there.values()))
    for place, name in enumerate(there):
        order = tuple(int(place == other) for other in range(len(point)))
        judge(snapshot, name, [mp.diff(f, point, order)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("text", "f", "at"), VECTORS, ids=[f"{text} {at}" for text, _, at in VECTORS])
def test_of_a_vector(text: str, f: Function, at: dict[str, tuple[float, ...]], dtype: Dtype) -> None:
    there = tuple(held(number, dtype) for number in at["x"])
    point = tuple(map(mp.mpf, there))
    slopes = [
        mp.diff(f, point, tuple(int(place == other) for other in range(len(point)))) for place in range(len(point))
    ]
    judge(whole(text, {"x": there}, dtype), "x", slopes)
