"""As many digits as it takes, at the very float: by mpmath with a thousand digits, and by torch's own floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import mpmath
import pytest
import torch
from hypothesis import given

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.derivative_rules import mp
from gradtui.calculus.digits import as_float, as_typed, settled
from gradtui.snapshot.model import Request


@given(st.floats(allow_nan=False, width=64))
def test_the_float_that_torch_gets(number: float) -> None:
    for dtype, kind in (("float32", torch.float32), ("float64", torch.float64)):
        assert as_float(number, dtype) == mp.mpf(torch.tensor(number, dtype=kind).item())  # type: ignore[arg-type]


def test_as_typed() -> None:
    assert as_typed(4.3) * 10 == 43
    assert as_float(4.3, "float64") * 10 != 43


@pytest.mark.parametrize("x", [1e-5, 1e-30, 1e-90])
def test_digits_until_none_cancels(x: float) -> None:
    """At 1e-90 the formula loses 180 of them."""
    exact = mpmath.MPContext()
    exact.dps = 1000
    at = exact.mpf(x)
    slope = (at * exact.sin(at) + 2 * exact.cos(at) - 2) / at**3
    (got,) = derivatives(Request(1, "(1 - cos(x))/x^2", {"x": x}, "float64"))["x"].numbers
    assert got == pytest.approx(float(slope), rel=1e-15, abs=0)


def test_what_only_shrinks_with_the_digits_is_0() -> None:
    assert settled(lambda: [mp.sin(mp.pi), mp.mpf(2)]) == [0, 2]


def test_what_is_settled_is_not_asked_again() -> None:
    asked = 0

    def values() -> Iterator[Any]:
        nonlocal asked
        asked += 1
        yield mp.exp(1)
        yield mp.nan
        yield mp.inf

    settled(values)
    assert asked == 2


def test_of_nothing_there_is_nothing() -> None:
    assert settled(list) == []


@pytest.mark.parametrize("x", [30.0, 300.0])
def test_a_zero_is_not_believed_at_once(x: float) -> None:
    """1 - tanh(300)^2 is 3e-260, and 0 to 200 digits."""
    (got,) = derivatives(Request(1, "tanh(x)", {"x": x}, "float64"))["x"].numbers
    assert got == pytest.approx(4 * float(mp.exp(-2 * x)), rel=1e-12, abs=0)


def test_what_would_take_long_is_asked_once() -> None:
    assert settled(lambda: [mp.mpf(mp.dps)], (100, 0)) == [100]


@pytest.mark.long
def test_a_long_vector_too() -> None:
    """Of 2,000 elements, with the digits that the smallest needs."""
    x = tuple(10.0**-k for k in range(1, 9)) * 250
    numbers = derivatives(Request(1, "(1 - cos(x))/x^2", {"x": x}, "float64"))["x"].numbers
    assert numbers == derivatives(Request(1, "(1 - cos(x))/x^2", {"x": x[:8]}, "float64"))["x"].numbers * 250
