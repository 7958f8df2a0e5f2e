"""Some elements of a tensor that stand for all of them."""

from __future__ import annotations

import math


def step_of(count: int, most: int) -> int:
    """By which of `count` elements about `most` are met. It has no factor in common with `count`: else they might all stand in
    one column."""
    step = max(1, count // most)
    while math.gcd(step, count) > 1:
        step -= 1
    return step
