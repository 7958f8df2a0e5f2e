"""The parameters and modules of a model as data, in the graph or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.autograd.graph import Node, get_gradient_edge

from gradtui.engine.recording import Recording
from gradtui.engine.values import dtype_name
from gradtui.snapshot import model


def parameters(
    names: Mapping[torch.Tensor, str],
    ids: Mapping[Node, int],
    graph: model.Graph,
    value_of: Callable[[torch.Tensor], model.Values | None],
) -> dict[str, model.Parameter]:
    """One for each named tensor. One that an operation made has the node of that."""
    told = {}
    for tensor, name in names.items():
        edge = get_gradient_edge(tensor) if tensor.requires_grad else None
        node = graph.nodes[ids[edge.node]] if edge is not None and edge.node in ids else None
        told[name] = model.Parameter(
            value=value_of(tensor) or model.Values(tuple(tensor.shape), ()),
            grad=node.grad_output if node is not None and edge is not None and edge.output_nr == 0 else None,
            dtype=dtype_name(tensor),
            device=str(tensor.device),
            node=None if node is None else node.id,
            requires_grad=tensor.requires_grad,
        )
    return told


def modules(root: torch.nn.Module | None, recording: Recording | None) -> dict[str, model.Module]:
    """By path, "" for the model itself. A module with several paths has its first."""
    calls = recording.calls if recording is not None and recording.watched else None
    named = root.named_modules() if root is not None else ()
    return {
        path: model.Module(type(module).__name__, None if calls is None else calls.get(path, 0))
        for path, module in named
    }
