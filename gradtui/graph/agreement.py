"""Do autograd, calculus and finite differences agree? And if not, why not."""

from __future__ import annotations

import math

from msgspec import Struct

from gradtui.graph.rounding import LARGEST, SMALLEST, roundings
from gradtui.snapshot.model import Derivative, Differences, Snapshot, Values
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers

Mark = bool | None
Marks = tuple[Mark, Mark, Mark]

WAYS = ("autograd", "calculus", "differences")
MARKS = {True: "✓", False: "✗", None: "–"}

NOISE = 1e-7
"""Relative error of differences that is always forgiven."""
TRUSTED = 1e-3
"""Relative error beyond which differences say nothing."""
ROUGHLY = 1e-3
"""Relative difference that is forgiven where rounding may have moved every digit."""
CORNER = 1e-3
"""Relative difference of the one-sided quotients beyond which f has a corner."""


class Check(Struct, frozen=True):
    """Whether each of the three agrees with the others; None where it has nothing to say. `text` is for a person."""

    autograd: bool | None
    calculus: bool | None
    differences: bool | None
    text: str


class _Element(Struct, frozen=True):
    """The three numbers for one element of the variable, and how far rounding may move them."""

    autograd: float
    calculus: float | None
    central: float | None
    left: float | None
    right: float | None
    off: float
    rounding: float


def check(snapshot: Snapshot, variable: str) -> Check:
    """Compare the ways of getting the gradient of f by `variable`. A float32 gradient may differ by its rounding."""
    if variable not in snapshot.variables:
        return Check(None, None, None, "")
    return _checked(snapshot, variable, roundings(snapshot.graph, snapshot.dtype))


def checks(snapshot: Snapshot) -> dict[str, Check]:
    """The same for every variable, at the price of one."""
    bounds = roundings(snapshot.graph, snapshot.dtype)
    return {variable: _checked(snapshot, variable, bounds) for variable in snapshot.variables}


def _checked(snapshot: Snapshot, variable: str, bounds: dict[str, float]) -> Check:
    if snapshot.problem is not None:
        return Check(None, None, None, "")
    if snapshot.experiments:
        return Check(None, None, None, f"an experiment, not the gradient of f{_true(snapshot, variable)}")
    rounding = bounds.get(variable, 0.0)
    told = [_judged(snapshot, variable, element) for element in _elements(snapshot, variable, rounding)]
    remarks = [(place, one.text) for place, one in enumerate(told) if one.text]
    marks = (
        _together([one.autograd for one in told]),
        _together([one.calculus for one in told]),
        _together([one.differences for one in told]),
    )
    if not remarks:
        return Check(*marks, _marked(marks))
    place, text = remarks[0]
    return Check(*marks, text if len(told) == 1 else f"{variable}[{place}]: {text}")


def _true(snapshot: Snapshot, variable: str) -> str:
    """` (11 by Calculus)`; empty where Calculus does not know."""
    told = (snapshot.derivative or {}).get(variable, Derivative(None)).numbers
    known = tuple(number for number in told if number is not None)
    if not known or len(known) < len(told):
        return ""
    shape = snapshot.variables[variable].value.shape
    return f" ({numbers(Values(shape, known), SIGNIFICANT.get(snapshot.dtype, 7), most=4)} by Calculus)"


def _elements(snapshot: Snapshot, variable: str, rounding: float) -> list[_Element]:
    gradients = snapshot.variables[variable].grad.numbers
    derivative = (snapshot.derivative or {}).get(variable, Derivative(None))
    differences = snapshot.differences.get(variable, Differences((), (), ()))
    rows = zip(
        gradients,
        _padded(derivative.numbers, gradients),
        _padded(differences.central, gradients),
        _padded(differences.left, gradients),
        _padded(differences.right, gradients),
        _padded(differences.error, gradients),
        strict=True,
    )
    return [_Element(a, c, d, left, right, error or 0.0, rounding) for a, c, d, left, right, error in rows]


def _padded(numbers: tuple[float | None, ...], like: tuple[float, ...]) -> tuple[float | None, ...]:
    return (*numbers, *[None] * len(like))[: len(like)]


def _judged(snapshot: Snapshot, variable: str, element: _Element) -> Check:
    if element.calculus is None and _has_corner(element):
        return Check(None, None, None, _corner(element))
    central = element.central if _is_trusted(element) else None
    if element.calculus is None and central is None:
        return Check(None, None, None, _nothing(snapshot, variable, element))
    return _compared(element, central, snapshot.dtype)


def _has_corner(element: _Element) -> bool:
    left, right = element.left, element.right
    if left is None or right is None:
        return left is not right
    if math.isinf(left) or math.isinf(right):
        return True
    return not _near(left, right, CORNER * max(abs(left), abs(right)) + 100 * element.off * math.isfinite(element.off))


def _corner(element: _Element) -> str:
    sides = [
        f"{number(slope)} from the {side}" if slope is not None else f"f has no value to the {side}"
        for slope, side in ((element.left, "left"), (element.right, "right"))
    ]
    return f"no derivative here: {', '.join(sides)}; torch takes {number(element.autograd)}"


def _is_trusted(element: _Element) -> bool:
    central = element.central
    return central is not None and math.isfinite(central) and element.off <= TRUSTED * max(abs(central), 1e-6)


def _nothing(snapshot: Snapshot, variable: str, element: _Element) -> str:
    if snapshot.value is not None and not _is_finite(snapshot.value):
        worth = "there is no derivative to check"
        return f"f is {_not_finite(snapshot.value)} here, {worth}; torch gives {number(element.autograd)}"
    return f"nothing to check autograd's {number(element.autograd)} against here"


def _compared(element: _Element, central: float | None, dtype: str) -> Check:
    """The truth is what calculus says, or differences where calculus says nothing, unless the other two outvote it."""
    a, c, d = element.autograd, element.calculus, _rounded(central, element.off)
    resolved = math.isfinite(element.rounding)
    slack = (element.rounding if resolved else ROUGHLY * abs(a)) + SMALLEST.get(dtype, 0.0)
    limit = LARGEST.get(dtype, math.inf)
    noise = 10 * element.off + NOISE * max(abs(d or 0.0), abs(c) if c is not None and math.isfinite(c) else 0.0)
    ac = c is not None and _near(a, c, slack, limit)
    ad = d is not None and _near(a, d, slack + noise, limit)
    cd = c is not None and d is not None and _near(c, d, noise)
    if c is None or d is None:
        marks = (ac or ad, None if c is None else True, None if d is None else True)
    elif ac or ad or cd:
        marks = (ac or ad, ac or cd, ad or cd)
    else:
        marks = (False, True, False)
    if False not in marks:
        return Check(*marks, "")
    if not resolved:
        return Check(None, *marks[1:], f"{_shown((a, c, d), (None, *marks[1:]))}: too steep here for {dtype}")
    return Check(*marks, f"{_shown((a, c, d), marks)}{_apart((a, c, d), marks)}")


def _rounded(central: float | None, off: float) -> float | None:
    """What is within its own error of 0 is 0."""
    return 0.0 if central is not None and abs(central) <= off else central


def _shown(told: tuple[float | None, ...], marks: Marks) -> str:
    rows = zip(WAYS, told, marks, strict=True)
    return " ".join(f"{way} {number(value)} {MARKS[mark]}" for way, value, mark in rows if value is not None)


def _apart(told: tuple[float | None, ...], marks: Marks) -> str:
    """By how much the odd one out differs from the others."""
    wrong = next(value for value, mark in zip(told, marks, strict=True) if mark is False)
    right = next((value for value, mark in zip(told, marks, strict=True) if mark), None)
    if wrong is None or right is None or not math.isfinite(wrong - right):
        return ""
    return f", {number(abs(wrong - right), 2)} apart"


def _near(one: float, other: float, slack: float, limit: float = math.inf) -> bool:
    """Within `slack`; beyond `limit` a number is infinite."""
    if math.isnan(one) or math.isnan(other):
        return False
    if one == other or abs(one - other) <= slack:
        return True
    return math.isinf(one) and abs(other) >= limit and (one > 0) == (other > 0)


def _together(marks: list[Mark]) -> Mark:
    """Of all elements: wrong where one is, nothing to say where none has."""
    return False if False in marks else True if True in marks else None


def _marked(marks: Marks) -> str:
    return " ".join(f"{way} {MARKS[mark]}" for way, mark in zip(WAYS, marks, strict=True))


def _is_finite(values: Values) -> bool:
    return all(map(math.isfinite, values.numbers))


def _not_finite(values: Values) -> str:
    return number(next(value for value in values.numbers if not math.isfinite(value)))
