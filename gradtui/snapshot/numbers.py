"""How a number is written for a person: one place, so that screen and report agree."""

from __future__ import annotations

import math

from gradtui.snapshot.model import Unread, Values

NOT_KNOWN = "–"
"""Stands for "there is none" and "not computed yet": never 0."""

UNREAD: dict[Unread, str] = {
    "freed": "its storage is freed",
    "meta": "a meta tensor",
    "sharded": "each process has a part of it",
    "uninitialized": "not made yet",
    "transformed": "inside of a transform",
    "opaque": "not readable",
}
"""Stands for numbers that are not known of a tensor that is there."""

SIGNIFICANT = {"float32": 7, "float64": 10}
"""Digits that are worth showing for a dtype: float32 holds 7.2 as 7.19999980926."""


def number(value: float | None, digits: int = 7) -> str:
    """`29`, `7.2`, `1e20`, `nan`, `-inf`; `–` for None. At most `digits` significant digits.

    Below 1000 it is written out, with zeros for what fewer digits leave open: `20`, not `2e1`.
    """
    if value is None:
        return NOT_KNOWN
    if not math.isfinite(value):
        return str(value)
    mantissa, e, exponent = f"{value or 0.0:.{digits}g}".partition("e")  # and -0 is 0
    if not e:
        return mantissa
    return f"{mantissa}e{int(exponent)}" if int(exponent) not in (1, 2) else f"{float(f'{mantissa}e{exponent}'):.0f}"


def as_factor(text: str) -> str:
    """A number's text as it stands behind a `·`: `(-1)`."""
    return f"({text})" if text.startswith("-") else text


def numbers(values: Values | None, digits: int = 7, most: int = 8) -> str:
    """A scalar as itself, a vector as `[7.2, 13.8, 9.4]`, with `…` after `most` of them and the count behind.

    Where the tensor could not be read, why.
    """
    if values is None:
        return NOT_KNOWN
    if values.unread is not None:
        return UNREAD[values.unread]
    if values.shape == ():
        return number(values.numbers[0], digits)
    shown = ", ".join(number(value, digits) for value in values.numbers[:most])
    count = math.prod(values.shape)
    return f"[{shown}]" if count <= most else f"[{shown}, … {count} in all]"
