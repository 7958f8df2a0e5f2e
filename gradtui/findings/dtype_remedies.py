"""What people do in each floating-point dtype: the numbers that keep an operand off an edge, and what holds more."""

from __future__ import annotations

LARGEST = {"float16": "65504", "bfloat16": "3.4e38", "float32": "3.4e38", "float64": "1.8e308"}
"""The largest number of a dtype, as people write it."""

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


def wider(dtype: str) -> str:
    """What people take where something is too large for a dtype."""
    return in_dtype("{wider}", dtype)
