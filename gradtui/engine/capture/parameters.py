"""The parameters and modules of a model as data, in the graph or not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.reader import read
from gradtui.engine.autograd.values import dtype_name
from gradtui.engine.capture.introspection import submodules
from gradtui.engine.capture.recording import Recording
from gradtui.snapshot import model


def parameters(
    names: Mapping[torch.Tensor, str],
    nodes: Mapping[str, model.Node],
    ids: Mapping[Node, int],
    graph: model.Graph,
) -> dict[str, model.Parameter]:
    """One for each named tensor. nodes: of the leaves in the graph. One that an operation made has the node of that."""
    others = [tensor for tensor, name in names.items() if name not in nodes]
    values = dict(zip(map(id, others), read(others), strict=True))
    told = {}
    for tensor, name in names.items():
        node, number = nodes.get(name), 0
        if node is None and tensor.grad_fn is not None and tensor.grad_fn in ids:
            node, number = graph.nodes[ids[tensor.grad_fn]], tensor.output_nr
        value = node.value if node is not None and node.variable else values[id(tensor)]
        told[name] = model.Parameter(
            value=value or model.Values(tuple(tensor.shape), ()),
            grad=node.grad_output if node is not None and number == 0 else None,
            dtype=dtype_name(tensor),
            device=str(tensor.device),
            node=None if node is None else node.id,
            requires_grad=tensor.requires_grad,
        )
    return told


def modules(root: torch.nn.Module | None, recording: Recording | None) -> dict[str, model.Module]:
    """By path, "" for the model itself. A module with several paths has its first."""
    watched = recording if recording is not None and recording.watched else None
    named = submodules(root).items() if root is not None else ()
    return {
        path: model.Module(type(module).__name__, None if watched is None else watched.count(path))
        for path, module in named
    }
