"""f' from values of f alone."""

from __future__ import annotations

from msgspec import Struct


class Differences(Struct, frozen=True):
    """f' by finite differences in float64, one number for each element of the variable.

    `left` and `right` are one-sided: where they differ, f has a corner or a jump. None where f is not finite
    on that side, infinite where the quotient grows without end (a jump, a vertical tangent).
    error: how far `central` may be off, by its own account; None where that is not known.
    reach: how far from the element f is looked at, where it is known in float32 alone: a corner may stand beside it. Else ().
    """

    central: tuple[float | None, ...]
    left: tuple[float | None, ...]
    right: tuple[float | None, ...]
    error: tuple[float | None, ...] = ()
    reach: tuple[float, ...] = ()
