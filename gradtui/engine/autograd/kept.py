"""How many bytes the nodes of a graph keep for backward, each piece of memory once and parameters not at all; what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.saved import is_lost
from gradtui.engine.tensors.readable_tensors import is_real, reach
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import is_fake, saved_tensors


class Kept(NamedTuple):
    """size: bytes, of the nodes that keep something of their own. lost: the nodes that saved a tensor whose storage is gone."""

    size: dict[Node, int]
    lost: list[Node]


def kept(nodes: Sequence[Node], held: Iterable[torch.Tensor]) -> Kept:
    """Bytes of the storages that a node saved, and none that is older: so they add up to what the graph keeps alive.

    nodes: of `walk`, the newest first. held: what is there anyway, such as leaves and parameters, and is not counted. Nothing
    is unpacked, so that no hook runs; what a hook has packed elsewhere, as a checkpoint does, is not counted.
    """
    seen = {storage for tensor in held for storage, _ in _storages(tensor)}
    found = Kept({}, [])
    for node in reversed(nodes):
        count, gone = 0, False
        for tensor in saved_tensors(node):
            lost, storages = _memory(tensor)
            gone = gone or lost
            for storage, size in storages:
                if storage not in seen and (tensor.ndim or not _is_number(tensor)):
                    seen.add(storage)
                    count += size
        if count:
            found.size[node] = count
        if gone:
            found.lost.append(node)
    return found


NARROWER = {
    torch.float64: torch.zeros((), dtype=torch.float32),
    torch.int64: torch.zeros((), dtype=torch.int32),
    torch.complex128: torch.zeros((), dtype=torch.complex64),
}


def _is_number(tensor: torch.Tensor) -> bool:
    """Whether a tensor without dimensions stands for a number of Python's.

    It then gives way to a tensor of a narrower dtype, as none of its own would.
    """
    narrower = NARROWER.get(tensor.dtype)
    return narrower is not None and torch.result_type(tensor, narrower) == narrower.dtype


def _memory(tensor: torch.Tensor) -> tuple[bool, Sequence[tuple[int, int]]]:
    """Whether its storage is gone, and its `_storages`: of most tensors with one look."""
    if type(tensor) not in PLAIN or not is_real(tensor):
        return is_lost(tensor), _storages(tensor)
    try:
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
    except RuntimeError:  # inside of a transform
        return False, ()
    return reach(tensor) > size, ((place, size),) if place and size else ()


def _storages(tensor: torch.Tensor) -> list[tuple[int, int]]:
    """Address and bytes of each: of a sparse tensor those of its parts. None of what has no memory, or hides it."""
    if is_fake(tensor):  # torch warns of whoever asks for its memory
        return []
    try:
        if tensor.layout is torch.strided:
            storage = tensor.untyped_storage()
            place, size = storage.data_ptr(), storage.nbytes()
            return [(place, size)] if place and size else []
        if tensor.layout is torch.sparse_coo:
            parts = [tensor._indices(), tensor._values()]
        elif tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
            parts = [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
        elif tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
            parts = [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
        else:
            parts = [tensor.values()]
        return [storage for part in parts for storage in _storages(part)]
    except (RuntimeError, NotImplementedError):  # of a class of its own, or inside of a transform
        return []
