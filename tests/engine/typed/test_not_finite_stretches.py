"""Stretches of functions of which one knows where they are in trouble."""

from __future__ import annotations

import math
import time

import pytest
import torch

from gradtui.engine.typed import curve as module
from gradtui.engine.typed import forward, not_finite_stretches
from gradtui.engine.typed.curve import curve
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression.parser import parse
from gradtui.snapshot.curve import CurveRequest, Trouble
from gradtui.snapshot.model import Request
from tests.engine import oracle

Stretch = tuple[float, float, str]
Window = tuple[float, float]

HERE = (-10.0, 10.0)


def found(
    text: str, window: Window = HERE, dtype: torch.dtype = torch.float32, points: int = 400, **at: list[float]
) -> tuple[Trouble, ...]:
    leaves = oracle.leaves({"x": 4.0, **at}, dtype)
    request = CurveRequest("x", window, points)
    return curve(request, forward.run(parse(text, tuple(at)), leaves), leaves, closely=True).trouble


def close(told: tuple[Trouble, ...], expected: list[Stretch], window: Window = HERE) -> bool:
    """Places to 1e-7 of the window, which is a bisection of twenty rounds."""
    slack = 1e-7 * (window[1] - window[0])
    return [one.kind for one in told] == [kind for _, _, kind in expected] and all(
        abs(one.low - low) <= slack and abs(one.high - high) <= slack
        for one, (low, high, _) in zip(told, expected, strict=True)
    )


PI = math.pi
KNOWN: list[tuple[str, Window, list[Stretch]]] = [
    ("log(x)", HERE, [(-10, 0, "value")]),
    ("log(-x)", HERE, [(0, 10, "value")]),
    ("log(x - 1.23456)", HERE, [(-10, 1.23456, "value")]),
    ("sqrt(x)", HERE, [(-10, 0, "value")]),
    ("sqrt(3.3 - x)", HERE, [(3.3, 10, "value")]),
    ("x^x", HERE, [(-10, 0, "value")]),
    ("x^(1/3)", HERE, [(-10, 0, "value")]),
    ("where(x > 0, sqrt(x), 0*x)", HERE, [(-10, 0, "gradient")]),
    ("asin(x)", (-2, 2), [(-2, -1, "value"), (1, 2, "value")]),
    ("acosh(x)", (-3, 3), [(-3, 1, "value")]),
    ("log(sin(x))", (0.1, 10), [(PI, 2 * PI, "value"), (3 * PI, 10, "value")]),
    ("sqrt(x^2 - 2)", HERE, [(-math.sqrt(2), math.sqrt(2), "value")]),
    ("nan*x", HERE, [(-10, 10, "value")]),
    ("1/x", HERE, [(0, 0, "value")]),
    ("sin(x)/x", HERE, [(0, 0, "value")]),
    ("x/|x|", HERE, [(0, 0, "value")]),
    ("x*log(x^2)", HERE, [(0, 0, "value")]),
    ("1/(x - 0.1234567)", HERE, [(0.1234567, 0.1234567, "value")]),
    ("1/(x - 0.1234567)^2", HERE, [(0.1234567, 0.1234567, "value")]),
    ("log(|x - 0.1234567|)", HERE, [(0.1234567, 0.1234567, "value")]),
    ("sqrt(|x - 0.1234567|)", HERE, [(0.1234567, 0.1234567, "gradient")]),
    ("max(x, 0)^0.5", HERE, [(0, 0, "gradient")]),
    ("tan(x)", HERE, [(k * PI / 2, k * PI / 2, "value") for k in (-5, -3, -1, 1, 3, 5)]),
    ("1/(x^2 - 2)", HERE, [(-math.sqrt(2), -math.sqrt(2), "value"), (math.sqrt(2), math.sqrt(2), "value")]),
    ("lgamma(x)", (-3.5, 2), [(-k, -k, "value") for k in (3, 2, 1, 0)]),
]


@pytest.mark.long
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("points", [400, 401, 1000])
@pytest.mark.parametrize(("text", "window", "expected"), KNOWN, ids=[text for text, _, _ in KNOWN])
def test_known(text: str, window: Window, expected: list[Stretch], points: int, dtype: torch.dtype) -> None:
    told = found(text, window, dtype, points)
    assert close(told, expected, window), told


def test_overflow_depends_on_the_dtype() -> None:
    """exp overflows at log of the largest float: 88.72 in float32, 709.78 in float64."""
    largest = math.log(torch.finfo(torch.float32).max)
    assert close(found("exp(x)", (0.0, 100.0)), [(largest, 100.0, "value")], (0.0, 100.0))
    assert found("exp(x)", (0.0, 100.0), torch.float64) == ()
    largest = math.log(torch.finfo(torch.float64).max)
    assert close(found("exp(x)", (0.0, 1000.0), torch.float64), [(largest, 1000.0, "value")], (0.0, 1000.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "text",
    [
        "x^2 + 3x + 1",
        "|x|",
        "relu(x)",
        "floor(x)",
        "sin(50x)",
        "exp(-x^2)",
        "exp(-100x^2)",
        "sin(x)*exp(-x^2)",
        "tanh(100x)",
        "x^9",
        "1/(1 + x^2)",
        "1/(0.01 + x^2)",
        "sigmoid(30(x - 0.123))",
        "7",
        "x - x",
        "exp(x)",
        "sqrt(0.0001 + x^2)",
        "atan2(x, 1)",
    ],
)
def test_no_trouble(text: str, dtype: torch.dtype) -> None:
    assert found(text, HERE, dtype) == ()


def test_many_stretches_are_bounded() -> None:
    """log(sin(50x)) is undefined on 159 stretches between -10 and 10."""
    told = found("log(sin(50x))", points=1000)
    assert len(told) == not_finite_stretches.MOST
    assert list(told) == sorted(told, key=lambda one: one.low)
    assert all(one.high > one.low for one in told)


def test_along_one_element_and_over_vectors() -> None:
    told = found("log(x)*v", v=[1.0, 2.0])
    assert close(told, [(-10, 0, "value")])
    leaves = oracle.leaves({"v": [1.0, 2.0]}, torch.float32)
    request = CurveRequest("v", HERE, element=1)
    drawn = curve(request, forward.run(parse("log(v)", ("v",)), leaves), leaves, closely=True)
    assert close(drawn.trouble, [(-10, 0, "value")])


def test_point_by_point() -> None:
    """The same, for fewer looks: the other element is 2."""
    leaves = oracle.leaves({"v": [4.0, 2.0]}, torch.float64)
    done = forward.run(parse("log(sum(v))", ("v",)), leaves)
    told = curve(CurveRequest("v", HERE, 101), done, leaves, closely=True)
    assert close(told.trouble, [(-10, -2, "value")])


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "place", "unbounded"),
    [
        ("1/x", 0, True),
        ("1/(x - 0.1234567)", 0.1234567, True),
        ("(x + 1.7)^-2", -1.7, True),
        ("log(x)", 0, True),
        ("log(|x - 1.2345|)", 1.2345, True),
        ("1/sqrt(x)", 0, True),
        ("where(x > 1, 1/(x - 1), 0)", 1, True),
        ("exp(1/x)", 0, True),
        ("tan(x)/1000", math.pi / 2, True),
        ("sin(x)/x", 0, False),
        ("x/|x|", 0, False),
        ("x*log(x)", 0, False),
        ("sqrt(x)", 0, False),
        ("asin(x)", 1, False),
        ("sin(1/x)", 0, False),
        ("atan(1/x)", 0, False),
        ("sqrt(|x - 0.1234567|)", 0.1234567, False),
        ("(1 - cos(x))/x^2", 0, False),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_whether_f_has_an_end_there(text: str, place: float, unbounded: bool, dtype: torch.dtype) -> None:
    there = [one for one in found(text, dtype=dtype) if min(abs(one.low - place), abs(one.high - place)) < 1e-5]
    assert [one.unbounded for one in there] == [unbounded]


def test_a_narrow_peak_has_an_end() -> None:
    """As high as a pole is between two samples, and yet no pole."""
    for text in ("1/(0.000001 + (x - 0.1234567)^2)", "exp(-100000(x - 0.0123)^2)", "1/(1 + 1000000(x - 0.3)^2)"):
        assert found(text, dtype=torch.float64) == ()


def test_overflow_has_no_end() -> None:
    told = found("exp(x^2)")
    assert [(one.kind, one.unbounded) for one in told if one.kind == "value"] == [("value", True)] * 2


def test_no_clock_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: the same stretches, from as many evaluations."""
    quick = found("log(x - 0.03)"), found("tan(x)"), found("1/(x - 0.1234567)")
    now = iter(range(10_000))
    for clock in ("perf_counter", "monotonic", "process_time", "thread_time"):
        monkeypatch.setattr(time, clock, lambda: next(now))
    assert (found("log(x - 0.03)"), found("tan(x)"), found("1/(x - 0.1234567)")) == quick


def test_a_costly_function_is_looked_into_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted: where there is none left, the samples alone tell."""
    monkeypatch.setattr(module, "LOOK", 0)
    (one,) = found("log(x - 0.03)")
    assert one.low == -10
    assert 0 <= one.high <= 0.03


@pytest.mark.parametrize("window", [(1e30, 2e30), (0.0, 1e-30), (-1e-3, 1e6), (-1e30, 1e30)])
def test_any_window(window: Window) -> None:
    for text in ("1/x", "log(x)", "x^2", "tan(x)"):
        for one in found(text, window, torch.float64):
            assert window[0] <= one.low <= one.high <= window[1]


def test_in_the_snapshot() -> None:
    request = Request(1, "1/x", {"x": 2.0}, curve=CurveRequest("x", HERE))
    drawn = evaluate(request).curve
    assert drawn is not None
    assert drawn.trouble == (Trouble(0.0, 0.0, "value", unbounded=True),)
