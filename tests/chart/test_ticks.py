from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.chart.ticks import ticks
from gradtui.chart.window import bounded, y_window
from gradtui.snapshot.curve import Curve


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(0, 12), st.booleans())
def test_few_round_numbers_inside(low: float, high: float, most: int, of_x: bool) -> None:
    """Inside the window, ascending, a step of 1, 2 or 5 times a power of ten apart, and read back from their labels."""
    window = (
        bounded(min(low, high), max(low, high))
        if of_x
        else y_window(Curve("x", (0.0, 1.0), (0.0, 1.0), (low, high), (0.0, 0.0)))
    )
    marks = ticks(window, most)
    assert len(marks) <= most
    assert len(marks) >= 1 or most < 4
    assert len(marks) != 1 or most < 2, "one number tells no scale"
    values = [value for value, _ in marks]
    assert values == sorted(set(values))
    assert all(window[0] <= value <= window[1] for value in values)
    assert [float(text) for _, text in marks] == pytest.approx(values, rel=1e-12)
    assert len({text for _, text in marks}) == len(marks)
    steps = {Decimal(text) - Decimal(before) for (_, before), (_, text) in pairwise(marks)}
    assert len(steps) <= 1
    assert all(step.normalize().as_tuple().digits in {(1,), (2,), (5,)} for step in steps)


@pytest.mark.parametrize(
    ("window", "most", "labels"),
    [
        ((-10, 10), 5, ["-10", "-5", "0", "5", "10"]),
        ((0, 1), 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-1e7, 1e7), 3, ["-1e7", "0", "1e7"]),
        ((0, 3e-7), 4, ["0", "1e-7", "2e-7", "3e-7"]),
        ((999990, 1000010), 3, ["999990", "1000000", "1000010"]),
        ((0.29, 0.41), 2, ["0.3", "0.4"]),
        ((-0.02, 0.49), 2, ["0.2", "0.4"]),
        ((-10, 10), 0, []),
    ],
)
def test_labels(window: tuple[float, float], most: int, labels: list[str]) -> None:
    assert [text for _, text in ticks(window, most)] == labels


def test_labels_are_short() -> None:
    for exponent in range(-30, 31):
        size = math.pow(10, exponent)
        for window in ((-size, size), (0, 3.7 * size), (size, 1.2 * size)):
            assert all(len(text) <= 8 for _, text in ticks(window, 6))
