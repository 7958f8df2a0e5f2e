"""The coefficients of Taylor's polynomial as mathematics has them: f at a few places very close together, with digits to spare.

A derivative of order 8, written out, is long; the values of f are not. Differences of f over a step h give the k-th derivative
with an error of h², and cost k times the digits of h: both are there. Source: B. Fornberg, Generation of finite difference
formulas on arbitrarily spaced grids (1988), here on even ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from gradtui.calculus.derivative import is_bent
from gradtui.calculus.derivative_rules import Expr, mp
from gradtui.calculus.digits import Digits, Program, as_float, as_typed
from gradtui.calculus.higher_orders import in_whole_vectors, length_of, total_of
from gradtui.calculus.to_sympy import At, Counts, Formula, counts, digits, element, formula_of, stood
from gradtui.snapshot.model import Request
from gradtui.snapshot.truth import Coefficients

FOR_EACH = 10
"""Digits of h at first; twice as many again and again, until two in a row agree."""
TIMES = 4
"""How often: the last h has 80 digits."""
SPARE = 4
"""Times the digits of h that are left when the highest difference is taken."""
AGREE = mp.mpf("1e-12")
"""Relative difference up to which two in a row agree: as the error is of h², the second is right to twice as many digits."""
SHRINKING = mp.mpf("1e-6")
ENOUGH = 3
"""By how much, and over how many in a row, what is 0 gets smaller with h at least."""
NOISE = mp.mpf("1e-60")
"""What rounding may leave of a 0, whatever h is."""
ALIKE = mp.mpf("1e-6")
"""The same of both sides, whose error is of h: beyond it f has a corner here, or a derivative of it has."""
SMALL = 1e-8
"""Where x is closer to 0, and f perhaps to a pole, h is also tried as a part of x; and what shrinks with h may not be 0."""
MOST_STEPS = 1_000
"""Of the program of f: some tenths of a second."""

Values = Callable[[int], Expr]
"""f at so many steps from x."""


def coefficients(request: Request) -> Coefficients:
    """f^(k)/k! along the variable and element of `request.orders`, of sum(f) where f is a vector; None for each that there is
    not, or that is not known to the last digit. Empty where f itself is beyond calculus. Never raises."""
    asked = request.orders
    assert asked is not None
    try:
        expression, at = stood(request)
        named = element(asked.along or "", asked.element)
        along = next(name for name in (asked.along, named, *at) if name in at and name not in request.data)
        program, bent, whole = prepared(formula_of(request), counts(at))
        if len(program.steps) * program.length > MOST_STEPS:
            return Coefficients()
        moved = element(along, asked.element) if isinstance(at[along], tuple) else along
        degree = asked.most if asked.degree is None else asked.degree
        enough = digits(expression, at)
        floats = [one for value in at.values() for one in (value if isinstance(value, tuple) else (value,))]

        def found(number: Callable[[float], Expr]) -> tuple[float | None, ...]:
            return _settled(program, lambda: place_of(at, number, whole), moved, degree, enough, bent)

        here = found(lambda value: as_float(value, request.dtype))
        is_typed = all(as_typed(one) == as_float(one, request.dtype) for one in floats)
        return Coefficients(here, () if is_typed else found(as_typed))
    except Exception:  # `derivatives` says what calculus cannot do
        return Coefficients()


@lru_cache(maxsize=64)
def prepared(formula: Formula, counts: Counts) -> tuple[Program, bool, bool]:
    """f as a program, whether it has corners or jumps somewhere, and whether each vector is one symbol in it."""
    f = total_of(formula, counts)
    whole = in_whole_vectors(formula, counts) is not None
    return Program([f], length_of(formula, counts)), is_bent(f), whole


def place_of(at: At, number: Callable[[float], Expr], whole: bool) -> dict[str, Expr]:
    """Where each number stands: each element of a vector by its own name, or the vector as a whole."""
    found: dict[str, Expr] = {}
    for name, value in at.items():
        if isinstance(value, tuple) and whole:
            found[name] = [*map(number, value)]
        elif isinstance(value, tuple):
            found.update((element(name, place), number(one)) for place, one in enumerate(value))
        else:
            found[name] = number(value)
    return found


def _settled(
    program: Program, place: Callable[[], Mapping[str, Expr]], moved: str, degree: int, digits: Digits, bent: bool
) -> tuple[float | None, ...]:
    """With smaller and smaller h. What does not settle is not known, nor is any behind it: where an odd f has a vertical tangent,
    its second difference is 0. What shrinks on and on is 0."""
    x = float(place()[moved])
    tiny = 0 < abs(x) < SMALL
    told: list[float | None] = [None] * (degree + 1)
    for scale in (1.0, abs(x)) if tiny else (max(1.0, abs(x)),):
        rows: list[list[Expr]] = []
        for time in range(TIMES):
            rows.append(_row(program, place, moved, degree, digits, bent, FOR_EACH * 2**time, scale))
            for order in range(degree + 1):
                if told[order] is None:
                    told[order] = limit([row[order] for row in rows], is_zero=not tiny)
            if all(one is not None or not mp.isfinite(last) for one, last in zip(told, rows[-1], strict=True)):
                break  # no smaller h is needed, or none helps
        if None not in told:
            break
    known = told.index(None) if None in told else len(told)
    return (*told[:known], *[None] * (len(told) - known))


def limit(row: Sequence[Expr], *, is_zero: bool) -> float | None:
    """That of which the last two agree; 0 where each is far smaller than the one before, and where that `is_zero`."""
    if len(row) < 2 or not all(map(mp.isfinite, row)):
        return None
    *_, before, after = row
    if abs(before - after) <= AGREE * abs(after):
        return float(after)
    shrinks = (abs(after) <= max(NOISE, SHRINKING * abs(before)) for before, after in pairwise(row))
    is_zero = is_zero and len(row) >= ENOUGH and all(shrinks)
    return 0.0 if is_zero else None


def _row(
    program: Program,
    place: Callable[[], Mapping[str, Expr]],
    moved: str,
    degree: int,
    digits: Digits,
    bent: bool,
    of_h: int,
    scale: float,
) -> list[Expr]:
    """All coefficients by one h; nan where f has no value, or where f is bent and its sides differ."""
    with mp.workdps(digits[0] + of_h * (degree + SPARE)):
        here, h = place(), mp.mpf(scale) * mp.mpf(10) ** -of_h
        known: dict[int, Expr] = {}

        def f(steps: int) -> Expr:
            if steps not in known:
                (known[steps],) = program.at({**here, moved: here[moved] + steps * h})
            return known[steps]

        told = [_central(f, order) / h**order / math.factorial(order) for order in range(degree + 1)]
        if bent:
            for order in range(degree + 1):
                sides = [_onward(f, order, side) / (side * h) ** order / math.factorial(order) for side in (1, -1)]
                size = max(1, abs(told[order])) * ALIKE
                if not all(abs(one - told[order]) <= size for one in sides):
                    told[order:] = [mp.nan] * (degree + 1 - order)
                    break
        return told


def _central(f: Values, order: int) -> Expr:
    """The difference of this order around x, in steps of h; of an odd order the mean of two."""
    if order % 2:
        return (_even(f, order - 1, 1) - _even(f, order - 1, -1)) / 2
    return _even(f, order, 0)


def _even(f: Values, order: int, middle: int) -> Expr:
    return mp.fsum((-1) ** one * math.comb(order, one) * f(middle + order // 2 - one) for one in range(order + 1))


def _onward(f: Values, order: int, side: int) -> Expr:
    """The same to one side alone."""
    return mp.fsum((-1) ** (order - one) * math.comb(order, one) * f(side * one) for one in range(order + 1))
