"""Finite differences: right where f is smooth, one-sided at corners, and modest where they know nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gradtui.engine.typed.differences import Scale, differences, scale
from gradtui.expression import parse
from gradtui.snapshot.differences import CORNER, Differences

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "cases" / "formulas.json").read_text())

At = dict[str, float | tuple[float, ...]]


def of_x(text: str, x: float | tuple[float, ...]) -> Differences:
    return differences(parse(text), {"x": x}, "x")


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_formulas(formula: dict[str, Any]) -> None:
    """Every partial derivative to 8 digits, and never further off than it says itself."""
    for check in formula["checks"]:
        expression = parse(formula["expr"], check["at"])
        for name, reference in check["grads"].items():
            told = differences(expression, check["at"], name)
            assert told.central[0] == pytest.approx(float(reference), rel=1e-8, abs=1e-9)
            assert told.left[0] == pytest.approx(float(reference), rel=1e-4, abs=1e-4)
            assert told.right[0] == pytest.approx(float(reference), rel=1e-4, abs=1e-4)
            assert told.central[0] is not None
            assert told.error[0] is not None
            assert abs(told.central[0] - float(reference)) <= 10 * told.error[0] + 1e-9 * abs(float(reference)) + 1e-12


@pytest.mark.parametrize(
    ("text", "x", "left", "right"),
    [
        ("abs(x)", 0.0, -1.0, 1.0),
        ("relu(x - 4.3)", 4.3, 0.0, 1.0),
        ("max(x^2, x)", 1.0, 1.0, 2.0),
        ("floor(x)", 2.0, math.inf, 0.0),
        ("-floor(x)", 2.0, -math.inf, 0.0),
        ("sign(x)", 0.0, math.inf, math.inf),
        ("sqrt(x)", 0.0, None, math.inf),
        ("sqrt(-x)", 0.0, -math.inf, None),
        ("1e9 + sqrt(1e20*x)", 0.0, None, math.inf),
        ("where(x > 0, x*log(x), 0*x)", 0.0, 0.0, -math.inf),
        ("x^1.5", 0.0, None, 0.0),
        ("asin(x)", 1.0, math.inf, None),
        ("1/x", 0.0, None, None),
        ("log(-x)", 1.0, None, None),
    ],
)
def test_both_sides(text: str, x: float, left: float | None, right: float | None) -> None:
    told = of_x(text, x)
    for side, expected in ((told.left[0], left), (told.right[0], right)):
        assert (side is None) == (expected is None)
        assert expected is None or side == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("abs(x)", 1e-5, 1.0),
        ("sqrt(x)", 1e-4, 50.0),
        ("sin(100000x)", 0.5, 1e5 * math.cos(5e4)),
        ("1/x", 1e-4, -1e8),
        ("x^2", 1e8, 2e8),
        ("exp(x)", 300.0, math.exp(300)),
        ("x^2", 0.0, 0.0),
    ],
)
def test_narrow_places(text: str, x: float, slope: float) -> None:
    """A corner, a pole or a fast wave nearby does not spoil it: the width fits itself."""
    assert of_x(text, x).central[0] == pytest.approx(slope, rel=1e-5, abs=1e-12)


def test_noise_is_no_jump() -> None:
    told = of_x("(x + 1e8) - 1e8", 0.3)
    assert told.error[0] is not None
    assert told.central[0] == pytest.approx(1.0, abs=10 * told.error[0])


@pytest.mark.parametrize(
    ("text", "at", "name", "slopes"),
    [
        ("x^2 + 3x + 1", {"x": (2.1, 5.4, 3.2)}, "x", (7.2, 13.8, 9.4)),
        ("w*x + b", {"x": (2.1, 5.4, 3.2), "w": 2.0, "b": 1.0}, "w", (10.7,)),
        ("w*x + b", {"x": (2.1, 5.4, 3.2), "w": 2.0, "b": 1.0}, "b", (3.0,)),
        ("sum(x)*x", {"x": (1.0, 2.0)}, "x", (6.0, 6.0)),
        ("max(x)", {"x": (1.0, 5.0, 2.0)}, "x", (0.0, 1.0, 0.0)),
        ("[x, x^2]*[1, 2]", {"x": 3.0}, "x", (13.0,)),
        ("x*[1, 2]", {"x": 3.0}, "x", (3.0,)),
        ("w^2", {"x": (1.0, 2.0), "w": 3.0}, "x", (0.0, 0.0)),
        ("3", {"x": 1.0}, "x", (0.0,)),
        ("x*2", {"x": (7.0,)}, "x", (2.0,)),
    ],
)
def test_vectors(text: str, at: At, name: str, slopes: tuple[float, ...]) -> None:
    assert differences(parse(text, at), at, name).central == pytest.approx(slopes, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(sin(1/x))", 1e-6),
        ("asin(sin(1e8*x))", 1.0),
        ("sin(1e9*x)", 1.0),
        ("acos(cos(1e12*x^2))", 1.0),
        ("abs(sin(1e5*x))", 1.0),
    ],
)
def test_waves_that_are_too_short_are_no_corner(text: str, x: float) -> None:
    """What is seen of them at the widths is chance: neither a side that grows without end nor two that differ."""
    told = [of_x(text, x * (1 + k / 200)) for k in range(200)]
    sides = [(one.left[0], one.right[0]) for one in told]
    apart = [(left, right) for left, right in sides if left is not right and left != pytest.approx(right, rel=CORNER)]
    assert len(apart) <= 1


@pytest.mark.parametrize("x", [1e-9, -1e-25, 1e-100])
@pytest.mark.parametrize(("text", "slope"), [("abs(x)", 1), ("x^3/x", 2), ("sqrt(abs(x))", 0.5), ("log(abs(x))", 0)])
def test_beside_a_tiny_number(text: str, slope: float, x: float) -> None:
    """slope: the power of |x| that f is: not what is on the other side of 0, nor what is far away."""
    expected = {0: 1 / x, 0.5: 0.5 * math.copysign(abs(x) ** -0.5, x), 1: math.copysign(1, x), 2: 2 * x}[slope]
    told = of_x(text, x)
    assert (*told.central, *told.left, *told.right) == pytest.approx((expected,) * 3, rel=1e-4, abs=0)
    assert told.reach == ()


@pytest.mark.parametrize("x", [5e-324, -4e-320, 1e-308, 2.0**-1000])
def test_the_smallest_numbers_that_there_are(x: float) -> None:
    assert of_x("3x", x).central == pytest.approx((3.0,))


def test_a_tiny_number_of_which_f_feels_nothing() -> None:
    """The usual widths are told, with how far they reach."""
    told = of_x("cos(x) + abs(x)", (1e-25, 0.0, 2.0))
    assert told.central == pytest.approx((0.0, 0.0, 1 - math.sin(2)), abs=1e-8)
    assert told.reach == (pytest.approx(2**-26), 0.0, 0.0)  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("text", ["log(abs(x))", "log(x^2)", "lgamma(x)", "1/x^2"])
def test_a_pole_that_is_alike_on_both_sides_has_no_slope(text: str) -> None:
    told = of_x(text, 0.0)
    assert (told.central, told.left, told.right) == ((None,), (None,), (None,))


def test_where_f_has_no_value() -> None:
    """Shapes that do not fit are another's error to tell: here nothing is known."""
    told = differences(parse("x + y"), {"x": (1.0, 2.0), "y": (1.0, 2.0, 3.0)}, "x")
    assert told.central == (None, None)


def test_a_long_vector_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def scales(here: Sequence[float]) -> list[Scale]:
        asked.append(len(here))
        return [scale]

    monkeypatch.setattr("gradtui.engine.typed.differences.scales", scales)
    assert of_x("x^2", (3.0,) * 1000).central[:2] == pytest.approx((6.0, 6.0))
    assert len(asked) <= 2


def test_long_vectors_are_told_in_part() -> None:
    """Where elements mix, each costs evaluations of its own."""
    told = of_x("norm(x)", tuple(float(k + 1) for k in range(20)))
    assert len(told.central) == 20
    assert told.central[0] is not None
    assert told.central[-1] is None
