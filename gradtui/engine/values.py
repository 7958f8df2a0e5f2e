"""tensor -> Values, the numbers that leave the engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch

from gradtui.snapshot.model import Summary, Values

MOST_NUMBERS = 4096
"""A tensor with more elements is summarised."""
FIRST_NUMBERS = 8
LEAST_SAFE, MOST_SAFE = 1e-15, 1e15
"""Between these the squares of float32 neither vanish nor overflow in its norm."""
NARROW = (torch.float16, torch.bfloat16)


def values_of(tensor: torch.Tensor | int | float, most: int = MOST_NUMBERS) -> Values:
    """All numbers of a tensor of at most `most` elements, or of a plain number; the first 8 and a summary of a larger one.

    A complex tensor is read as pairs of real and imaginary part, which makes a last dimension of 2.
    """
    if not isinstance(tensor, torch.Tensor):
        return Values((), (float(tensor),))
    tensor = tensor.detach()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.ndim == 0:
        return Values((), (float(tensor.item()),))
    shape = tuple(tensor.shape)
    if tensor.numel() <= most:
        return Values(shape, tuple(map(float, _dense(tensor).reshape(-1).tolist())))
    return Values(shape, _first(tensor), _summary(tensor))


def legible(tensor: torch.Tensor, most: int = FIRST_NUMBERS) -> Values | None:
    """The Values of any tensor of user code; None where there are no numbers to read.

    A `meta` tensor has none, nor has a class of its own kind: of a compiler, of several machines, nested.
    """
    own = type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__
    return None if own or tensor.is_meta or tensor.is_nested else values_of(tensor, most)


def dtype_name(tensor: torch.Tensor) -> str:
    """`float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def viewed(values: Values, tensor: torch.Tensor) -> Values:
    """The Values of another view of all the same elements: only their order is another."""
    if values.summary is None:
        return values_of(tensor)
    return Values(tuple(tensor.shape), _first(tensor), values.summary)


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def _first(tensor: torch.Tensor) -> tuple[float, ...]:
    """Without a copy of the whole."""
    if tensor.layout is torch.sparse_coo:
        rows = -(-FIRST_NUMBERS * len(tensor) // tensor.numel())
        tensor = tensor.index_select(0, torch.arange(rows, device=tensor.device)).to_dense()
    if tensor.shape[-1] >= FIRST_NUMBERS or tensor.is_contiguous():
        stride = tensor.stride(-1) if tensor.shape[-1] >= FIRST_NUMBERS else 1
        first = tensor.as_strided((FIRST_NUMBERS,), (stride,))
    else:
        first = tensor[_corner(tensor.shape)].reshape(-1)[:FIRST_NUMBERS]
    return tuple(map(float, first.tolist()))


def _corner(shape: Sequence[int]) -> tuple[slice, ...]:
    """A corner of the shape that has the first numbers in it, and few more."""
    slices, wanted = [], FIRST_NUMBERS
    for size in reversed(shape):
        slices.append(slice(min(size, wanted)))
        wanted = -(-wanted // size)
    return tuple(reversed(slices))


def _summary(tensor: torch.Tensor) -> Summary:
    """In four passes over the elements, where they are finite and of ordinary size."""
    count = tensor.numel()
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.values()
    if not tensor.is_floating_point() or tensor.dtype in NARROW:
        tensor = tensor.float()
    if tensor.numel() == 0:
        return Summary(0.0, 0.0, 0.0, 0.0, 0, 0, count)
    low, high = torch.aminmax(tensor)
    found = (low, high, tensor.sum(), torch.linalg.vector_norm(tensor), torch.count_nonzero(tensor))
    least, most, total, norm, other = _read(found)
    largest = max(abs(least), abs(most))
    if tensor.dtype is not torch.float64 and not (largest == 0 or LEAST_SAFE < largest < MOST_SAFE):
        return _exact_summary(tensor, count)
    if not (math.isfinite(total) and math.isfinite(norm)):
        return _exact_summary(tensor, count)
    if tensor.numel() < count:  # the elements that a sparse tensor leaves out are 0
        least, most = min(least, 0.0), max(most, 0.0)
    return Summary(least, most, total / count, norm, 0, 0, count - int(other))


def _read(found: Sequence[torch.Tensor]) -> list[float]:
    """One wait for another device, not five."""
    if found[0].device.type == "cpu":
        return [number.item() for number in found]
    return cast("list[float]", torch.stack([number.to(torch.float64) for number in found]).tolist())


def _exact_summary(tensor: torch.Tensor, count: int) -> Summary:
    """Also of elements that are not finite, or whose squares no float32 holds. `count`: with what is left out as 0."""
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
