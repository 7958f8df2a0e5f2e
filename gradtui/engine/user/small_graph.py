"""What the graph of a small function has beside what every capture tells: all numbers, local derivatives, what-if."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.engine.autograd import backward
from gradtui.engine.autograd.backward import Backward
from gradtui.engine.capture.facts import why_not_run
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.tensors.values import legible
from gradtui.snapshot import model

MOST_NODES, MOST_NUMBERS = 1_000, 100
"""Beyond so many nodes there is none of it; a tensor of more numbers stays a summary."""


def detailed(
    graph: model.Graph, nodes: Sequence[Node], outputs: Sequence[torch.Tensor], experiments: Sequence[model.Experiment]
) -> model.Graph:
    """`graph` is that of `nodes`, captured from `outputs`. Backward runs once more, and again where it is experimented with.

    Raises RefusalError for an experiment that cannot be made.
    """
    small = 0 < len(graph.nodes) <= MOST_NODES and len(outputs) == 1 and not outputs[0].is_complex()
    if not small or why_not_run(backward.leaves_of(nodes).values()):
        if experiments:
            raise RefusalError("domain", "there is no backward pass here whose gradients can be changed")
        return graph
    record = backward.run(outputs[0], nodes)
    if experiments:
        try:
            record = backward.run_changed(outputs[0], nodes, record, experiments)
        except ValueError as error:
            raise RefusalError("domain", f"no such experiment: {error}") from None
    told = [_detailed(node, record.order[node.id], record) if node.step is not None else node for node in graph.nodes]
    return replace(graph, nodes=tuple(told))


def _detailed(node: model.Node, ran: Node, record: Backward) -> model.Node:
    """`ran` is the same node, as the engine ran it: both runs take the same order."""
    sent, local = record.grad_inputs.get(ran, ()), record.local.get(ran, ())
    edges = [
        replace(
            edge,
            grad=_values(sent[place], edge.grad) if sent else edge.grad,
            local=local[place] if local else None,
        )
        for place, edge in enumerate(node.edges)
    ]
    came = _values(record.grad_outputs.get(ran), node.grad_output)
    return replace(node, edges=tuple(edges), grad_output=came, inside=record.inside.get(ran, ()))


def _values(tensor: torch.Tensor | None, known: model.Values | None) -> model.Values | None:
    return known if tensor is None else legible(tensor, MOST_NUMBERS)
