"""What a Hessian means: how f curves here, how narrow its valley is, which learning rate descent bears."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from gradtui.dtypes import NARROW, limits
from gradtui.graph.higher_orders import order_of, without
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Hessian, Spectrum

Shape = Literal["up", "down", "saddle", "flat"]
UNITS_OF_0 = 256
"""Units of the dtype, beside the largest, up to which an eigenvalue or a slope is taken for 0."""
DIGITS = 4
LEAST_PART = 1e-6
"""Of a direction: less is rounding."""
MOST_PARTS = 4
"""Elements of a direction that are told."""


class Curvature(Struct, frozen=True):
    """shape: up where no eigenvalue is below 0, down where none is above, flat where all are 0. flat: places of eigenvalues
    that are 0 but for rounding. still: whether the gradient is 0 here.

    condition: largest by smallest eigenvalue, where all are above 0. rate: 2/λmax, where one is above 0: plain gradient descent
    with a larger learning rate climbs out of this valley.
    """

    shape: Shape
    flat: tuple[int, ...]
    still: bool
    condition: float | None
    rate: float | None


def taken_for_0(dtype: str) -> float:
    """What part of the largest eigenvalue, or slope, is no more than rounding. Of a narrow dtype so many units would be all."""
    return UNITS_OF_0 * limits("float32" if dtype in NARROW else dtype).unit


def curvature(snapshot: Snapshot, told: Hessian) -> Curvature | None:
    """None where there are no eigenvalues."""
    values = told.eigenvalues
    if not values:
        return None
    unit = taken_for_0(snapshot.dtype)
    largest = max(map(abs, values))
    flat = tuple(place for place, value in enumerate(values) if abs(value) <= unit * largest)
    rest = [value for place, value in enumerate(values) if place not in flat]
    above, below = any(value > 0 for value in rest), any(value < 0 for value in rest)
    shape: Shape = "saddle" if above and below else "up" if above else "down" if below else "flat"
    first = order_of(snapshot, 1)
    slopes = [abs(one) for grad in (first.values.values() if first is not None else ()) for one in grad.numbers]
    where = [state.value for state in (snapshot.variables or snapshot.parameters).values()]
    places = [abs(one) for value in where for one in value.numbers]
    still = max(slopes, default=0.0) <= unit * max(largest, 1e-30) * max([1.0, *places])
    condition = values[-1] / values[0] if above and not below and not flat else None
    return Curvature(shape, flat, still, condition, 2 / values[-1] if above else None)


def sentences(snapshot: Snapshot, told: Hessian) -> Iterator[str]:
    """What a person should know of it, one thing each."""
    found = curvature(snapshot, told)
    if told.spectrum is not None:
        yield from _of_spectrum(snapshot, told.spectrum)
    elif found is None and told.row is None and told.names:
        yield "an entry of the Hessian is not finite: it has no eigenvalues"
    if found is None:
        return
    if without(snapshot, 2):
        yield "f has no second derivative here: these are torch's numbers, which do not tell how it curves"
        return
    yield _shape(told, found)
    for place in found.flat[:2] if found.shape != "flat" else ():
        yield f"flat along {direction(told, place)}: f hardly changes its slope there"
    if found.condition is not None:
        yield f"condition number {number(found.condition, DIGITS)}: so much steeper is the valley across than along"
    if found.rate is not None:
        yield _bears(told.eigenvalues[-1])


def _of_spectrum(snapshot: Snapshot, told: Spectrum) -> Iterator[str]:
    """Of a large one: its ends, the parameters in which it is steepest, the learning rate."""
    unit = taken_for_0(snapshot.dtype) * max(abs(told.lowest), abs(told.highest))
    about = "" if told.settled else "about "
    ways = "up and down" if told.lowest < -unit and told.highest > unit else "down" if told.highest <= unit else "up"
    spread = f"eigenvalues from {about}{number(told.lowest, DIGITS)} to {about}{number(told.highest, DIGITS)}"
    yield f"{spread} ({told.products} products with the Hessian): f curves {ways if unit else 'nowhere'} here"
    most = max(told.shares, key=lambda name: told.shares[name], default=None)
    if most is not None and told.highest > unit and len(told.shares) > 1:
        yield f"the direction in which it curves up most lies to {100 * told.shares[most]:.0f} % in {most}"
    if told.highest > unit:
        yield _bears(told.highest)


def _bears(highest: float) -> str:
    return f"plain gradient descent bears a learning rate below 2/λmax = {number(2 / highest, DIGITS)}"


def _shape(told: Hessian, found: Curvature) -> str:
    zero = {*found.flat}  # but for rounding
    least, most = (0.0 if place in zero else told.eigenvalues[place] for place in (0, len(told.eigenvalues) - 1))
    spread = f"eigenvalues {number(least, DIGITS)} to {number(most, DIGITS)}"
    match found.shape:
        case "saddle":
            ways = f"up along {direction(told, -1)}, down along {direction(told, 0)}"
            return f"a saddle ({spread}): f curves {ways}" if found.still else f"f curves {ways} ({spread})"
        case "up" if found.still and not found.flat:
            return f"a minimum: the gradient is 0 and f curves up in every direction ({spread})"
        case "down" if found.still and not found.flat:
            return f"a maximum: the gradient is 0 and f curves down in every direction ({spread})"
        case "up" | "down":
            where = "in every direction" if not found.flat else "or not at all"
            return f"f curves {found.shape} {where} here ({spread})"
    return "f does not curve here: all second derivatives are 0"


def axes(told: Hessian, pair: tuple[str, str]) -> tuple[tuple[float, tuple[float, float]], ...]:
    """The eigenvalues, lowest first, and directions of length 1 of the Hessian by these two of its variables alone."""
    if told.row is not None or any(name not in told.names for name in pair):
        return ()
    first, second = (told.names.index(name) for name in pair)
    a, d = told.matrix[first][first], told.matrix[second][second]
    b = (told.matrix[first][second] + told.matrix[second][first]) / 2
    if not all(map(math.isfinite, (a, b, d))):
        return ()
    middle, radius = (a + d) / 2, math.hypot((a - d) / 2, b)
    turn = math.atan2(2 * b, a - d) / 2  # of the larger one
    x, y = math.cos(turn), math.sin(turn)
    return (middle - radius, (-y, x)), (middle + radius, (x, y))


def direction(told: Hessian, place: int) -> str:
    """`(x: 0.71, y: -0.71)`, the largest parts of a longer one."""
    found = [
        (name, part if abs(part) > LEAST_PART else 0.0)
        for name, part in zip(told.names, told.directions[place], strict=True)
    ]
    parts = sorted(found, key=lambda part: -abs(part[1]))[:MOST_PARTS]
    sign = -1 if parts and parts[0][1] < 0 else 1
    more = ", …" if len(told.names) > MOST_PARTS else ""
    return f"({', '.join(f'{name}: {number(sign * part + 0.0, 2)}' for name, part in parts)}{more})"
