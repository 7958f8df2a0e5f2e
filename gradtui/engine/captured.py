"""What is known of the nodes of a graph that user code made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradtui.engine.graph import Facts
from gradtui.engine.recording import Recording
from gradtui.engine.summed import Summed
from gradtui.engine.values import legible
from gradtui.snapshot import model

REENTRANT = "CheckpointFunctionBackward"
COMPILED = "compiled: what ran inside is not visible"
CUSTOM = "a custom autograd.Function: its backward is Python code of its own"
CHECKPOINT = "a checkpoint: what ran inside is run again in backward, and is not in this graph"


class CapturedFacts(Facts):
    """record: of the engine's run. names: of the leaves. places: path of the module for each node, where it is inferred.

    recording: of the forward pass. Of a user's graph `_saved_*` is never read: that may run hooks, or the forward again.
    """

    def __init__(
        self,
        record: Summed,
        leaves: Mapping[Node, torch.Tensor],
        names: Mapping[torch.Tensor, str],
        places: Mapping[Node, str],
        recording: Recording | None,
    ) -> None:
        self._record, self._leaves, self._names, self._places = record, leaves, names, places
        self._recording = recording
        self._values: dict[torch.Tensor, model.Values | None] = {}

    def value(self, node: Node) -> model.Values | None:
        leaf = self._leaves.get(node)
        if leaf is not None:
            return self.value_of(leaf)
        return self._recording.values.get(node._sequence_nr()) if self._recording else None

    def value_of(self, tensor: torch.Tensor) -> model.Values | None:
        """Read once."""
        if tensor not in self._values:
            self._values[tensor] = legible(tensor)
        return self._values[tensor]

    def grad_output(self, node: Node) -> model.Values | None:
        return self._record.grad_outputs.get(node)

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return self._record.grad_inputs.get(node, ())

    def inside(self, node: Node) -> tuple[str, ...]:
        return self._record.inside.get(node, ())

    def source(self, node: Node) -> model.Source | None:
        return self._recording.sources.get(node._sequence_nr()) if self._recording else None

    def variable(self, node: Node) -> str | None:
        leaf = self._leaves.get(node)
        return None if leaf is None else self._names[leaf]

    def module(self, node: Node) -> tuple[str, int]:
        if self._recording is not None and node not in self._leaves and self._recording.covers(node._sequence_nr()):
            return self._recording.module(node._sequence_nr())
        return self._places.get(node, ""), 0

    def note(self, node: Node) -> str:
        return note(node) if isinstance(node, BackwardCFunction) else ""


def note(node: Node) -> str:
    """On the nodes of autograd.Functions, of which torch has some itself."""
    if node.name() == REENTRANT:
        return CHECKPOINT
    if node.name().startswith("CompiledFunction"):
        return COMPILED
    made_by = getattr(type(node), "_forward_cls", None)
    return "" if made_by is None or made_by.__module__.startswith("torch.") else CUSTOM
