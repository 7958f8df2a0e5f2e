"""Tensor -> Summary: in few passes where its elements are ordinary, exactly where they are not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import neg

import torch

from gradtui.snapshot.model import Summary

LEAST_SAFE, MOST_SAFE = 1e-15, 1e15
"""Between these the squares of float32 neither vanish nor overflow in its norm."""
NARROW = (torch.float16, torch.bfloat16)
FEW = 1 << 24
"""Elements that one thread reads in some 20 ms: at most a few matrices of a model have more."""


@contextmanager
def one_thread(elements: int = 0) -> Iterator[None]:
    """Within it torch has no other thread help this one, but for more than FEW elements.

    Threads that wait for each other in reductions take several times as long on a busy machine, and two of them on a quiet one
    hardly less than one alone: a BERT of 50 million parameters, with their gradients, is read in 133 ms by two, in 161 by one.
    """
    before = torch.get_num_threads()
    if before == 1 or elements > FEW:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def summary(tensor: torch.Tensor) -> Summary:
    """Of one tensor, also of a sparse one: what it leaves out is 0."""
    count = tensor.numel()
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.values()
        if tensor.numel() == 0:
            return Summary(0.0, 0.0, 0.0, 0.0, 0, 0, count)
    tensor = wide(tensor)
    found = (*torch.aminmax(tensor), tensor.sum(), torch.linalg.vector_norm(tensor), torch.count_nonzero(tensor))
    return _told(_read(found), count, tensor.numel() < count, tensor.dtype) or _exact(tensor, count)


def summaries(rows: torch.Tensor) -> list[Summary]:
    """Of each row of a matrix, which is `wide`."""
    other = torch.ne(rows, 0, out=torch.empty_like(rows)).sum(1)  # a tenth of count_nonzero's time, and as exact
    found = (rows.amin(1), rows.amax(1), rows.sum(1), torch.linalg.vector_norm(rows, dim=1), other)
    count = rows.shape[1]
    least, most, sums, norms, others = torch.stack(found).tolist()
    read = zip(least, most, sums, norms, others, strict=True)
    if _are_ordinary(least, most, sums, norms, rows.dtype):
        return [
            Summary(low, high, total / count, norm, 0, 0, count - int(some)) for low, high, total, norm, some in read
        ]
    told = [_told(each, count, False, rows.dtype) for each in read]
    missing = [row for row, each in enumerate(told) if each is None]
    if missing and rows.dtype is not torch.float64:
        for row, each in zip(missing, summaries(rows[missing].double()), strict=True):
            told[row] = each
    return [each or _exact(rows[row], count) for row, each in enumerate(told)]


def _are_ordinary(
    least: list[float], most: list[float], sums: list[float], norms: list[float], dtype: torch.dtype
) -> bool:
    """Whether `_told` has all of them: asked of whole columns, in a fraction of the time."""
    if not (all(map(math.isfinite, sums)) and all(map(math.isfinite, norms))):
        return False
    largest = [*filter(None, map(max, most, map(neg, least)))]
    return dtype is torch.float64 or not largest or (min(largest) > LEAST_SAFE and max(largest) < MOST_SAFE)


def wide(tensor: torch.Tensor) -> torch.Tensor:
    """In a dtype that its sum fits."""
    return tensor.float() if tensor.dtype in NARROW or not tensor.is_floating_point() else tensor


def _read(found: Sequence[torch.Tensor]) -> list[float]:
    """One wait for another device, not five."""
    if found[0].device.type == "cpu":
        return [number.item() for number in found]
    read: list[float] = torch.stack([number.to(torch.float64) for number in found]).tolist()
    return read


def _told(found: Sequence[float], count: int, gaps: bool, dtype: torch.dtype) -> Summary | None:
    """None where an element is not finite, or float32 does not hold the squares. `gaps`: there are more elements, all 0."""
    least, most, total, norm, other = found
    largest = max(abs(least), abs(most))
    safe = dtype is torch.float64 or largest == 0 or LEAST_SAFE < largest < MOST_SAFE
    if not (safe and math.isfinite(total) and math.isfinite(norm)):
        return None
    if gaps:
        least, most = min(least, 0.0), max(most, 0.0)
    return Summary(least, most, total / count, norm, 0, 0, count - int(other))


def _exact(tensor: torch.Tensor, count: int) -> Summary:
    """`count`: with the elements that are left out, all 0."""
    flat = tensor.reshape(-1).to(torch.float64)
    left_out = count - len(flat)
    finite = flat[flat.isfinite()]
    number = len(finite) + left_out
    nan, inf, zero = (int(found.sum()) for found in (flat.isnan(), flat.isinf(), flat == 0))
    if not number:
        return Summary(None, None, None, None, nan, inf, zero)
    least, most = (finite.min().item(), finite.max().item()) if len(finite) else (0.0, 0.0)
    if left_out:
        least, most = min(least, 0.0), max(most, 0.0)
    norm = torch.linalg.vector_norm(finite).item()
    return Summary(least, most, finite.sum().item() / number, norm, nan, inf, zero + left_out)
