"""Taylor's polynomial as it is written: `29 + 11*(x - 4) + (x - 4)^2`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec.structs import replace

from gradtui.graph.higher_orders import polynomial, prime
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Orders

DIGITS = 5
MOST_PRIMES = 4
POWERS = ("", "", *"²³⁴⁵⁶⁷⁸")


def lines(snapshot: Snapshot, orders: Orders, degree: int | None = None) -> Iterator[str]:
    """The polynomial, where each coefficient comes from, and by how much it is off at the ends of the curve's window.

    degree: of the part of it that is meant, None for all.
    """
    orders = orders if degree is None else replace(orders, taylor=orders.taylor[: degree + 1], degree=degree)
    if not orders.taylor:
        return
    along = f" along {orders.along}" if len(snapshot.variables) > 1 else ""
    yield f"Taylor{along}, degree {len(orders.taylor) - 1}: {taylor_text(snapshot, orders)}"
    place = _place(snapshot, orders)
    for power, coefficient in enumerate(orders.taylor):
        yield f"  c{power} = {_derivation(snapshot, orders, power, place)} = {number(coefficient, DIGITS)}"
    if len(orders.taylor) <= orders.degree:
        why = "a further derivative is not there, or its graph is too large"
        yield f"  it ends at degree {len(orders.taylor) - 1}, not {orders.degree}: {why}"
    curve = snapshot.curve
    if curve is None or curve.alone or (curve.variable, curve.element) != (orders.along, orders.element):
        return
    ends = ((curve.x[0], curve.f[0]), (curve.x[-1], curve.f[-1]))
    told = [f"{number(polynomial(orders.taylor, place, x) - f, DIGITS)} at {number(x)}" for x, f in ends]
    yield f"  it is off by {' and '.join(told)}"


def _derivation(snapshot: Snapshot, orders: Orders, power: int, place: float) -> str:
    """`f''(4)/2! = 2/2`; of several variables `∂²f/∂x²/2!`."""
    at = number(place, DIGITS)
    if power == 0:
        return f"f({at})" if len(snapshot.variables) == 1 and not snapshot.variables[orders.along].value.shape else "f"
    factorial = math.factorial(power)
    if len(snapshot.variables) == 1 and not snapshot.variables[orders.along].value.shape:
        called = f"{prime(power) if power <= MOST_PRIMES else f'f^({power})'}({at})"
    else:
        called = f"∂{POWERS[power]}f/∂{_name(snapshot, orders)}{POWERS[power]}"
    slope = number(orders.taylor[power] * factorial, DIGITS)
    return called if power == 1 else f"{called}/{power}! = {slope}/{factorial}"


def _place(snapshot: Snapshot, orders: Orders) -> float:
    state = snapshot.variables[orders.along].value
    return state.numbers[orders.element] if orders.element < len(state.numbers) else 0.0


def _name(snapshot: Snapshot, orders: Orders) -> str:
    return f"{orders.along}[{orders.element}]" if snapshot.variables[orders.along].value.shape else orders.along


def taylor_text(snapshot: Snapshot, orders: Orders) -> str:
    """With its coefficients rounded; in our own notation, as it can be typed."""
    at, name = _place(snapshot, orders), _name(snapshot, orders)
    moved = name if at == 0 else f"({name} {'-' if at > 0 else '+'} {number(abs(at), DIGITS)})"
    told = ""
    for power, coefficient in enumerate(orders.taylor):
        if coefficient == 0:
            continue
        size = number(abs(coefficient), DIGITS)
        place = "" if power == 0 else moved if power == 1 else f"{moved}^{power}"
        term = size if not place else place if size == "1" else f"{size}*{place}"
        sign = "-" if coefficient < 0 else "+"
        told = f"{told} {sign} {term}" if told else f"{'-' if sign == '-' else ''}{term}"
    return told or "0"
