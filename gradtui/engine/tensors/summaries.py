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
ROW = 256
"""Squares that are added up one after the other in float32."""
PART = 1 << 20
"""Elements that are looked at in float64 at once."""


@contextmanager
def one_thread(elements: int = 0) -> Iterator[None]:
    """Within it torch has no other thread help this one, but for more than FEW elements.

    On a busy machine threads that wait for each other in reductions take several times as long as one. On a quiet machine two
    gain little: a BERT of 50 million parameters, with its gradients, is read in 133 ms by two and in 161 ms by one.
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
    once = wide(_once(tensor))
    times = tensor.numel() // once.numel()
    found = (*torch.aminmax(once), once.sum(), norm(once), torch.count_nonzero(once))
    least, most, total, size, other = _read(found)
    read = least, most, total * times, size * math.sqrt(times), other * times
    return _told(read, count, tensor.numel() < count, once.dtype) or _exact(once, times, count)


def _once(tensor: torch.Tensor) -> torch.Tensor:
    """Its elements, those that `expand` repeats only once: the gradient that a mean sends is one number in memory."""
    if tensor.numel() <= ROW:
        return tensor
    return tensor[tuple(0 if step == 0 else slice(None) for step in tensor.stride())]


def norm(tensor: torch.Tensor) -> torch.Tensor:
    """At least in float32. torch's own adds up all the squares, one after the other: of 50 million a quarter may be lost."""
    dtype = torch.float32 if tensor.dtype in NARROW else None
    found: torch.Tensor
    if tensor.device.type != "cpu" or tensor.numel() <= ROW or tensor.dtype is torch.float64:
        found = torch.linalg.vector_norm(tensor, dtype=dtype)
        return found
    rows, rest = in_rows(tensor, ROW)
    of_rows = torch.linalg.vector_norm(rows, dim=1, dtype=dtype)
    found = torch.linalg.vector_norm(torch.cat((of_rows, rest)), dtype=torch.float64)
    return found


def in_rows(tensor: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Its elements as they lie in memory, in rows of this length, and those that are left."""
    if not tensor.is_contiguous():
        tensor = tensor.permute(sorted(range(tensor.ndim), key=tensor.stride().__getitem__, reverse=True))
    flat = tensor.reshape(-1)
    whole = len(flat) - len(flat) % length
    return flat[:whole].view(-1, length), flat[whole:]


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
    return [each or _exact(rows[row], 1, count) for row, each in enumerate(told)]


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


def _exact(tensor: torch.Tensor, times: int, count: int) -> Summary:
    """times: how often each element stands there. count: of all, with those that are left out and are 0."""
    left_out = count - tensor.numel() * times
    nan = inf = zero = 0
    finite, extremes, total, size = left_out, [0.0] * (left_out > 0), 0.0, 0.0
    for part in torch.split(tensor.reshape(-1), PART):
        flat = part.to(torch.float64)
        good = flat[flat.isfinite()]
        nan, inf, zero = (
            known + times * int(found.count_nonzero())
            for known, found in zip((nan, inf, zero), (flat.isnan(), flat.isinf(), flat == 0), strict=True)
        )
        if len(good):
            finite += times * len(good)
            extremes += [good.min().item(), good.max().item()]
            total += times * good.sum().item()
            size = math.hypot(size, math.sqrt(times) * torch.linalg.vector_norm(good).item())
    if not finite:
        return Summary(None, None, None, None, nan, inf, zero)
    return Summary(min(extremes), max(extremes), total / finite, size, nan, inf, zero + left_out)
