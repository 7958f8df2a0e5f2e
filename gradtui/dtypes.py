"""The floating-point dtypes: where each ends, and how fine it is. What torch.finfo tells, without torch."""

from __future__ import annotations

import math
import struct

from msgspec import Struct


class Limits(Struct, frozen=True):
    """largest, smallest: of the numbers above 0. smallest_normal: the smallest that has all digits of the dtype.

    epsilon: from 1 to the next larger number. unit: the largest relative error of one rounding, half of it. digits: decimal ones
    that it holds.
    """

    largest: float
    smallest_normal: float
    smallest: float
    epsilon: float
    unit: float
    digits: int


def _limits(bits: int, exponent: int) -> Limits:
    """bits: of the significand, with the first one, which is not stored. exponent: of 2, in the largest numbers."""
    return Limits(
        largest=(2.0 - 2.0 ** (1 - bits)) * 2.0**exponent,
        smallest_normal=2.0 ** (1 - exponent),
        smallest=2.0 ** (2 - exponent - bits),
        epsilon=2.0 ** (1 - bits),
        unit=2.0**-bits,
        digits=round(bits * math.log10(2)),
    )


LIMITS = {
    "float16": _limits(11, 15),
    "bfloat16": _limits(8, 127),
    "float32": _limits(24, 127),
    "float64": _limits(53, 1023),
}
NARROW = ("float16", "bfloat16")
"""Those in which a number of a model may well be too large, or too small, and a step of a training be lost."""


def limits(dtype: str) -> Limits:
    """Those of float32 where it is none of these four."""
    return LIMITS.get(dtype, LIMITS["float32"])


def rounded(number: float, dtype: str) -> float:
    """What is left of it in this dtype; itself where that has no such number."""
    try:
        if dtype == "bfloat16":  # the upper half of a float32, to the nearest, an even one of two
            (bits,) = struct.unpack("<I", struct.pack("<f", number))
            return float(struct.unpack("<f", struct.pack("<I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000))[0])
        form = {"float16": "<e", "float32": "<f"}.get(dtype, "<d")
        return float(struct.unpack(form, struct.pack(form, number))[0])
    except (OverflowError, struct.error):
        return number
