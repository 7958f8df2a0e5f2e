"""Whether a loss was scaled by a GradScaler, and by how much."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.torch_private import saved_tensors, scale_of
from gradtui.snapshot import model
from gradtui.snapshot.numbers import number


def scaled(graph: model.Graph, nodes: Sequence[Node]) -> tuple[float | None, tuple[model.Note, ...]]:
    """The scale, and a note on each node that multiplies by it; None where not every output was last multiplied by it.

    nodes: by their ids. Looks at the first operations only, back from the outputs, and at the gradients that they sent.
    """
    if not graph.nodes or graph.nodes[0].step is None:
        return None, ()
    found = [dict(_factors(graph, root)) for root in graph.roots]
    if not all(found):
        return None, ()
    for scale, tensor in _scales():
        places = [each[scale] for each in found if scale in each and _is_by(nodes[each[scale]], tensor)]
        if len(places) == len(found):
            text = (
                f"a GradScaler multiplies by {number(scale)} here: gradients are so much larger, and judged without it"
            )
            return scale, tuple(model.Note("scaled", text, place) for place in places)
    return None, ()


def _factors(graph: model.Graph, root: int) -> Iterator[tuple[float, int]]:
    """Each factor and its node, as long as nothing is done but to multiply by constants, or to divide."""
    node = graph.nodes[root]
    while node.name in ("MulBackward0", "DivBackward0"):
        onward = [edge for edge in node.edges if edge.target is not None]
        if len(onward) != 1:
            return
        came, sent = _first(node.grad_output), _first(onward[0].grad)
        if node.name == "MulBackward0" and came and sent is not None:
            yield sent / came, node.id
        node = graph.nodes[onward[0].target or 0]


def _first(values: model.Values | None) -> float | None:
    return values.numbers[0] if values is not None and values.numbers else None


def _scales() -> Iterator[tuple[float, torch.Tensor]]:
    """Of all GradScalers that have scaled something, wherever a program keeps them."""
    kinds = [torch.amp.GradScaler]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for thing in gc.get_referrers(*kinds):
        tensor = scale_of(thing) if type(thing) in kinds else None
        if tensor is not None:
            yield tensor.item(), tensor


def _is_by(node: Node, scale: torch.Tensor) -> bool:
    """Whether it multiplies by such a tensor, not by a number that is the same; as far as the node lets that be seen."""
    return all(factor.dtype == scale.dtype and factor.ndim == 0 for factor in saved_tensors(node, "other"))
