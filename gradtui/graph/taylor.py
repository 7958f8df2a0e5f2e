"""Taylor's polynomial as it is written: `29 + 11*(x - 4) + (x - 4)^2`."""

from __future__ import annotations

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Orders

DIGITS = 5


def taylor_text(snapshot: Snapshot, orders: Orders) -> str:
    """With its coefficients rounded; in our own notation, as it can be typed."""
    state = snapshot.variables[orders.along].value
    at = state.numbers[orders.element] if orders.element < len(state.numbers) else 0.0
    name = f"{orders.along}[{orders.element}]" if state.shape else orders.along
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
