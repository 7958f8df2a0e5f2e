"""Taylor's polynomial as it is written, `29 + 11*(x - 4) + (x - 4)^2`, and how many digits of each coefficient are right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from gradtui.dtypes import limits
from gradtui.graph.agreement_words import MORE
from gradtui.graph.digits import enough, in_words, right_digits
from gradtui.graph.higher_orders import polynomial, prime, without
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Orders
from gradtui.snapshot.truth import Coefficients

DIGITS = 5
MOST_PRIMES = 4
NONE_RIGHT = "no digit is right"
"""Be it that rounding took them, or that torch has no derivative of a derivative."""
ONLY_ROUNDING = "no more than rounding"
POWERS = ("", "", *"²³⁴⁵⁶⁷⁸")


class Coefficient(Struct, frozen=True):
    """One of Taylor's polynomial. digits: how many of autograd's are right, None where Calculus has nothing to say.

    lost: whether more are missing than ordinary rounding takes. value: what is written and drawn: autograd's number, or that of
    Calculus where digits are lost.
    """

    value: float
    autograd: float
    calculus: float | None = None
    digits: int | None = None
    lost: bool = False


def coefficients(snapshot: Snapshot, orders: Orders) -> tuple[Coefficient, ...]:
    """All that autograd has, each measured by Calculus where that knows it."""
    known = snapshot.taylor or Coefficients()
    typed = known.typed or known.numbers
    told = []
    for power, autograd in enumerate(orders.taylor):
        here = known.numbers[power] if power < len(known.numbers) else None
        if here is None:
            told.append(Coefficient(autograd, autograd))
            continue
        is_zero = autograd == 0 and power < len(typed) and typed[power] == 0  # (x - 4.3)^2 at 4.3 is right
        digits = right_digits(autograd, 0.0 if is_zero else here, snapshot.dtype)
        lost = not enough(digits, snapshot.dtype)
        told.append(Coefficient(here if lost else autograd, autograd, here, digits, lost))
    return tuple(told)


def values(snapshot: Snapshot, orders: Orders) -> tuple[float, ...]:
    """The numbers of the polynomial, as they are drawn."""
    return tuple(one.value for one in coefficients(snapshot, orders))


def lines(snapshot: Snapshot, orders: Orders, degree: int | None = None) -> Iterator[str]:
    """The polynomial, where each coefficient comes from, which of its digits are right, and by how much it is off at the ends
    of the curve's window.

    degree: of the part of it that is meant, None for all.
    """
    told = coefficients(snapshot, orders)[: None if degree is None else degree + 1]
    wanted = orders.degree if degree is None else degree
    if not told:
        return
    along = f" along {orders.along}" if len(snapshot.variables) > 1 else ""
    yield f"Taylor{along}, degree {len(told) - 1}: {_written(snapshot, orders, told)}"
    place = _place(snapshot, orders)
    for power, one in enumerate(told):
        yield f"  c{power} = {_derivation(snapshot, orders, power, one.value, place)} = {number(one.value, DIGITS)}"
        if one.lost:
            digits = one.digits or 0
            right = in_words(digits, snapshot.dtype) if digits else NONE_RIGHT
            yield f"    by Calculus; autograd {number(one.autograd, digits + MORE)}: {right}"
    if (first := _first_without(snapshot, orders)) < len(told):
        which = f"c{first}" if first + 1 == len(told) else f"c{first} to c{len(told) - 1}"
        yield f"  there is no derivative of order {first} here: torch's numbers stand for {which}"
    elif (unchecked := _unchecked(snapshot, orders, told)) is not None:
        yield f"  {unchecked}"
    if len(told) <= wanted:
        why = "a further derivative is not there, or its graph is too large"
        yield f"  it ends at degree {len(told) - 1}, not {wanted}: {why}"
    curve = snapshot.curve
    if curve is None or curve.alone or (curve.variable, curve.element) != (orders.along, orders.element):
        return
    known = [(x, f) for x, f in zip(curve.x, curve.f, strict=True) if math.isfinite(f)]
    if not known:
        return
    numbers = tuple(one.value for one in told)
    off = [f"{_off(numbers, place, x, f, snapshot.dtype)} at {number(x)}" for x, f in (known[0], known[-1])]
    yield f"  it is off by {' and '.join(off)}"


def _off(numbers: tuple[float, ...], place: float, x: float, f: float, dtype: str) -> str:
    """By how much the polynomial misses f; what rounding the coefficients and f alone would do is no distance."""
    off = polynomial(numbers, place, x) - f
    size = abs(f) + sum(abs(one * (x - place) ** power) for power, one in enumerate(numbers))
    return ONLY_ROUNDING if 0 < abs(off) <= limits(dtype).epsilon * size else number(off, DIGITS)


def _first_without(snapshot: Snapshot, orders: Orders) -> int:
    """The lowest order of which f has no derivative here, as far as is known; one more than there are where it has all."""
    place = orders.along, orders.element
    each = (order for order in range(1, len(orders.orders) + 1) if place in without(snapshot, order))
    return next(each, len(orders.taylor))


def _unchecked(snapshot: Snapshot, orders: Orders, told: Sequence[Coefficient]) -> str | None:
    """Those beyond the orders that are checked, of which Calculus knows none; None while its answer is on its way."""
    if snapshot.taylor is None and snapshot.derivative != {}:
        return None
    silent = [f"c{power}" for power, one in enumerate(told) if one.calculus is None and power > len(orders.orders)]
    if not silent:
        return None
    return (
        f"nothing checks {silent[0] if len(silent) == 1 else f'{silent[0]} to {silent[-1]}'}: Calculus has no such here"
    )


def _derivation(snapshot: Snapshot, orders: Orders, power: int, value: float, place: float) -> str:
    """`f''(4)/2! = 2/2`; of several variables `∂²f/∂x²/2!`."""
    at = number(place, DIGITS)
    if power == 0:
        return f"f({at})" if len(snapshot.variables) == 1 and not snapshot.variables[orders.along].value.shape else "f"
    factorial = math.factorial(power)
    if len(snapshot.variables) == 1 and not snapshot.variables[orders.along].value.shape:
        called = f"{prime(power) if power <= MOST_PRIMES else f'f^({power})'}({at})"
    else:
        called = f"∂{POWERS[power]}f/∂{_name(snapshot, orders)}{POWERS[power]}"
    slope = number(value * factorial, DIGITS)
    return called if power == 1 else f"{called}/{power}! = {slope}/{factorial}"


def _place(snapshot: Snapshot, orders: Orders) -> float:
    state = snapshot.variables[orders.along].value
    return state.numbers[orders.element] if orders.element < len(state.numbers) else 0.0


def _name(snapshot: Snapshot, orders: Orders) -> str:
    return f"{orders.along}[{orders.element}]" if snapshot.variables[orders.along].value.shape else orders.along


def taylor_text(snapshot: Snapshot, orders: Orders) -> str:
    """With its coefficients rounded; in our own notation, as it can be typed."""
    return _written(snapshot, orders, coefficients(snapshot, orders))


def _written(snapshot: Snapshot, orders: Orders, told: Sequence[Coefficient]) -> str:
    at, name = _place(snapshot, orders), _name(snapshot, orders)
    moved = name if at == 0 else f"({name} {'-' if at > 0 else '+'} {number(abs(at), DIGITS)})"
    text = ""
    for power, coefficient in enumerate(one.value for one in told):
        if coefficient == 0:
            continue
        size = number(abs(coefficient), DIGITS)
        place = "" if power == 0 else moved if power == 1 else f"{moved}^{power}"
        term = size if not place else place if size == "1" else f"{size}*{place}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {term}" if text else f"{'-' if sign == '-' else ''}{term}"
    return text or "0"
