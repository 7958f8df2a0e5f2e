"""Where a variable stands: exact decimals."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.expression.point import Point, PointError, plain, read_assigned, read_point, read_points

DECIMALS = st.decimals(-(10**9), 10**9, places=6)
STEPS = st.integers(-12, 3).map(lambda power: Decimal(1).scaleb(power))


def test_three_steps_of_a_tenth() -> None:
    point = read_point("4.0")
    for _ in range(3):
        point = point.moved(0, Decimal("0.1"))
    assert point.text == "4.3"


@given(DECIMALS, STEPS, st.lists(st.integers(-10, 10), max_size=20))
@settings(max_examples=100, deadline=None)
def test_steps_are_exact(start: Decimal, step: Decimal, ticks: list[int]) -> None:
    """However it is stepped, x is the start plus the steps as fractions have it; and back again it is the start."""
    point = Point((start,))
    for tick in ticks:
        point = point.moved(0, step * tick)
    assert Fraction(point.elements[0]) == Fraction(start) + Fraction(step) * sum(ticks)
    assert point.moved(0, -step * sum(ticks)).elements[0] == start


@given(st.lists(DECIMALS, min_size=1, max_size=5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_text_reads_back(elements: list[Decimal], vector: bool) -> None:
    point = Point(tuple(elements) if vector else (elements[0],), vector)
    assert read_point(point.text) == point


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.0", 4.0),
        (" -2.50 ", -2.5),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("−3", -3.0),
        ("pi/2", math.pi / 2),
        ("30°", math.radians(30)),
        ("2 pi", 2 * math.pi),
        ("sqrt(2)", math.sqrt(2)),
        ("½", 0.5),
        ("3!", 6.0),
        ("1_000", 1000.0),
        ("2²", 4.0),
        ("-ln 2", -math.log(2)),
        ("e^-1", math.exp(-1)),
        ("0.1 + 0.2", 0.3),
        ("[1, 2.5, pi]", (1.0, 2.5, math.pi)),
        ("1, 2", (1.0, 2.0)),
        ("[7]", (7.0,)),
        ("[1, 2]*3", (3.0, 6.0)),
        ("-[1, 2]", (-1.0, -2.0)),
        ("exp([0, 1])/2", (0.5, math.e / 2)),
        ("[1, 2] + [10, 20]", (11.0, 22.0)),
        ("[2]^[1, 2, 3]", (2.0, 4.0, 8.0)),
    ],
)
def test_reads(text: str, value: float | tuple[float, ...]) -> None:
    assert read_point(text).value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "four",
        "1/0",
        "1e999",
        "inf",
        "nan",
        "[",
        "[1, x]",
        "[[1, 2], 3]",
        "[]",
        "sqrt(-1)",
        "10^10^10",
        "log(0)",
        "[1, 2] + [1, 2, 3]",
        "[2*[1, 2], 3]",
        "[sin([1, 2]), 3]",
        "[1, 2]/0",
        "y = 3",
        "1,5",
        "1.000,5",
        "1,234.5",
        "-1,234,567.8",
    ],
)
def test_refuses_with_a_sentence(text: str) -> None:
    with pytest.raises(PointError) as caught:
        read_point(text)
    assert len(str(caught.value)) > 10
    assert "\n" not in str(caught.value)


def test_typed_digits_stay() -> None:
    assert read_point("4.00").text == "4.00"
    assert read_point("[1.0, 2]").text == "[1.0, 2]"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3", {"x": 3.0}),
        ("1, 2", {"x": (1.0, 2.0)}),
        ("y = 3", {"y": 3.0}),
        ("x=1, y=[2, 3]; α = -1", {"x": 1.0, "y": (2.0, 3.0), "alpha": -1.0}),
    ],
)
def test_each_value_goes_to_the_variable_that_is_named(text: str, values: dict[str, object]) -> None:
    points = read_assigned(text, ("x", "y", "alpha"), "x")
    assert {name: point.value for name, point in points.items()} == values


@pytest.mark.parametrize("text", ["z = 3", "x = 1, x = 2", "x = y = 3", "= 3", "y =", "x == 3", "1, y = 2, x = 3"])
def test_no_value_goes_to_another_variable_than_the_one_that_is_named(text: str) -> None:
    with pytest.raises(PointError):
        read_assigned(text, ("x", "y", "alpha"), "x")


def test_command_line_places() -> None:
    points = read_points({"x": "pi", "w": ("1", "2.5"), "b": "[3, 4]"})
    assert points["x"].value == math.pi
    assert points["w"].value == (1.0, 2.5)
    assert points["b"].value == (3.0, 4.0)


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        ("4", "0.1", "4.0"),
        ("4.25", "0.1", "4.25"),
        ("4", "1", "4"),
        ("-0.5", "0.01", "-0.50"),
        ("1e30", "0.1", "1e30"),
        ("1e-20", "0.1", "1e-20"),
        ("0", "0.1", "0.0"),
    ],
)
def test_width_of_the_step(value: str, step: str, text: str) -> None:
    assert plain(Decimal(value), Decimal(step)) == text


def test_step_that_no_float_can_hold() -> None:
    """It leaves x where it is instead of rounding it."""
    point = Point((Decimal("1e300"),))
    assert point.moved(0, Decimal("1e-12")) == point
    top = Point((Decimal("1.7e308"),))
    assert top.moved(0, Decimal("1e308")) == top
