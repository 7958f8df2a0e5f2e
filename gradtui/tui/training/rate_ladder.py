"""Learning rates one after the other, as a key goes through them. Pure."""

from __future__ import annotations

from decimal import Decimal

RATES = (Decimal(1), Decimal(2), Decimal(5))


def next_rate(rate: float, by: int) -> float:
    """The next of … 0.1, 0.2, 0.5, 1 …, above or below."""
    if rate <= 0:
        return 0.001 if by > 0 else 0.0
    exponent = Decimal(repr(rate)).adjusted()
    rates = [one.scaleb(power) for power in range(exponent - 1, exponent + 2) for one in RATES]
    given = Decimal(repr(rate))
    others = [one for one in rates if (one > given if by > 0 else one < given)]
    return float(min(others) if by > 0 else max(others))
