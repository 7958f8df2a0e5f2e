"""The graph of what ran before an exception: of the tensors that its frames still hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.backward import leaves_of
from gradtui.engine.autograd.summed import Summed
from gradtui.engine.capture import leaf_names
from gradtui.engine.capture.events import Seen
from gradtui.engine.capture.facts import CapturedFacts
from gradtui.engine.capture.introspection import entries, is_a, items
from gradtui.engine.capture.recording import Recording, is_leaf, maker
from gradtui.engine.user.errors import Way
from gradtui.snapshot import model

MOST_NODES = 20_000
MOST = 1_000
"""Items of a list, tuple or dict that are looked at: it may be what took all the memory."""


def graph_before(error: BaseException, recording: Recording | None, nodes: list[Node]) -> model.Graph | None:
    """Without gradients, the newest tensor first; None where nothing was made, or so much that to tell of it would take as long.

    `nodes` takes the node objects.
    """
    held = {tensor: None for tensor in _held(error) if maker(tensor) is not None}
    if not held:
        return None
    found = graph.walk(*(graph.root(tensor) for tensor in held))
    known_nodes = set(nodes)
    nodes.extend(node for node in found if node not in known_nodes)
    if len(found) > MOST_NODES:
        return None
    inner = {target for node in found for target, _ in node.next_functions}
    roots = [node for node in found if node not in inner]
    leaves = leaves_of(found)
    model_seen = recording.model() if recording else None
    known = leaf_names.given(_named(error), {} if model_seen is None else leaf_names.parameters(model_seen))
    known |= leaf_names.numbered(leaves.values(), known)
    return graph.build(found, (), CapturedFacts(Summed(), leaves, known, {}, recording, {}), roots)


def _held(error: BaseException) -> Iterator[torch.Tensor]:
    """Tensors in the local variables of every frame, torch's and ours too, and in what these hold directly."""
    for frame in Way(error).frames():
        for value in frame.f_locals.values():
            yield from _tensors(value)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if is_a(value, Seen):
        yield from value.inputs
    for held in chain((value,), islice(items(value), MOST), (entry for _, entry in islice(entries(value), MOST))):
        if is_a(held, torch.Tensor):
            yield held


def _named(error: BaseException) -> dict[str, torch.Tensor]:
    """Leaves by the name of a variable that holds them, the outermost first."""
    found: dict[str, torch.Tensor] = {}
    for frame in Way(error).frames():
        for name, value in frame.f_locals.items():
            if is_a(value, torch.Tensor) and value.requires_grad and is_leaf(value):
                found.setdefault(name, value)
    return found
