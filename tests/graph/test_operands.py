"""What is asked of the numbers of a node."""

from __future__ import annotations

import math

import pytest

from gradtui.graph.gradients import all_zero, spread
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Summary, Values

NOTHING = Values((0,), ())


def large(nan: int = 0, inf: int = 0, zero: int = 0) -> Values:
    """The first 8 are finite, and not 0."""
    return Values((100,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 10.0, nan, inf, zero))


@pytest.mark.parametrize(
    ("values", "finite"),
    [
        (None, True),
        (NOTHING, True),
        (Values((), (1.0,)), True),
        (Values((), (math.nan,)), False),
        (Values((), (-math.inf,)), False),
        (Values((3,), (1.0, math.inf, 2.0)), False),
        (large(), True),
        (large(nan=1), False),
        (large(inf=1), False),
    ],
)
def test_finite(values: Values | None, finite: bool) -> None:
    """All elements count, also those of a large tensor that are not kept."""
    assert is_finite(values) is finite
    if values is not None:
        assert (spread(values).nan + spread(values).inf == 0) is finite


@pytest.mark.parametrize(
    ("values", "zero"),
    [(NOTHING, False), (Values((), (-0.0,)), True), (Values((2,), (0.0, 1.0)), False), (large(zero=99), False)],
)
def test_zero(values: Values, zero: bool) -> None:
    """A gradient without elements is nothing bad."""
    assert all_zero(values) is zero
    assert spread(values).bad is zero


def test_a_large_zero() -> None:
    values = Values((100,), (0.0,) * 8, Summary(0.0, 0.0, 0.0, 0.0, 0, 0, 100))
    assert all_zero(values)
    assert spread(values).bad
