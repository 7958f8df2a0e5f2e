"""Training over several processes: which one this is, and what its wrappers make of tensors, parameters and of backward."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

import torch
from torch import distributed
from torch.autograd.graph import Node

from gradtui.engine.torch_sharding import flattened, sharded_parameters, static_graph_of
from gradtui.snapshot.model import Note


def notes(ran: Sequence[Node]) -> Iterator[Note]:
    """That the gradients of a backward that `ran` are those of this process alone, where it trains together with others."""
    if ran and _is_in_use() and distributed.get_world_size() > 1:
        which = f"rank {distributed.get_rank()} of {distributed.get_world_size()}"
        yield Note("rank", f"this is {which}: the gradients are its own, before they are averaged over all ranks")


def place() -> tuple[int | None, int | None]:
    """The rank of this process and how many there are, where it trains together with others."""
    return (distributed.get_rank(), distributed.get_world_size()) if _is_in_use() else (None, None)


def shards(scope: Iterable[object]) -> dict[torch.Tensor, torch.Tensor]:
    """For each parameter that `fully_shard` gathers for forward and backward, which alone is in a graph, the one in its module.

    That is only this process's part of it, but it has it at all times. scope: modules, among others.
    """
    if not _is_in_use():
        return {}
    modules = [thing for thing in scope if isinstance(thing, torch.nn.Module)]
    parts = {part: None for module in modules for part in module.modules()}
    return {whole: shard for part in parts for whole, shard in sharded_parameters(part)}


def flat(leaves: Mapping[Node, torch.Tensor]) -> dict[torch.Tensor, Node]:
    """Where FullyShardedDataParallel has put several parameters into one leaf: those that are still there, by themselves."""
    return {part: node for node, leaf in leaves.items() for part in flattened(leaf) or ()}


def is_flat(leaf: torch.Tensor) -> bool:
    """Whether it is one that FullyShardedDataParallel made of several parameters, and gathers for one backward alone."""
    return flattened(leaf) is not None


def is_distributed(tensor: torch.Tensor) -> bool:
    """Whether it is a DTensor, whose module is not imported for that."""
    return isinstance(tensor, getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", ()))


def held(tensor: torch.Tensor) -> torch.Tensor | Literal["sharded"]:
    """What this process has of a DTensor, where each of them has all of it."""
    known = cast(Any, tensor)
    if not all(placement.is_replicate() for placement in known.placements):
        return "sharded"
    return cast(torch.Tensor, known._local_tensor)


def _is_in_use() -> bool:
    return distributed.is_available() and distributed.is_initialized()


@contextmanager
def unlearned(functions: Sequence[Node]) -> Iterator[None]:
    """Within it no DistributedDataParallel takes a backward for its first one, from which it would learn a static graph.

    At the end of that it averages every `.grad`. functions: the nodes of autograd.Functions.
    """
    waiting = [wrapper for node in functions if (wrapper := static_graph_of(node)) is not None]
    for wrapper in waiting:
        wrapper._static_graph_delay_allreduce_enqueued = True
    try:
        yield
    finally:
        for wrapper in waiting:
            wrapper._static_graph_delay_allreduce_enqueued = False
