"""Whether a normalisation has a single element to normalise: what it makes is the same then, whatever comes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

functional = torch.nn.functional
NORMALISING = {functional.layer_norm, functional.rms_norm, functional.group_norm}
MOST_EPS = 1e-3
"""Of RMSNorm: with a larger one x / sqrt(x^2 + eps) is a curve, and no sign."""


def note(
    history: History,
    func: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    place: Callable[[], Source | None],
) -> None:
    """func: one of NORMALISING. place: where it was called."""
    if len(args) < 2 or not issubclass(type(args[0]), torch.Tensor) or not args[0].requires_grad:
        return
    given, sizes = args[:2]
    over, count = (given.shape[1:], sizes) if func is functional.group_norm else (sizes, 1)
    by_size = func is functional.rms_norm
    if given.numel() and math.prod(over) == count and not (by_size and (kwargs.get("eps") or 0.0) > MOST_EPS):
        history.note("single_element", place(), norm=f"F.{func.__name__}", sizes=str([*given.shape]), by_size=by_size)
