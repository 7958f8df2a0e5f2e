"""tensor -> Values, the numbers that leave the engine."""

from __future__ import annotations

import torch

from gradtui.snapshot.model import Summary, Values

MOST_NUMBERS = 4096
"""A tensor with more elements is summarised."""
FIRST_NUMBERS = 8


def values_of(tensor: torch.Tensor | int | float) -> Values:
    """All numbers of a small tensor or a plain number; the first 8 and a summary of a large one."""
    if not isinstance(tensor, torch.Tensor):
        return Values((), (float(tensor),))
    if tensor.ndim == 0:
        return Values((), (float(tensor.item()),))
    shape, flat = tuple(tensor.shape), tensor.detach().reshape(-1)
    if len(flat) <= MOST_NUMBERS:
        return Values(shape, tuple(map(float, flat.tolist())))
    return Values(shape, tuple(map(float, flat[:FIRST_NUMBERS].tolist())), _summary(flat))


def _summary(flat: torch.Tensor) -> Summary:
    flat = flat.to(torch.float64)
    finite = flat[flat.isfinite()]
    statistics = (finite.min(), finite.max(), finite.mean(), torch.linalg.vector_norm(finite)) if len(finite) else ()
    least, most, mean, norm = (value.item() for value in statistics) if statistics else (None,) * 4
    nan, inf, zero = (int(count.sum()) for count in (flat.isnan(), flat.isinf(), flat == 0))
    return Summary(least, most, mean, norm, nan, inf, zero)
