"""The private names of torch by which a parameter is spread over processes: fully_shard, FullyShardedDataParallel, and the graph
that DistributedDataParallel learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch.autograd.graph import Node


def sharded_parameters(module: torch.nn.Module) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Of a module that `fully_shard` took over: each whole parameter that is in the graph, and the shard in the module."""
    if not hasattr(type(module), "_get_fsdp_state"):
        return
    state = cast(Any, module)._get_fsdp_state()
    groups = getattr(state, "_fsdp_param_groups", None) or [state._fsdp_param_group]  # one, in older ones
    for group in filter(None, groups):
        for parameter in group.fsdp_params:
            whole = getattr(parameter, "_unsharded_param", None)
            if whole is not None:
                yield whole, parameter.sharded_param


def is_shard(parameter: torch.Tensor) -> bool:
    """Whether this process holds a part of it alone, and others the rest."""
    placements = getattr(parameter, "placements", ())  # of a DTensor
    return any(not one.is_replicate() for one in placements) or is_flattened(parameter)


def is_flattened(parameter: torch.Tensor) -> bool:
    """Whether FullyShardedDataParallel made it of several, or put it into such a one: it moves the gradients of both itself."""
    return any(getattr(parameter, mark, False) for mark in ("_is_flat_param", "_fsdp_flattened"))


WRAPPERS = ("_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What stands in names of parameters where a module of torch stands around a person's own."""


def flattened(leaf: torch.Tensor) -> tuple[torch.Tensor, ...] | None:
    """The parameters that FullyShardedDataParallel has put into this one, where they are still there; None for any other."""
    if not getattr(leaf, "_is_flat_param", False):
        return None
    return tuple(cast(Any, leaf)._params or ())


def static_graph_of(node: Node) -> Any:
    """The DistributedDataParallel that waits for its first backward to learn the graph, at the node that tells it so."""
    if node.name() != "_DDPSinkBackward":
        return None
    wrapper = cast(Any, node).ddp_weakref()
    waits = wrapper.static_graph and not wrapper._static_graph_delay_allreduce_enqueued
    return wrapper if waits else None
