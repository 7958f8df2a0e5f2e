"""What is known of the nodes of a graph that user code made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradtui.engine.autograd.graph import Facts, Known, short
from gradtui.engine.autograd.summed import Summed
from gradtui.engine.capture.recording import Recording
from gradtui.engine.distributed import is_flat
from gradtui.engine.tensors.reader import Kind
from gradtui.engine.torch_private import function_of
from gradtui.snapshot import model

REENTRANT = "CheckpointFunctionBackward"
NUMBERS = {"reduction": "_saved_reduction", "group": "_saved_group", "normalized_shape": "_saved_normalized_shape"}
"""Of a loss torch's number for none, mean or sum; of a group norm how many groups there are; of a layer norm over which sizes."""
BOUNDS = {
    "ClampBackward1": ("min", "max"), "ClampMinBackward0": ("min",), "ClampMaxBackward0": ("max",),
    "HardtanhBackward0": ("min_val", "max_val"),
}  # fmt: skip
"""Where they are numbers, not tensors."""
NOT_TWICE = (
    "there are no gradients here: FullyShardedDataParallel gathers its parameters for one backward pass alone, which must "
    "be the program's own; fully_shard gathers them for each"
)
COMPILED = "compiled: what ran inside is not visible"
CUSTOM = "a custom autograd.Function: its backward is Python code of its own"
CHECKPOINT = "a checkpoint: what ran inside is run again in backward, and is not in this graph"


class CapturedFacts(Facts):
    """record: of the engine's run. names: of the leaves. places: path of the module for each node, where it is inferred.

    recording: of the forward pass. outputs: of the nodes that made one. shards: what to read of leaves that are gone in between.
    kept: bytes. ids: of the nodes by sequence number; they are to be set before the graph is built.
    Of a user's graph `_saved_*` is never read, but a number: that may run hooks, or the forward again.
    """

    def __init__(
        self,
        record: Summed,
        leaves: Mapping[Node, torch.Tensor],
        names: Mapping[torch.Tensor, str],
        places: Mapping[Node, str],
        recording: Recording | None,
        outputs: Mapping[Node, torch.Tensor],
        shards: Mapping[torch.Tensor, torch.Tensor] = MappingProxyType({}),
        kept: Mapping[Node, int] = MappingProxyType({}),
    ) -> None:
        self._record, self._kept = record, kept
        self.ids: Mapping[int, int] = {}
        self._places, self._recording, self._inside = places, recording, record.inside
        beside = [*(shards.get(leaf, leaf) for leaf in leaves.values()), *outputs.values()]
        values = record.read(beside)
        self._outputs = dict(zip(outputs, values[len(leaves) :], strict=True))
        self.leaves = {node: (names[leaf], value) for (node, leaf), value in zip(leaves.items(), values, strict=False)}

    def known(self, node: Node) -> Known:
        told: Known = {  # a call of Known takes twice the time
            "grad_output": self._record.came(node),
            "module": self._places.get(node, ""),
            "kept": self._kept.get(node, 0),
        }
        for name, saved in NUMBERS.items():
            if type(number := getattr(node, saved, None)) is int:
                told["saved"] = (model.Saved(name, model.Values((), (float(number),))),)
            elif type(number) is tuple:
                told["saved"] = (model.Saved(name, model.Values((len(number),), tuple(map(float, number)))),)
        if (bounds := BOUNDS.get(type(node).__name__)) is not None:
            given: Iterable[tuple[str, Any]] = ((name, getattr(node, f"_saved_{name}", None)) for name in bounds)
            told["saved"] = tuple(
                model.Saved(name, model.Values((), (float(one),))) for name, one in given if type(one) in (int, float)
            )
        leaf, recording = self.leaves.get(node), self._recording
        if leaf is not None:
            told["variable"], told["value"] = leaf
            return told
        if node in self._inside:
            told["inside"] = self._inside[node]
        if isinstance(node, BackwardCFunction) or is_scripted(node):
            told["note"] = note(node)
        if recording is not None:
            made = node._sequence_nr()
            if recording.covers(made):
                told["value"], told["source"] = recording.values.get(made), recording.sources.get(made)
                told["module"], told["call"] = recording.module(made)
                told |= self._by_backward(recording, made)
            else:
                told["source"] = recording.made_before(made)
        if node in self._outputs:
            told["value"] = self._outputs[node]
        return told

    def _by_backward(self, recording: Recording, number: int) -> Known:
        """Of what a backward pass of the code itself made: which pass, and the node that ran then."""
        one = recording.passes.of(number)
        if one is None:
            return Known()
        made = one.maker(number)
        if made is None:
            return Known(order=one.order)
        maker, name = made
        source = recording.sources.get(maker)
        line = "" if source is None else f" of {source.text}"
        return Known(order=one.order, made_by=self.ids.get(maker), note=f"made by backward, as {name}{line} ran")

    def kind(self, node: Node) -> Kind | None:
        return self._record.kind(node)

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return self._record.gone(node)


def why_not_run(leaves: Iterable[torch.Tensor]) -> str | None:
    """Why backward must not be run over a graph of `leaves` beside the program's own; None where it may."""
    return NOT_TWICE if any(map(is_flat, leaves)) else None


def is_scripted(node: Node) -> bool:
    """Whether torch.jit made it, of a piece of a function."""
    return short(node.name()) == "DifferentiableGraphBackward"


def note(node: Node) -> str:
    """On the nodes of autograd.Functions, of which torch has some itself."""
    if node.name() == REENTRANT:
        return CHECKPOINT
    if node.name().startswith("CompiledFunction") or is_scripted(node):
        return COMPILED
    made_by = function_of(node)
    return "" if made_by is None or made_by.__module__.startswith("torch.") else CUSTOM
