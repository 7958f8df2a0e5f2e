"""Every function against 100 digits, at ordinary points, corners and the edges of its domain.

What torch gives is right, or stands at a corner with its note, or is on the list of known differences with its note;
nothing is on the list that is not different.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.engine.typed.inaccuracies import BY_FUNCTION
from gradtui.expression.functions import TABLE
from gradtui.report import text
from gradtui.snapshot.model import Request, Snapshot
from tests.numbers.mathematics import FUNCTIONS, LOSSES, REDUCTIONS, Real, mp, one_sided, value

Function = Callable[..., Real]

SIZES = (
    1e-10,
    1e-6,
    1e-4,
    0.01,
    0.3,
    0.5,
    0.7,
    1,
    1.5,
    2,
    2.5,
    3,
    3.5,
    5,
    6,
    8,
    15,
    20,
    20.5,
    40,
    100,
    700,
    709,
    1e3,
    1e5,
)
POINTS = (0.0, *SIZES, *(-size for size in SIZES))
PAIRS = tuple(product((-3.0, -2.5, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0, 2.5), repeat=2))
VECTORS = (
    *((0.3, 0.7, 1.2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 2.0, 3.0), (0.0, 0.0, 2.0), (-1.0, 2.0, 2.0)),
    *((5.0,), (0.0,), (1e3, -1e3, 0.0), (800.0, 1.0, 2.0), (-3.0, -3.0, 1.0), (1e8, 1e8 + 1, 1e8 + 2)),
)
HUGE = ((1e200, 1e200), (1e-200, 2e-200))
RELATIVE, ABSOLUTE = 1e-9, 1e-13
"""How far rounding may move a float64 that is of the size of 1."""

OF_ONE: dict[str, tuple[str, Function]] = {
    row.name: (f"{row.name}(x)", FUNCTIONS[row.name])
    for row in TABLE
    if row.name in FUNCTIONS and row.least == 1 and row.name not in ("max", "min")
} | {
    "where": ("where(x > 0, x^2, -x)", FUNCTIONS["where"]),
    "clamp": ("clamp(x, -1, 2.5)", lambda x: FUNCTIONS["clamp"](x, mp.mpf(-1), mp.mpf(2.5))),
    "threshold": ("threshold(x, 1, 5)", lambda x: FUNCTIONS["threshold"](x, mp.one, mp.mpf(5))),
    "lerp": ("lerp(x, 3, 0.25)", lambda x: FUNCTIONS["lerp"](x, mp.mpf(3), mp.mpf(0.25))),
    "celu with alpha": ("celu(x, 0.7)", lambda x: FUNCTIONS["celu"](x, mp.mpf(0.7))),
    "elu with alpha": ("elu(x, 0.7)", lambda x: FUNCTIONS["elu"](x, mp.mpf(0.7))),
    "leaky_relu with slope": ("leaky_relu(x, 0.2)", lambda x: FUNCTIONS["leaky_relu"](x, mp.mpf(0.2))),
    "softplus with beta": ("softplus(x, 2)", lambda x: FUNCTIONS["softplus"](x, mp.mpf(2))),
    "a root": ("x^0.5", lambda x: x ** mp.mpf(0.5)),
    "a power": ("2^x", lambda x: mp.mpf(2) ** x),
}
OF_TWO: dict[str, tuple[str, Function]] = {
    row.name: (f"{row.name}(x, y)", FUNCTIONS[row.name])
    for row in TABLE
    if row.name in FUNCTIONS and row.most == 2 and not row.settings and row.name not in ("clamp", "log")
} | {"pow": ("x^y", lambda x, y: mp.one if y == 0 else x**y)}


def told(text: str, **at: float | tuple[float, ...]) -> Snapshot:
    return evaluate(Request(1, text, at, "float64"))


def close(number: float, right: Real) -> bool:
    exact = float(right)
    return number == exact or abs(number - exact) <= RELATIVE * abs(exact) + ABSOLUTE


def faults(snapshot: Snapshot, name: str, element: int, function: Function, here: Real) -> Iterator[str]:
    """What is wrong, or without a right answer, and has no note that says so. function: of one number, `name` or its element."""
    kinds = {note.kind for note in snapshot.notes}
    assert snapshot.value is not None
    f, right = sum(snapshot.value.numbers), value(function, here)
    if right is None:
        if math.isfinite(f):
            yield f"f is {f}, where there is none"
        return
    gradient = snapshot.variables[name].grad.numbers[element]
    sides = [side for side in (one_sided(function, here, -1), one_sided(function, here, 1)) if side is not None]
    has_corner = len(sides) == 2 and not close(float(sides[0]), sides[1])
    if not close(f, right) and "torch" not in kinds:
        yield f"f is {f}, not {float(right)}"
    if has_corner and not kinds & {"kink", "torch"}:
        yield f"the slope is {gradient}, beside {[float(side) for side in sides]}"
    if sides and not has_corner and not close(gradient, sides[0]) and not kinds & {"kink", "torch"}:
        yield f"the slope is {gradient}, not {float(sides[0])}"
    if not sides and not kinds & {"kink", "torch", "nonfinite"}:
        yield f"the slope is {gradient}, where no side has a value"


def test_nothing_is_left_out() -> None:
    called = {row.name for row in TABLE if not row.operator}
    assert called == set(FUNCTIONS) | set(REDUCTIONS) | set(LOSSES) | {"dot"}
    assert set(FUNCTIONS) <= set(OF_ONE) | set(OF_TWO)


@pytest.mark.long
@pytest.mark.parametrize("name", OF_ONE)
def test_of_one(name: str) -> None:
    expression, function = OF_ONE[name]
    for x in POINTS:
        assert list(faults(told(expression, x=x), "x", 0, function, mp.mpf(x))) == [], (expression, x)


@pytest.mark.long
@pytest.mark.parametrize("name", OF_TWO)
def test_of_two(name: str) -> None:
    expression, function = OF_TWO[name]
    for x, y in PAIRS:
        snapshot = told(expression, x=x, y=y)
        by_x = list(faults(snapshot, "x", 0, lambda z, y=y: function(z, mp.mpf(y)), mp.mpf(x)))
        by_y = list(faults(snapshot, "y", 0, lambda z, x=x: function(mp.mpf(x), z), mp.mpf(y)))
        assert by_x + by_y == [], (expression, x, y)


@pytest.mark.long
@pytest.mark.parametrize("name", REDUCTIONS)
def test_of_vectors(name: str) -> None:
    for x in (*VECTORS, *(HUGE if name in ("norm", "prod", "sum") else ())):
        if name in ("var", "std") and len(x) == 1:
            continue
        snapshot = told(f"{name}(x)", x=x)
        for place in range(len(x)):
            found = faults(snapshot, "x", place, along(REDUCTIONS[name], x, place), mp.mpf(x[place]))
            assert list(found) == [], (name, x, place)


def along(function: Function, x: tuple[float, ...], place: int) -> Function:
    """The function of one element, the others staying where they are."""
    before, after = [mp.mpf(number) for number in x[:place]], [mp.mpf(number) for number in x[place + 1 :]]
    return lambda number: function([*before, number, *after])


@pytest.mark.long
@pytest.mark.parametrize("target", [(0.2, 0.5, 0.3), (0.0, 1.0, 0.0), (0.1, 0.9, 0.4)])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, target: tuple[float, ...]) -> None:
    """By each element of both, at ordinary places, at corners, and of sure labels; a class has no slope."""
    x = (0.1, 0.9, 0.4)
    if name == "nll_loss":
        snapshot, by = told("nll_loss(x, 1)", x=x), "x"
    else:
        snapshot, by = told(f"{name}(x, y)", x=x, y=target), "xy"
    given = {"x": x, "y": target}
    for moving in by:
        for place in range(3):
            of_one = along(
                lambda z, moving=moving: LOSSES[name](*({**given, moving: z}.values())), given[moving], place
            )
            assert list(faults(snapshot, moving, place, of_one, mp.mpf(given[moving][place]))) == [], (moving, place)


def test_dot() -> None:
    snapshot = told("dot(x, y)", x=(1.5, -2.0), y=(0.25, 0.0))
    assert [snapshot.variables[name].grad.numbers for name in "xy"] == [(0.25, 0.0), (1.5, -2.0)]


KNOWN: dict[str, tuple[str, float | tuple[float, ...], float]] = {
    "hardsigmoid": ("hardsigmoid(x)", 1.0, 1 / 6),
    "celu": ("celu(x, 0.7)", 0.0, 1.0),
    "softplus": ("softplus(x)", 20.5, 0.9999999987498471),
    "sinc": ("sinc(x)", 1e-10, -3.289868133696453e-10),
    "erfcx": ("erfcx(x)", 1e8, -5.641895835477562e-17),
    "log_ndtr": ("log_ndtr(x)", -1e8, 1e8),
    "lgamma": ("lgamma(x)", -0.9999999999, -9999999172.173574),
    "digamma": ("digamma(x)", -0.9999999999, 9.999998345192786e19),
    "i0": ("i0(x)", 710.0, 3.3429778585097626e306),
    "i1": ("i1(x)", 1000.0, math.inf),
    "sech": ("sech(x)", 1000.0, 0.0),
    "csch": ("csch(x)", 1000.0, 0.0),
    "beta": ("beta(x, 1)", -3.0, -1 / 9),
    "kl_div": ("kl_div(-1, x)", 0.0, -math.inf),
    "xlogy": ("xlogy(x, 0)", 0.0, -math.inf),
    "norm": ("norm(x)", (1e200, 1e200), 0.5**0.5),
    "prod": ("prod(x)", (1e200, 1e200), 1e200),
    "logsumexp": ("logsumexp(x)", (1e8, 1e8 + 1, 1e8 + 2), 0.09003057317038046),
}
"""A place for each entry of the list: the call, x, and the right slope, of the first element where there are several."""


def test_every_known_difference_has_its_place() -> None:
    assert set(KNOWN) == set(BY_FUNCTION)


@pytest.mark.parametrize("name", KNOWN)
def test_known_difference(name: str) -> None:
    """It is one still, with this torch, and the report says so."""
    expression, x, right = KNOWN[name]
    snapshot = told(expression, x=x)
    gradient = snapshot.variables["x"].grad.numbers[0]
    assert not math.isclose(gradient, right, rel_tol=RELATIVE)
    sentence = BY_FUNCTION[name][0].sentence
    assert any(note.kind == "torch" and sentence in note.text for note in snapshot.notes)
    whole = replace(snapshot, derivative=derivatives(Request(1, expression, {"x": x}, "float64")))
    assert sentence in " ".join(text.report(whole).split())


@pytest.mark.parametrize("name", KNOWN)
def test_nothing_is_said_elsewhere(name: str) -> None:
    expression, x, _ = KNOWN[name]
    usual: dict[str, float | tuple[float, ...]] = {"hardsigmoid": 4.0, "celu": 0.5, "log_ndtr": 0.5, "xlogy": 1.0}
    elsewhere = usual.get(name, (1.0, 2.0) if isinstance(x, tuple) else 1.5)
    assert not any(note.kind == "torch" for note in told(expression, x=elsewhere).notes)
