"""How many digits are right: by counting them."""

from __future__ import annotations

import math

import pytest

from gradtui.graph.digits import enough, in_words, relative_error, right_digits


@pytest.mark.parametrize(
    ("number", "truth", "dtype", "digits"),
    [
        (11.0, 11.0, "float32", 7),
        (11.0, 11.0, "float64", 16),
        (1.0001, 1.0, "float64", 4),
        (1.009, 1.0, "float64", 2),
        (1.9, 1.0, "float64", 0),
        (-1.0, 1.0, "float64", 0),
        (1e5, 1.0, "float32", 0),
        (0.0, 1e-3, "float32", 0),
        (1e-3, 0.0, "float32", 0),
        (0.0, 0.0, "float32", 7),
        (math.inf, 1e39, "float32", 7),
        (math.inf, 1e39, "float64", 0),
        (-math.inf, 1e39, "float32", 0),
        (math.inf, math.inf, "float64", 16),
        (0.0, 1e-46, "float32", 7),
        (2.0**-149, 1.3e-45, "float32", 7),
        (0.0, 1e-46, "float64", 0),
        (math.nan, 1.0, "float32", 0),
        (math.inf, 1.0, "float32", 0),
    ],
)
def test_right_digits(number: float, truth: float, dtype: str, digits: int) -> None:
    assert right_digits(number, truth, dtype) == digits


def test_the_last_two_may_be_wrong() -> None:
    assert enough(5, "float32")
    assert not enough(4, "float32")
    assert enough(14, "float64")
    assert not enough(13, "float64")


def test_a_relative_error_of_nothing_is_infinite() -> None:
    assert relative_error(1.0, 0.0) == math.inf
    assert relative_error(math.nan, 1.0) == math.inf
    assert relative_error(0.0, 0.0) == 0.0
    assert relative_error(3.0, 2.0) == 0.5


def test_words() -> None:
    assert in_words(1, "float32").endswith("1 digit")
    assert in_words(2, "float32").endswith("2 digits")
    assert "float64" in in_words(0, "float64")
