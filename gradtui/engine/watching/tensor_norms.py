"""Norms of many tensors at once, and what one that is not finite consists of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch

from gradtui.engine.tensors.summaries import in_rows
from gradtui.graph.exact_sum import exact_sum
from gradtui.runs.run import ParameterNorms

FEW = 1 << 20
"""Elements that are looked at together, where something as large is made of them."""
PART = 1 << 16
"""Elements of which torch's own norm, which adds up squares one after the other, has four digits right, mostly six."""


def norms(tensors: Sequence[torch.Tensor]) -> list[float]:
    """The Euclidean norm of each, by one call for those of a kind; 0 only where all elements are 0."""
    every = [plain(tensor) for tensor in tensors]
    groups: dict[tuple[torch.device, torch.dtype], list[tuple[int, torch.Tensor]]] = {}
    for place, tensor in enumerate(every):
        groups.setdefault((tensor.device, tensor.dtype), []).extend((place, part) for part in _parts(tensor))
    of_parts: list[list[float]] = [[] for _ in every]
    for (_, dtype), parts in groups.items():
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        several = torch._foreach_norm([part for _, part in parts], 2, wide)
        for (place, _), norm in zip(parts, torch.stack(several).tolist(), strict=True):
            of_parts[place].append(norm)
    return [_together(found, tensor) for found, tensor in zip(of_parts, every, strict=True)]


def _parts(tensor: torch.Tensor) -> Sequence[torch.Tensor]:
    """Of a large tensor, as it lies in memory."""
    if tensor.numel() <= PART or tensor.dtype is torch.float64 or tensor.device.type != "cpu":
        return (tensor,)
    rows, rest = in_rows(tensor, PART)
    return (*rows.unbind(), rest)


def _together(found: Sequence[float], tensor: torch.Tensor) -> float:
    """The norm of a tensor by those of its parts; squares of what is very small or large leave float32."""
    norm = found[0] if len(found) == 1 else math.sqrt(sum(one * one for one in found))
    return _exact(tensor) if (norm <= 1e-18 or norm >= 1e18) and tensor.numel() else norm


def counts(tensor: torch.Tensor) -> tuple[int, int]:
    """How many elements are nan, and how many infinite."""
    nan = inf = 0
    for part in _few(plain(tensor)):
        nan += int(part.isnan().count_nonzero())
        inf += int(part.isinf().count_nonzero())
    return nan, inf


def share_at(gradients: Sequence[torch.Tensor], bound: float) -> float:
    """How many of the elements that are not 0 have at least this size."""
    every = [plain(one) for one in gradients]
    filled = sum(int(one.count_nonzero()) for one in every)
    at_bound = sum(int((part.abs() >= bound * (1 - 1e-6)).sum()) for one in every for part in _few(one))
    return at_bound / filled if filled else 0.0


def differences(before: list[torch.Tensor], after: Sequence[torch.Tensor]) -> list[float]:
    """The norm of what changed; `before` is written over."""
    if before:
        torch._foreach_sub_(before, [plain(tensor) for tensor in after])
    return norms(before)


def products(pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """The sum of the products of their elements, waited for once; nan where two are not of the same shape."""
    every = [(plain(one), plain(other)) for one, other in pairs]
    if any(one.shape != other.shape or one.device != other.device for one, other in every):
        return math.nan
    groups: dict[tuple[torch.device, torch.dtype], list[torch.Tensor]] = {}
    for one, other in every:
        for part, of_other in zip(_few(one), _few(other), strict=True):
            found = torch.dot(_flat(part), _flat(of_other))
            groups.setdefault((found.device, found.dtype), []).append(found)
    return exact_sum(number for of in groups.values() for number in torch.stack(of).tolist())


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.flatten().to(torch.float64 if tensor.dtype == torch.float64 else torch.float32)


def moved(steps: Sequence[ParameterNorms]) -> float:
    """By how much of the norm of all weights one step changes them."""
    before = math.hypot(*(one.weight for one in steps))
    return math.hypot(*(one.change for one in steps)) / before if before else math.inf


def copies(tensors: Sequence[torch.Tensor], into: list[torch.Tensor]) -> list[torch.Tensor]:
    """Of all tensors; in the memory of `into` where that is as large."""
    every = [plain(tensor) for tensor in tensors]
    fits = len(into) == len(every) and all(
        one.shape == other.shape and one.dtype == other.dtype and one.device == other.device
        for one, other in zip(into, every, strict=True)
    )
    if not fits:
        return [tensor.clone() for tensor in every]
    if into:
        torch._foreach_copy_(into, every)
    return into


def _exact(tensor: torch.Tensor) -> float:
    largest = max(map(abs, map(float, tensor.aminmax())))
    if not 0 < largest < math.inf:
        return largest
    return math.hypot(*(float((_wide(part) / largest).norm()) for part in _few(tensor))) * largest


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.device.type != "mps" else tensor


def _few(tensor: torch.Tensor) -> Sequence[torch.Tensor]:
    """Of a large tensor parts, so that what is made of each takes hardly any memory beside it."""
    rows, rest = in_rows(tensor, FEW)
    return (*rows.unbind(), rest)


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers of this process, as real ones."""
    tensor = tensor.detach()
    if type(tensor) is torch.Tensor and tensor.layout == torch.strided and not tensor.is_complex():
        return tensor
    if tensor.layout != torch.strided:
        tensor = tensor.coalesce().values() if tensor.layout == torch.sparse_coo else tensor.values()
    if hasattr(tensor, "to_local"):
        tensor = cast(Any, tensor).to_local()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def is_empty(tensor: torch.Tensor) -> bool:
    """Here: of a parameter that is spread over ranks, this one may hold nothing."""
    local = cast(Any, tensor).to_local() if hasattr(tensor, "to_local") else tensor
    return not local.numel()
