"""Where an axis is marked, and with what: few round numbers, all written with the same digits."""

from __future__ import annotations

import math

from gradtui.chart.window import Window

ROUND = (1, 2, 5)
PLAIN = 6
"""Characters up to which a number is written without an exponent, even if it would be shorter with one."""


def ticks(window: Window, most: int) -> list[tuple[float, str]]:
    """At most `most` round numbers inside the window, ascending, with their labels: `-2.5`, `2e6`.

    Empty only where `most` is 0 or where there is no round number in the window; a single one, which tells no scale, only
    where `most` is 1 or there are no more.
    """
    low, high = window
    if most < 1:
        return []
    exponent = math.floor(math.log10((high - low) / most))
    finer, of_finer = list[float](), exponent
    for scale in range(exponent, exponent + 4):
        for digit in ROUND:
            marks = _multiples(low, high, digit, scale)
            if len(marks) < 2 <= most < len(finer):
                return list(zip(finer[-most:], _labels(finer[-most:], of_finer), strict=True))
            if len(marks) <= most:
                return list(zip(marks, _labels(marks, scale), strict=True))
            finer, of_finer = marks, scale
    return []


def _multiples(low: float, high: float, digit: int, scale: int) -> list[float]:
    """The multiples of digit * 10^scale in the window, each the float nearest to it."""
    step = float(f"{digit}e{scale}")
    first, last = math.ceil(low / step), math.floor(high / step)
    multiples = (float(f"{count * digit}e{scale}") for count in range(first, last + 1))
    return [multiple for multiple in multiples if low <= multiple <= high]


def _labels(marks: list[float], scale: int) -> list[str]:
    """Multiples of 10^scale, all written plainly or all with an exponent, whichever is shorter."""
    plain = [f"{mark:.{max(0, -scale)}f}" if mark else "0" for mark in marks]
    scientific = [_scientific(mark, scale) if mark else "0" for mark in marks]
    longest, shortest = (max(map(len, labels), default=0) for labels in (plain, scientific))
    return plain if longest <= max(PLAIN, shortest) else scientific


def _scientific(value: float, scale: int) -> str:
    size = math.floor(math.log10(abs(value)))
    mantissa, _, exponent = f"{value:.{max(0, size - scale)}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"
