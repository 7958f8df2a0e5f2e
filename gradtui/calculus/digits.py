"""The value of a sympy expression to 50 digits, at many places: read once into a list of steps, then run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gradtui.calculus.reals import DIGITS, Expr, Reduction, UndefinedError, Vector, holds, mp

MOST_BITS = 50_000
"""An exponent of 2 beyond which a number counts as infinite or zero; a float ends at 1024."""
MOST_BITS_OF_EXPONENT = 40
MOST_SPECIAL = 10**6
"""Beyond this, series of special functions take long; nothing is lost, as a float has long over- or underflowed."""

SPECIAL = {"i0", "i1", "i0e", "i1e", "digamma", "trigamma", "erfinv", "ndtri"}
FAILURES = (ArithmeticError, ValueError, TypeError, mp.NoConvergence)

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
        self.steps: list[str | Step | Expr] = []
        known: dict[Expr, int] = {}
        for expression in expressions:
            self._read(expression, known)
        self.results = [known[expression] for expression in expressions]

    def at(self, place: Place) -> list[Expr | list[Expr]]:
        """The value of each expression, nan where it has none. Vectors are lists of `length` numbers."""
        values: list[Expr | list[Expr]] = []
        for step in self.steps:
            match step:
                case str():
                    values.append(place[step])
                case Step():
                    values.append(self._run(step, [values[operand] for operand in step.operands]))
                case _:
                    values.append(step)
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


def _step(part: Expr, operands: tuple[int, ...]) -> str | Step | Expr:
    name = type(part).__name__
    if part.is_Symbol:
        return str(part.name)
    if part.is_Rational:
        return mp.mpf(part.p) / part.q
    if not operands:
        return mp.mpf(part._to_mpmath(mp.prec)) if part.is_number and part.is_real else mp.nan
    if isinstance(part, Vector):
        return Step(lambda *rows: [row[place] for place, row in enumerate(rows)], operands, mixes=True)
    if isinstance(part, Reduction):
        return Step(DIGITS[name], operands, mixes=True)
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
    function, special = DIGITS.get(name) or getattr(mp, name), name in SPECIAL

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
