"""What a curve does between its samples, for functions of which one knows it."""

from __future__ import annotations

import math

import pytest
import torch

from gradtui.engine.typed import curve as module
from gradtui.engine.typed import forward
from gradtui.engine.typed.curve import curve
from gradtui.expression.parser import parse
from gradtui.snapshot.curve import Curve, CurveRequest
from tests.engine import oracle

HERE = (-10.0, 10.0)
BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def drawn(
    text: str,
    window: tuple[float, float] = HERE,
    points: int = 400,
    dtype: torch.dtype = torch.float32,
    **at: list[float],
) -> Curve:
    leaves = oracle.leaves({"x": 4.0, **at}, dtype)
    request = CurveRequest("x", window, points)
    return curve(request, forward.run(parse(text, tuple(at)), leaves), leaves, closely=True)


def jumps(told: Curve) -> list[tuple[str, float]]:
    """Kind and place of each; its two ends are hardly apart."""
    assert all(0 < one.high - one.low < 1e-5 for one in told.jumps)
    return sorted((one.kind, (one.low + one.high) / 2) for one in told.jumps)


def close(told: list[tuple[str, float]], expected: list[tuple[str, float]]) -> bool:
    return [kind for kind, _ in told] == [kind for kind, _ in expected] and all(
        abs(place - known) < 1e-5 for (_, place), (_, known) in zip(told, expected, strict=True)
    )


JUMPS: list[tuple[str, list[tuple[str, float]]]] = [
    ("floor(x)", [("value", k) for k in range(-9, 11)]),
    ("sign(x - 0.3333)", [("value", 0.3333)]),
    ("where(x > 1.7, 2, x)", [("gradient", 1.7), ("value", 1.7)]),
    (
        "where(|x - 1.013| < 0.02, 7, sin(x))",
        [("gradient", 0.993), ("gradient", 1.033), ("value", 0.993), ("value", 1.033)],
    ),
    ("x - floor(x)", [("value", k) for k in range(-9, 11)]),
    ("|x|", [("gradient", 0)]),
    ("|x - 0.1234567|", [("gradient", 0.1234567)]),
    ("||x| - 1|", [("gradient", -1), ("gradient", 0), ("gradient", 1)]),
    ("relu(x)", [("gradient", 0)]),
    ("clamp(x, -0.3, 2.2)", [("gradient", -0.3), ("gradient", 2.2)]),
    ("max(sin(x), cos(x))", [("gradient", (k + 0.25) * math.pi) for k in range(-3, 3)]),
    ("max(x^2, 2x + 3)", [("gradient", -1), ("gradient", 3)]),
    ("leaky_relu(x)", [("gradient", 0)]),
    ("exp(-|x|)", [("gradient", 0)]),
    ("1/x", []),
    ("sqrt(|x - 0.3|)", []),
    ("log(|x - 0.3|)", []),
    ("x^3 - 3x", []),
    ("tanh(100x)", []),
    ("tanh(10000x)", []),
    ("sigmoid(1000(x - 0.1234))", []),
    ("sqrt(0.000001 + x^2)", []),
    ("atan(1000x)", []),
    ("sin(50x)", []),
    ("exp(-1000x^2)", []),
    ("sin(x)^2 + cos(x)^2", []),
    ("1000000 + sin(x)", []),
    ("7 + 0x", []),
]


@pytest.mark.long
@BOTH
@pytest.mark.parametrize("points", [401, 1000])
@pytest.mark.parametrize(("text", "expected"), JUMPS, ids=[text for text, _ in JUMPS])
def test_jumps(text: str, expected: list[tuple[str, float]], points: int, dtype: torch.dtype) -> None:
    told = jumps(drawn(text, points=points, dtype=dtype))
    assert close(told, expected), told


@pytest.mark.long
@BOTH
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("exp(-1000x^2)", 0, 1),
        ("exp(-100000(x - 0.0123)^2)", 0, 1),
        ("1/(1 + 1000000x^2)", 0, 1),
        ("2exp(-300(x - 4.02)^2) - exp(-300(x + 2.51)^2)", -1, 2),
        ("exp(-20|x - 0.77|)", 0, 1),
        ("sin(200x)", -1, 1),
        ("cos(125.35x)", -1, 1),
        ("exp(-500x^2)*sin(300x)", -0.95, 0.95),
        ("where(|x| < 0.001, 7, sin(x))", -1, 7),
        ("asin(x)", -math.pi / 2, math.pi / 2),
        ("sqrt(1 - x^2)", 0, 1),
        ("x - floor(x)", 0, 1),
    ],
)
def test_narrow_peaks_are_seen(text: str, low: float, high: float, dtype: torch.dtype) -> None:
    """Lowest and highest value of the curve, by hand."""
    told = [y for y in drawn(text, dtype=dtype).f if math.isfinite(y)]
    assert min(told) == pytest.approx(low, abs=0.03 * (high - low))
    assert max(told) == pytest.approx(high, abs=0.03 * (high - low))


@pytest.mark.long
@BOTH
@pytest.mark.parametrize("text", [text for text, _ in JUMPS] + ["tan(x)", "log(x)", "exp(x^2)"])
def test_further_points_are_torch_s_own(text: str, dtype: torch.dtype) -> None:
    """In rising order, few, and with the very numbers that torch has there."""
    told = drawn(text, dtype=dtype)
    assert 400 <= len(told.x) <= 900
    assert list(told.x) == sorted(set(told.x))
    assert HERE[0] <= told.x[0] <= told.x[-1] <= HERE[1]
    x = torch.tensor(told.x, dtype=dtype, requires_grad=True)
    f = torch.as_tensor(forward.run(parse(text), {"x": x}).output)
    assert oracle.comparable(told.f) == pytest.approx(oracle.comparable(f.tolist()), rel=1e-6, nan_ok=True)


def test_what_it_costs_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """In no case more than there is: the more it costs, the less is found, down to nothing."""
    counted: list[int] = []
    for left in (0, 20_000, 200_000, 20_000_000):
        monkeypatch.setattr(module, "LOOK", left)
        counted.append(len(drawn("floor(x)").jumps))
    assert counted == sorted(counted)
    assert counted[0] == 0
    assert counted[-1] == 20


def test_point_by_point() -> None:
    leaves = oracle.leaves({"v": [1.0, 2.0]}, torch.float64)
    done = forward.run(parse("sum(|v|)", ("v",)), leaves)
    told = curve(CurveRequest("v", (-3.0, 3.3), 100), done, leaves, closely=True)
    assert close(jumps(told), [("gradient", 0)])


@pytest.mark.long
@pytest.mark.parametrize(
    "window", [(1e30, 2e30), (0.0, 1e-30), (-1e-3, 1e6), (-1e30, 1e30), (1.0, 1.000001), (3.0, 3.00001)]
)
@BOTH
def test_any_window(window: tuple[float, float], dtype: torch.dtype) -> None:
    for text in ("|x|", "floor(x)", "1/x", "exp(x)", "sin(1/x)", "x^99", "(exp(x) - 1)/x"):
        told = drawn(text, window, dtype=dtype)
        assert list(told.x) == sorted(told.x)
        for one in told.jumps:
            slack = 1e-6 * max(map(abs, window))  # the ends of a float32
            assert window[0] - slack <= one.low <= one.high <= window[1] + slack
