"""What is said of numbers that agree or not: marks, the odd one out, the digits that are lost."""

from __future__ import annotations

import math

from gradtui.graph.digits import in_words
from gradtui.snapshot.numbers import number

Mark = bool | None
Marks = tuple[Mark, Mark, Mark]

WAYS = ("autograd", "calculus", "differences")
MARKS = {True: "✓", False: "✗", None: "–"}

MORE = 3
"""Digits that are shown beyond those that are right, so that one sees them part."""


def marked(marks: Marks) -> str:
    """`autograd ✓ calculus ✓ differences –`"""
    return " ".join(f"{way} {MARKS[mark]}" for way, mark in zip(WAYS, marks, strict=True))


def compared(numbers: tuple[float | None, ...], marks: Marks) -> str:
    """`autograd 10.5 ✗ calculus 11 ✓ differences 11 ✓, 0.5 apart`; nothing where none is wrong."""
    if False not in marks:
        return ""
    rows = zip(WAYS, numbers, marks, strict=True)
    shown = " ".join(f"{way} {number(value)} {MARKS[mark]}" for way, value, mark in rows if value is not None)
    return f"{shown}{_apart(numbers, marks)}"


def _apart(numbers: tuple[float | None, ...], marks: Marks) -> str:
    """By how much the odd one out differs from the others."""
    wrong = next(value for value, mark in zip(numbers, marks, strict=True) if mark is False)
    right = next((value for value, mark in zip(numbers, marks, strict=True) if mark), None)
    if wrong is None or right is None or not math.isfinite(wrong - right):
        return ""
    return f", {number(abs(wrong - right), 2)} apart"


def lost(digits: int, got: float, exact: float, dtype: str, who: str, knows: str = "calculus") -> str:
    """`≈ 2 digits: autograd 0.4973 calculus 0.5000033`"""
    if exact == 0:
        return f"no digit is right: it is 0, and {number(got, MORE)} is what rounding left"
    shown = min(digits + MORE, 17)
    return f"{in_words(digits, dtype)}: {who} {number(got, shown)}, {knows} {number(exact, shown)}"


def hardly_0(autograd: float, exact: float, dtype: str, bound: float, knows: str) -> str:
    """Of a gradient that is within the reach of rounding, all of it."""
    told = f"autograd {number(autograd, MORE)}, {knows} {number(exact, MORE)}"
    return f"{dtype} cannot tell it from 0, with rounding up to {number(bound, 1)}: {told}"


def alike(right: int, seen: int, autograd: float, differences: float) -> str:
    """Where differences know fewer digits than autograd has in common with them."""
    shown = min(right + MORE, 17)
    told = f"autograd {number(autograd, shown)}, differences {number(differences, shown)}"
    return f"alike to {right} digits; differences are sure of {seen}: {told}"


def corner(left: float | None, right: float | None, reach: float, autograd: float) -> str:
    sides = [
        f"{number(slope)} from the {side}" if slope is not None else f"f has no value to the {side}"
        for slope, side in ((left, "left"), (right, "right"))
    ]
    beside = f" or at a place within {number(reach, 2)} of it" if reach else ""
    return f"no derivative here{beside}: {', '.join(sides)}; torch takes {number(autograd)}"


def nothing(autograd: float, bad: str) -> str:
    """bad: what f is, where it is not finite."""
    if bad:
        return f"f is {bad} here, there is no derivative to check; torch gives {number(autograd)}"
    return f"nothing to check autograd's {number(autograd)} against here"


def not_of_a_lower_order(autograd: float) -> str:
    return f"no derivative here, as there is none of a lower order; torch takes {number(autograd)}"
