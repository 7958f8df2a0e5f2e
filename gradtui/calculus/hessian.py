"""The Hessian as mathematics has it, with its eigenvalues: f at a few places very close together, as for Taylor's polynomial."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from gradtui.calculus.derivative_rules import Expr, mp
from gradtui.calculus.digits import Program, as_float
from gradtui.calculus.taylor import ALIKE, FOR_EACH, SMALL, TIMES, limit, place_of, prepared
from gradtui.calculus.to_sympy import counts, digits, formula_of, stood
from gradtui.snapshot.model import Request
from gradtui.snapshot.orders import Hessian

MOST_NAMES = 8
"""Rows and columns: f is evaluated at some two places for each entry."""
MOST_WORK = 20_000
"""Entries times steps of the program of f: some tenths of a second."""
SPARE = 6
"""Times the digits of h that are worked with beside those of f."""
EIGENVALUES = 40
"""Digits for the eigenvalues of entries that have 17."""

Place = dict[str, Expr]


def hessian(request: Request) -> Hessian | None:
    """All second derivatives of f, of sum(f) where f is a vector; None where one is not known to the last digit, where there
    are too many, or f itself is beyond calculus. Never raises."""
    try:
        expression, at = stood(request)
        program, bent, whole = prepared(formula_of(request), counts(at))

        def place() -> Place:
            return place_of(at, lambda number: as_float(number, request.dtype), whole)

        moved = tuple(place_of({name: value for name, value in at.items() if name not in request.data}, float, whole))
        work = len(program.steps) * program.length * len(moved) ** 2
        if not moved or len(moved) > MOST_NAMES or work > MOST_WORK:
            return None
        matrix = _matrix(program, place, moved, digits(expression, at)[0], bent)
    except Exception:  # `derivatives` says what calculus cannot do
        return None
    return None if matrix is None else _with_eigenvalues(moved, matrix)


def _matrix(
    program: Program, place: Callable[[], Place], moved: tuple[str, ...], digits: int, bent: bool
) -> tuple[tuple[float, ...], ...] | None:
    """With smaller and smaller steps, until no entry changes."""
    pairs = [(one, other) for row, one in enumerate(moved) for other in moved[row:]]
    known: dict[tuple[str, str], float] = {}
    rows: dict[tuple[str, str], list[Expr]] = {pair: [] for pair in pairs}
    here = place()
    tiny = {name for name in moved if 0 < abs(here[name]) < SMALL}
    for time in range(TIMES):
        of_h = FOR_EACH * 2**time
        with mp.workdps(digits + SPARE * of_h):
            f = _around(program, place(), mp.mpf(10) ** -of_h)
            for pair in pairs:
                if pair not in known:
                    rows[pair].append(_mixed(f, *pair, bent))
                    told = limit(rows[pair], is_zero=tiny.isdisjoint(pair))
                    if told is not None:
                        known[pair] = told
        if len(known) == len(pairs):
            return tuple(
                tuple(known[(one, other) if (one, other) in known else (other, one)] for other in moved)
                for one in moved
            )
    return None


Values = Callable[[dict[str, int]], Expr]
"""f at so many steps along each of these, over the product of the two steps."""


def _around(program: Program, here: Place, part: Expr) -> tuple[Values, Callable[[str], Expr]]:
    """f beside where it stands, and the step of each number."""

    def step(name: str) -> Expr:
        return part * max(1, abs(here[name]))

    @cache
    def at(steps: tuple[tuple[str, int], ...]) -> Expr:
        (value,) = program.at({**here, **{name: here[name] + count * step(name) for name, count in steps}})
        return value

    return lambda steps: at(tuple(sorted(steps.items()))), step


def _mixed(of: tuple[Values, Callable[[str], Expr]], one: str, other: str, bent: bool) -> Expr:
    """The derivative by both; nan where f is bent and its sides differ."""
    f, step = of
    area = step(one) * step(other)
    if one == other:
        middle = (f({one: 1}) - 2 * f({}) + f({one: -1})) / area
        sides = ((f({one: 2 * side}) - 2 * f({one: side}) + f({})) / area for side in (1, -1))
    else:
        corners = (a * b * f({one: a, other: b}) for a in (1, -1) for b in (1, -1))
        middle = mp.fsum(corners) / (4 * area)
        sides = (
            a * b * (f({one: a, other: b}) - f({one: a}) - f({other: b}) + f({})) / area
            for a in (1, -1)
            for b in (1, -1)
        )
    if bent and not all(abs(side - middle) <= ALIKE * max(1, abs(middle)) for side in sides):
        return mp.nan
    return middle


def _with_eigenvalues(names: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> Hessian:
    with mp.workdps(EIGENVALUES):
        values, vectors = mp.eigsy(mp.matrix([list(row) for row in matrix]))
        order = sorted(range(len(names)), key=lambda place: values[place])
        directions = tuple(tuple(float(vectors[row, place]) for row in range(len(names))) for place in order)
        eigenvalues = tuple(float(values[place]) for place in order)
    return Hessian(names, matrix, eigenvalues, directions)
