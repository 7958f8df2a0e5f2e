"""The sum of numbers, some of which may be infinite or not a number."""

from __future__ import annotations

import math
from collections.abc import Iterable


def exact_sum(terms: Iterable[float]) -> float:
    """Exact where it can be; `fsum` has no answer to inf - inf, nor to what is beyond the largest float."""
    terms = list(terms)
    try:
        return math.fsum(terms)
    except (ValueError, OverflowError):
        return sum(terms)
