"""tensor -> Values, the numbers that leave the engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import torch

from gradtui.engine.tensors.readable_tensors import has_numbers, readable
from gradtui.engine.tensors.summaries import one_thread, summary
from gradtui.engine.torch_private import with_storage, without_torch_functions
from gradtui.snapshot.model import Values

MOST_NUMBERS = 4096
"""A tensor with more elements is summarised."""
FIRST_NUMBERS = 8
PLAIN = (torch.Tensor, torch.nn.Parameter)


def values_of(tensor: torch.Tensor | int | float, most: int = MOST_NUMBERS) -> Values:
    """All numbers of a tensor of at most `most` elements, or of a plain number; the first 8 and a summary of a larger one.

    A complex tensor is read as pairs of real and imaginary part, which makes a last dimension of 2.
    """
    if not isinstance(tensor, torch.Tensor):
        return Values((), (float(tensor),))
    tensor = with_storage(tensor.detach())
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.ndim == 0:
        return Values((), (float(tensor.item()),))
    shape = tuple(tensor.shape)
    if tensor.numel() <= most:
        dense = tensor if tensor.layout is torch.strided else tensor.to_dense()
        return Values(shape, tuple(map(float, dense.reshape(-1).tolist())))
    with one_thread(tensor.numel()):
        return Values(shape, tuple(map(float, first(tensor).tolist())), summary(tensor))


def legible(tensor: torch.Tensor, most: int = FIRST_NUMBERS) -> Values:
    """The Values of any tensor of user code; without numbers, and with why, where there are none to read."""
    with without_torch_functions():
        known = tensor if type(tensor) in PLAIN and has_numbers(tensor) else readable(tensor)
        if not isinstance(known, str):
            try:
                return values_of(known, most)
            except RuntimeError:  # the device is gone, or there is no room for a copy
                known = "opaque"
        return Values(_shape(tensor), (), unread=known)


def _shape(tensor: torch.Tensor) -> tuple[int, ...]:
    """() where it is none of plain numbers: of a nested tensor, of a parameter that is not made yet."""
    try:
        shape = tuple(tensor.shape)
    except RuntimeError:
        return ()
    return shape if all(type(size) is int for size in shape) else ()


def dtype_name(tensor: torch.Tensor) -> str:
    """`float32`."""
    return name(tensor.dtype)


def device_name(tensor: torch.Tensor) -> str:
    """`cuda:0`."""
    return name(tensor.device)


@cache
def name(kind: torch.dtype | torch.device) -> str:
    return str(kind).removeprefix("torch.")


def first(tensor: torch.Tensor) -> torch.Tensor:
    """The first 8 elements of a larger tensor, row by row, without a copy of the whole."""
    if tensor.layout is not torch.strided:
        rows = -(-FIRST_NUMBERS * len(tensor) // tensor.numel())
        tensor = tensor.index_select(0, torch.arange(rows, device=tensor.device)).to_dense()
    if tensor.shape[-1] >= FIRST_NUMBERS:
        return tensor.as_strided((FIRST_NUMBERS,), (tensor.stride(-1),))
    if tensor.is_contiguous():
        return tensor.as_strided((FIRST_NUMBERS,), (1,))
    return tensor[_corner(tensor.shape)].reshape(-1)[:FIRST_NUMBERS]


def _corner(shape: Sequence[int]) -> tuple[slice, ...]:
    """A corner of the shape that has the first numbers in it, and few more."""
    slices, wanted = [], FIRST_NUMBERS
    for size in reversed(shape):
        slices.append(slice(min(size, wanted)))
        wanted = -(-wanted // size)
    return tuple(reversed(slices))


def step_of(count: int, most: int) -> int:
    """By which of `count` elements about `most` are met, to stand for all. It has no factor in common with `count`: else they
    might all stand in one column."""
    step = max(1, count // most)
    while math.gcd(step, count) > 1:
        step -= 1
    return step
