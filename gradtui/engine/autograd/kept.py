"""How many bytes the nodes of a graph keep for their backward: each piece of memory once, parameters not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.saved import names_of
from gradtui.engine.autograd.torch_private import RAW, saved_tensors


def kept(nodes: Sequence[Node], held: Iterable[torch.Tensor]) -> dict[Node, int]:
    """Bytes of the storages that a node saved, and none that is older: so they add up to what the graph keeps alive.

    nodes: of `walk`, the newest first. held: what is there anyway, such as leaves and parameters, and is not counted. Nothing
    is unpacked, so that no hook runs; what a hook has packed elsewhere, as a checkpoint does, is not counted. Nodes that keep
    nothing of their own are not in it.
    """
    seen = {storage for tensor in held for storage, _ in _storages(tensor)}
    found: dict[Node, int] = {}
    for node in reversed(nodes):
        count = 0
        for name in names_of(type(node), RAW):
            for tensor in saved_tensors(node, name):
                for storage, size in () if _is_number(tensor) else _storages(tensor):
                    if storage not in seen:
                        seen.add(storage)
                        count += size
        if count:
            found[node] = count
    return found


NARROWER = {
    torch.float64: torch.zeros((), dtype=torch.float32),
    torch.int64: torch.zeros((), dtype=torch.int32),
    torch.complex128: torch.zeros((), dtype=torch.complex64),
}


def _is_number(tensor: torch.Tensor) -> bool:
    """Whether it stands for a number of Python's: it gives way to a tensor of a narrower dtype, as none of its own would."""
    narrower = NARROWER.get(tensor.dtype) if not tensor.ndim else None
    return narrower is not None and torch.result_type(tensor, narrower) == narrower.dtype


def _storages(tensor: torch.Tensor) -> list[tuple[int, int]]:
    """Address and bytes of each: of a sparse tensor those of its parts. None of what has no memory, or hides it."""
    try:
        if tensor.layout is torch.strided:
            parts: tuple[torch.Tensor, ...] = (tensor,)
        elif tensor.layout is torch.sparse_coo:
            parts = tensor._indices(), tensor._values()
        elif tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
            parts = tensor.crow_indices(), tensor.col_indices(), tensor.values()
        elif tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
            parts = tensor.ccol_indices(), tensor.row_indices(), tensor.values()
        else:
            parts = (tensor.values(),)
        storages = [part.untyped_storage() for part in parts]
        return [(place, size) for each in storages if (size := each.nbytes()) and (place := each.data_ptr())]
    except (RuntimeError, NotImplementedError):  # of a class of its own, or inside of a transform
        return []
