"""What can be read of a tensor: the one look before its numbers are. To read a storage that was freed ends the process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from gradtui.engine import distributed
from gradtui.engine.torch_private import has_no_numbers, is_wrapped
from gradtui.snapshot.model import Unread

REAL = {torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool, torch.uint8}
REAL |= {torch.int8, torch.int16, torch.int32, torch.int64}
PACKED = {torch.quint4x2: 2, torch.quint2x4: 4}
"""Elements in a byte."""
UNINITIALIZED = frozenset((UninitializedParameter, UninitializedBuffer))
COMPRESSED = {torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc}


def are_uninitialized(kinds: Iterable[type]) -> bool:
    """Whether one is that of a lazy module's parameter, or buffer, before its first call: it refuses whatever it is asked."""
    return not UNINITIALIZED.isdisjoint(kinds)


def has_numbers(tensor: torch.Tensor) -> bool:
    """Whether any operation may read it as it is: strided, of an ordinary dtype, in memory that is there.

    For a tensor of no class of its own. False also for what `readable` makes such a tensor of.
    """
    return is_real(tensor) and has_memory(tensor)


def is_real(tensor: torch.Tensor) -> bool:
    """Whether it is strided, and of an ordinary dtype."""
    return tensor.dtype in REAL and tensor.layout is torch.strided and not tensor.is_nested


def has_memory(tensor: torch.Tensor) -> bool:
    """Whether all elements of a strided tensor are in memory that is there."""
    try:
        storage = tensor.untyped_storage()
        there = storage.data_ptr() != 0
    except (RuntimeError, ValueError):  # inside a transform of torch.func, or of a compiler; not initialized
        return False
    if not there:
        return not tensor.numel() and not tensor.is_meta
    return reach(tensor) <= storage.nbytes()


def have_memory(tensors: Sequence[torch.Tensor]) -> bool:
    """`has_memory` of each; they are of one shape and dtype."""
    count, itemsize = tensors[0].numel(), tensors[0].itemsize
    try:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            whole = (tensor.storage_offset() + count) * itemsize if tensor.is_contiguous() else reach(tensor)
            if not storage.data_ptr() or whole > storage.nbytes():
                return not count and not tensor.is_meta and all(map(has_memory, tensors))
    except RuntimeError:  # inside a transform of torch.func, or of a compiler
        return False
    return True


def readable(tensor: torch.Tensor) -> torch.Tensor | Unread:
    """The same numbers as a strided tensor, or as a sparse COO one, without graph; or why there are none.

    A nested tensor becomes the row of all its elements, a DTensor that is whole in each process what this one has of it.
    Raises nothing, whatever the tensor: of a class of its own, on a device that is gone.
    """
    try:
        with torch.no_grad():
            return _readable(tensor)
    except Exception:  # what torch does not implement for it, and whatever a class of its own raises
        return "opaque"


def is_freed(tensor: torch.Tensor) -> bool:
    """Whether its storage does not reach as far as its elements do: it was freed, or made smaller.

    Fully sharded training frees the storage of parameters after forward, and fills it again for backward. For a tensor
    of no class of its own.
    """
    if tensor.layout is not torch.strided or tensor.is_nested:
        return False
    try:
        there = tensor.untyped_storage().nbytes()
    except RuntimeError:  # it has none: that of a transform of torch.func, of a compiler
        return False
    needed = reach(tensor)
    return needed > there and needed // PACKED.get(tensor.dtype, 1) > there


def is_same_storage(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether they are views of one piece of memory, there or gone; of sparse ones whether any part is."""
    try:
        memory = {part.untyped_storage()._cdata for part in _parts(one)}
        return any(part.untyped_storage()._cdata in memory for part in _parts(other))
    except Exception:  # one has none
        return False


def reach(tensor: torch.Tensor) -> int:
    """Bytes from the start of the storage to the end of the last element; 0 where there is none."""
    count = tensor.numel()
    if not count:
        return 0
    if tensor.is_contiguous():
        return int((tensor.storage_offset() + count) * tensor.itemsize)
    furthest = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return int((tensor.storage_offset() + furthest + 1) * tensor.itemsize)


def _readable(tensor: torch.Tensor) -> torch.Tensor | Unread:
    if isinstance(tensor, UninitializedParameter | UninitializedBuffer):
        return "uninitialized"
    if has_no_numbers(tensor):
        return "meta"
    if tensor.is_nested:
        return _in_a_row(tensor.detach())
    if type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        return _of_its_own_class(tensor)
    if is_wrapped(tensor):
        return "transformed"
    if any(map(is_freed, _parts(tensor))):
        return "freed"
    tensor = tensor.detach()
    if tensor._is_zerotensor():
        return torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device)
    if tensor.is_quantized:
        return tensor.dequantize()
    if tensor.layout in COMPRESSED:
        return tensor.to_sparse()
    if tensor.is_floating_point() and tensor.dtype not in REAL:
        return tensor.float()  # of 8 bits: torch computes with none of them
    return tensor if tensor.layout in (torch.strided, torch.sparse_coo) else tensor.to_dense()


def _in_a_row(nested: torch.Tensor) -> torch.Tensor | Unread:
    """All elements of a nested tensor, one row after the other."""
    if nested.layout is torch.strided:  # its values() are as many as there is memory for
        known: torch.Tensor | Unread = (
            "freed" if nested.untyped_storage().nbytes() < nested.numel() * nested.itemsize else nested
        )
    else:
        known = readable(cast(Any, nested).values())
    return known if isinstance(known, str) else torch.cat([row.reshape(-1) for row in nested.unbind()])


def _of_its_own_class(tensor: torch.Tensor) -> torch.Tensor | Unread:
    held = distributed.held(tensor) if distributed.is_distributed(tensor) else "opaque"
    return held if isinstance(held, str) else readable(held)


def _parts(tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The strided tensors that a sparse one is made of; any other is its own."""
    if tensor.layout is torch.sparse_coo:
        return tensor._indices(), tensor._values()
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return tensor.crow_indices(), tensor.col_indices(), tensor.values()
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return tensor.ccol_indices(), tensor.row_indices(), tensor.values()
    return (tensor,)
