"""How many digits of a number are right, and how many its dtype holds. Pure."""

from __future__ import annotations

import math

from gradtui.dtypes import limits

LAST = 2
"""Digits at the end that ordinary rounding may take: with no more of them gone a number counts as right."""


def enough(digits: int, dtype: str) -> bool:
    """Whether so many right digits are all that the dtype holds, but for the last one or two."""
    return digits >= limits(dtype).digits - LAST


FEWEST = 4
"""Right digits that are no chance."""


def mostly(digits: int, dtype: str) -> bool:
    """Whether so many are right that the formula is, and what it lacks was lost to rounding inside of it, as that of a
    constant of float32 takes from a float64."""
    return digits >= max(FEWEST, limits(dtype).digits // 2 - 1)


def right_digits(number: float, truth: float, dtype: str) -> int:
    """How many digits of `number` are those of `truth`, at most as many as the dtype holds; 0 for none, and for nan.

    What is beyond the dtype's largest number is rightly infinite, what is below its smallest rightly 0.
    """
    ends = limits(dtype)
    if number == truth or abs(number - truth) <= ends.smallest:
        return ends.digits
    if math.isinf(number) and abs(truth) > ends.largest and (number > 0) == (truth > 0):
        return ends.digits
    error = relative_error(number, truth)
    if not math.isfinite(error):
        return 0
    return max(0, min(ends.digits, math.floor(-math.log10(error)))) if error else ends.digits


def relative_error(number: float, truth: float) -> float:
    """By what part of the truth the number is off; inf where that is 0 and it is not, and for nan."""
    if number == truth:
        return 0.0
    off = abs(number - truth) / abs(truth) if truth and math.isfinite(truth) else math.inf
    return math.inf if math.isnan(off) else off


def in_words(digits: int, dtype: str) -> str:
    """`≈ 2 digits`, `no digit is right: float32 has lost them all`."""
    if not digits:
        return f"no digit is right: {dtype} has lost them all"
    return f"≈ {digits} digit{'s' * (digits > 1)}"
