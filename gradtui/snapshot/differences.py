"""f' from values of f alone."""

from __future__ import annotations

import math

from msgspec import Struct

CORNER = 1e-3
"""Relative difference of the one-sided quotients beyond which f has a corner."""


class Differences(Struct, frozen=True):
    """f' by finite differences in float64, one number for each element of the variable.

    `left` and `right` are one-sided: where they differ, f has a corner or a jump. One is None where f is not finite on that
    side, both where they differ by no more than they are uncertain; infinite where the quotient grows without end (a jump,
    a vertical tangent).
    error: how far `central` may be off, by its own account; None where that is not known.
    reach: how far from the element f is looked at, where a corner may stand beside it: f is known in float32 alone, or the
    element is smaller than that. 0 for the others; () where it is so for none.
    """

    central: tuple[float | None, ...]
    left: tuple[float | None, ...]
    right: tuple[float | None, ...]
    error: tuple[float | None, ...] = ()
    reach: tuple[float, ...] = ()


HIDDEN = 2.0**-39
"""What rounding of numbers near 1 inside f may leave of a quotient over the widest step, or take from it."""


def is_hidden(one: float, other: float) -> bool:
    """Whether two slopes differ by less than differences can see of a function whose parts are near 1, or near x."""
    return abs(one - other) <= HIDDEN


def rounded(quotient: float | None, error: float | None) -> float | None:
    """What is within its own error of 0 is 0."""
    return 0.0 if quotient is not None and error is not None and abs(quotient) <= error < math.inf else quotient
