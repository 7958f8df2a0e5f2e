"""The graph behind a tensor: what `grad_fn` and its `next_functions` reach, as plain data.

Node objects of a deep graph end the process when they are dropped at once: hold them all in the list of `walk`,
let go of every tensor, then `release` them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import torch
from torch.autograd.graph import Node, get_gradient_edge

from gradtui.engine.backward import Backward
from gradtui.engine.forward import Forward
from gradtui.engine.sources import Sources
from gradtui.engine.tangent import NO_TANGENTS, Tangents
from gradtui.engine.values import values_of
from gradtui.snapshot import model

NO_SEQUENCE = 2**64 - 1
"""What AccumulateGrad has for a sequence number: it runs as soon as it is ready."""
SAVED = "_saved_"


def root(output: torch.Tensor) -> Node:
    """The node that made `output`, an AccumulateGrad where it is a leaf."""
    return get_gradient_edge(output).node


def walk(start: Node) -> list[Node]:
    """Every node that `start` reaches, the newest first, so that each stands before those it points to."""
    found, stack = {start}, [start]
    while stack:
        for target, _ in stack.pop().next_functions:
            if target is not None and target not in found:
                found.add(target)
                stack.append(target)
    return sorted(found, key=lambda node: sequence(node) or -1, reverse=True)


def release(nodes: list[Node]) -> None:
    """Empty the list of `walk`, one node at a time from the output to the leaves."""
    nodes.reverse()
    while nodes:
        nodes.pop()


def sequence(node: Node) -> int | None:
    """torch's number, higher for what was made later, which the engine runs first. None for AccumulateGrad."""
    number = node._sequence_nr()
    return None if number == NO_SEQUENCE else number


def saved(node: Node) -> tuple[model.Saved, ...]:
    """What the node keeps for its backward. Only before the graph is freed."""
    kept = ((name, getattr(node, SAVED + name)) for name in _saved_names(type(node)))
    return tuple(model.Saved(name, _saved_value(value)) for name, value in kept if value is not None)


@cache
def _saved_names(kind: type[Node]) -> tuple[str, ...]:
    return tuple(name.removeprefix(SAVED) for name in dir(kind) if name.startswith(SAVED))


def _saved_value(value: object) -> model.Values | str:
    if isinstance(value, torch.Tensor) and value.dtype is not torch.bool and not value.is_complex():
        return values_of(value)
    if isinstance(value, torch.Tensor):
        return str(value.tolist())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return values_of(value - 2**64 if value >= 2**63 else value)  # torch shows a dim of -1 as 2**64 - 1
    return str(value).removeprefix("torch.")


def build(
    nodes: list[Node],
    forward: Forward,
    backward: Backward,
    leaves: Mapping[str, torch.Tensor],
    tangents: Tangents = NO_TANGENTS,
) -> model.Graph:
    """The graph of `walk` as data: ids in the engine's order, those it never ran last."""
    ran = set(backward.order)
    order = [*backward.order, *(node for node in nodes if node not in ran)]
    ids = {node: number for number, node in enumerate(order)}
    steps = {node: step for step, node in enumerate(backward.order)}
    names = {root(leaf): name for name, leaf in leaves.items()}
    oldest = min((number for node in nodes if (number := sequence(node)) is not None), default=0)
    sources = Sources(forward, names)
    edges = {node: _edges(node, ids, backward, sources) for node in reversed(nodes)}
    return model.Graph(
        tuple(
            model.Node(
                id=ids[node],
                name=node.name().rpartition("::")[2],
                shape=tuple(node._input_metadata[0].shape),
                dtype=str(node._input_metadata[0].dtype).removeprefix("torch."),
                device=str(node._input_metadata[0].device),
                sequence=None if (number := sequence(node)) is None else number - oldest,
                step=steps.get(node),
                edges=edges[node],
                value=_optional(leaves[names[node]] if node in names else forward.recorded.get(node._sequence_nr())),
                grad_output=_optional(backward.grad_outputs.get(node)),
                saved=saved(node),
                source=sources.of_node(node),
                variable=names.get(node),
                tangent=_optional(tangents.of(node._sequence_nr(), names.get(node))),
            )
            for node in order
        )
    )


def _edges(node: Node, ids: dict[Node, int], backward: Backward, sources: Sources) -> tuple[model.Edge, ...]:
    nothing = (None,) * len(node.next_functions)
    grads, local = backward.grad_inputs.get(node, nothing), backward.local.get(node, nothing)
    edges = []
    for index, (target, number) in enumerate(node.next_functions):
        source = sources.of_edge(node, target, number)
        constant = source.text if target is None and source is not None else None
        target_id = None if target is None else ids[target]
        edges.append(model.Edge(target_id, number, constant, _optional(grads[index]), local[index], source))
    return tuple(edges)


def _optional(tensor: torch.Tensor | None) -> model.Values | None:
    return None if tensor is None else values_of(tensor)
