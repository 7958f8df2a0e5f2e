"""What the floating-point types hold: where they end, and which of them end soon."""

from __future__ import annotations

import struct

MOST = {"float16": "65504", "bfloat16": "3.4e38", "float32": "3.4e38", "float64": "1.8e308"}
"""The largest number of a dtype."""
LEAST = {"float16": 6e-8, "bfloat16": 9.2e-41, "float32": 1.4e-45, "float64": 4.9e-324}
"""The smallest number above 0."""
BY_TORCH = {"Half": "float16", "BFloat16": "bfloat16", "Float": "float32"}
"""By what torch's messages call them."""
EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
NARROW = ("float16", "bfloat16")
"""Those in which a number of a model may well be too large, or too small."""

IN_DTYPE: dict[str, dict[str, str]] = {
    "float16": {
        "beside 0": "1e-4",
        "in a root": "1e-3",
        "of a spread": "1e-3",
        "beside 1": "1e-3",
        "wider": "use bfloat16 or float32 for it",
    },
    "bfloat16": {
        "beside 0": "1e-8",
        "in a root": "1e-12",
        "of a spread": "1e-6",
        "beside 1": "1e-2",
        "wider": "use float64 for it, which holds up to 1.8e308",
    },
    "float32": {
        "beside 0": "1e-8",
        "in a root": "1e-12",
        "of a spread": "1e-6",
        "beside 1": "1e-6",
        "wider": "use float64, which holds up to 1.8e308",
    },
}
UNKNOWN = IN_DTYPE["float32"] | {"wider": "use a wider dtype"}
IN_DTYPE["float64"] = IN_DTYPE["float32"] | {"wider": "work with their logarithms"}


def in_dtype(remedy: str, dtype: str) -> str:
    """With the small numbers that keep an operand off 0, or off 1, in this dtype, with a slope that it holds, too; and with
    what holds more."""
    return remedy.format_map(IN_DTYPE.get(dtype, UNKNOWN))


def held(number: float, dtype: str) -> float:
    """What is left of it in this dtype."""
    try:
        if dtype == "bfloat16":  # the upper half of a float32, to the nearest, an even one of two
            (bits,) = struct.unpack("<I", struct.pack("<f", number))
            return float(struct.unpack("<f", struct.pack("<I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000))[0])
        form = {"float16": "<e", "float32": "<f"}.get(dtype, "<d")
        return float(struct.unpack(form, struct.pack(form, number))[0])
    except (OverflowError, struct.error):
        return number


def wider(dtype: str) -> str:
    """What people take where something is too large for a dtype."""
    return in_dtype("{wider}", dtype)
