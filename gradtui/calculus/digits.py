"""The value of a sympy expression to as many digits as it takes, at many places: read once into steps, then run."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

from gradtui.calculus.derivative_rules import BY_MPMATH, Expr, Reduction, UndefinedError, Vector, holds, mp
from gradtui.snapshot.model import Dtype

FEWEST = 50
"""Digits that are worked with at first; twice as many again and again, until two in a row agree."""
ENOUGH = 400
"""Digits from which no more are taken: 1 - tanh(300)^2 needs 261, and what is less than 1e-308 is 0 to a float."""
FOR_EACH = 4
"""Digits more at first for each that a number is away from 1: of f' for f = (1 - cos(x))/x^2, 90 cancel at 1e-30."""
USUAL = 5
"""Digits that an ordinary number may be away from 1."""
MOST = 700
SLOW = {"lgamma", "digamma", "erfinv", "ndtri"}
"""Functions of which 400 digits take a tenth of a second, and 1,000 many: they get along with 100."""
SURE = 20
"""Digits to which they must agree: a float has 17."""

MOST_BITS = 50_000
"""An exponent of 2 beyond which a number counts as infinite or zero; a float ends at 1024."""
MOST_BITS_OF_EXPONENT = 40
MOST_SPECIAL = 10**6
"""Beyond this, series of special functions take long; nothing is lost, as a float has long over- or underflowed."""

SPECIAL = {"i0", "i1", "i0e", "i1e", "digamma", "trigamma", "tetragamma", "pentagamma", "hexagamma", "erfinv", "ndtri"}
FAILURES = (ArithmeticError, ValueError, TypeError, mp.NoConvergence)

Digits = tuple[int, int]
Place = Mapping[str, Expr | list[Expr]]


@dataclass(frozen=True, slots=True)
class Step:
    """One function of earlier steps: by element, or of whole vectors."""

    function: Callable[..., Expr]
    operands: tuple[int, ...]
    mixes: bool = False


class Program:
    """`expressions`, ready to be evaluated together; what they share is evaluated once."""

    def __init__(self, expressions: list[Expr], length: int) -> None:
        self.length = length
        self.steps: list[str | Step] = []
        known: dict[Expr, int] = {}
        for expression in expressions:
            self._read(expression, known)
        self.results = [known[expression] for expression in expressions]

    def at(self, place: Place) -> list[Expr | list[Expr]]:
        """The value of each expression, nan where it has none. Vectors are lists of `length` numbers."""
        values: list[Expr | list[Expr]] = []
        for step in self.steps:
            if isinstance(step, str):
                values.append(place[step])
            else:
                values.append(self._run(step, [values[operand] for operand in step.operands]))
        return [values[result] for result in self.results]

    def _read(self, expression: Expr, known: dict[Expr, int]) -> None:
        waiting = [(expression, False)]
        while waiting:
            part, ready = waiting.pop()
            if part in known:
                continue
            if not ready:
                waiting.append((part, True))
                waiting.extend((operand, False) for operand in part.args)
                continue
            operands = tuple(known[operand] for operand in part.args)
            known[part] = len(self.steps)
            self.steps.append(_step(part, operands))

    def _run(self, step: Step, operands: list[Expr | list[Expr]]) -> Expr | list[Expr]:
        if step.mixes:
            spread = [value if isinstance(value, list) else [value] * self.length for value in operands]
            try:
                return step.function(*spread)
            except FAILURES:
                return mp.nan
        if not any(isinstance(value, list) for value in operands):
            return _number(step.function, operands)
        rows = zip(*(value if isinstance(value, list) else [value] * self.length for value in operands), strict=True)
        return [_number(step.function, row) for row in rows]


def as_typed(number: float) -> Expr:
    """The number that was typed, not its binary neighbour: 4.3 is 43/10."""
    return mp.mpf(repr(number))


def as_float(number: float, dtype: Dtype) -> Expr:
    """The number that torch makes of it, exactly: 4.3 is 9018343/2097152 in float32."""
    if dtype == "float64" or not math.isfinite(number):
        return mp.mpf(number)
    try:
        return mp.mpf(*struct.unpack("<f", struct.pack("<f", number)))
    except OverflowError:
        return mp.mpf(math.copysign(math.inf, number))


def float_or_none(number: Expr) -> float | None:
    """None for what has no value."""
    return None if mp.isnan(number) else float(number)


def settled(values: Callable[[], Iterable[Expr]], digits: Digits = (FEWEST, ENOUGH)) -> list[Expr]:
    """The numbers that `values` gives, to SURE digits: asked again with more digits until they no longer change.

    digits: at first, and from where on there are no more, 0 to ask but once. What is 0 to a few digits is asked for with
    many; what only shrinks with them, as sin(pi), is 0.
    """
    before: list[Expr] | None = None
    few, enough = digits
    while True:
        with mp.workdps(few):
            now = list(values())
        if not enough:
            return now
        if before is not None and (few >= enough or all(map(_alike, before, now))):
            break
        before, few = now, 2 * few
    shrunk = mp.mpf(10) ** -(few // 4)
    return [mp.zero if abs(after) < abs(first) * shrunk else after for first, after in zip(before, now, strict=True)]


def digits_for(numbers: Iterable[float], functions: Set[str] = frozenset()) -> Digits:
    """How many to work with, where these are the numbers that f is made of, and the functions."""
    if functions & SLOW:
        return FEWEST, 2 * FEWEST
    away = (abs(math.log10(abs(number))) for number in numbers if number and math.isfinite(number))
    return min(MOST, FEWEST + FOR_EACH * max(0, math.ceil(max(away, default=0)) - USUAL)), ENOUGH


def _alike(one: Expr, other: Expr) -> bool:
    if not (mp.isfinite(one) and mp.isfinite(other)):
        return bool(one == other or (mp.isnan(one) and mp.isnan(other)))
    return bool(other and abs(one - other) <= mp.mpf(10) ** -SURE * abs(other))


def _step(part: Expr, operands: tuple[int, ...]) -> str | Step:
    """Constants are found anew at each run, to the digits of that."""
    name = type(part).__name__
    if part.is_Symbol:
        return str(part.name)
    if part.is_Rational:
        return Step(lambda: mp.mpf(part.p) / part.q, ())
    if not operands:
        known = part.is_number and part.is_real
        return Step((lambda: mp.mpf(part._to_mpmath(mp.prec))) if known else lambda: mp.nan, ())
    if isinstance(part, Vector):
        return Step(lambda *rows: [row[place] for place, row in enumerate(rows)], operands, mixes=True)
    if isinstance(part, Reduction):
        return Step(BY_MPMATH[name], operands, mixes=True)
    return Step(OPERATIONS.get(name) or _guarded(name), operands)


def _number(function: Callable[..., Expr], operands: object) -> Expr:
    """A real number, or nan; far beyond what a float can hold it is infinite or zero, before it costs time."""
    try:
        value = function(*operands)  # type: ignore[misc]
    except FAILURES:
        return mp.nan
    if isinstance(value, mp.mpc):
        return value.real if value.imag == 0 else mp.nan
    if mp.isfinite(value) and value:
        bits = mp.mag(value)
        if abs(bits) > MOST_BITS:
            return mp.sign(value) * (mp.inf if bits > 0 else 0)
    return value


def _power(base: Expr, exponent: Expr) -> Expr:
    if mp.isint(exponent):
        if base and abs(mp.mag(base) * exponent) > 100 * MOST_BITS:
            return mp.exp(mp.sign(mp.log(abs(base)) * exponent) * mp.inf)
        return base ** int(exponent)
    if base < 0:
        raise UndefinedError
    return _exp(exponent * mp.log(base)) if base else mp.zero if exponent > 0 else mp.nan


def _exp(x: Expr) -> Expr:
    if mp.isfinite(x) and x and mp.mag(x) > MOST_BITS_OF_EXPONENT:
        return mp.inf if x > 0 else mp.zero
    return mp.exp(x)


def _where(operator: Expr, left: Expr, right: Expr, a: Expr, b: Expr) -> Expr:
    if mp.isnan(left) or mp.isnan(right):
        return mp.nan
    return a if holds(int(operator), left, right) else b


def _guarded(name: str) -> Callable[..., Expr]:
    """The function where its argument is neither nan nor, for a slow series, beyond all use."""
    function, special = BY_MPMATH.get(name) or getattr(mp, name), name in SPECIAL

    def call(*operands: Expr) -> Expr:
        if not all(map(mp.isfinite, operands)) or (special and abs(operands[0]) > MOST_SPECIAL):
            return mp.nan
        return function(*operands)

    return call


OPERATIONS: dict[str, Callable[..., Expr]] = {
    "Add": lambda *terms: mp.fsum(terms),
    "Mul": lambda *factors: mp.fprod(factors),
    "Pow": _power,
    "exp": _exp,
    "Where": _where,
}
