"""The graph behind a tensor of user code, with one run of backward over it, as a Snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.backward import drive, leaves_of, scalar
from gradtui.engine.autograd.release import guard
from gradtui.engine.autograd.summed import Summed
from gradtui.engine.autograd.undisturbed import undisturbed
from gradtui.engine.autograd.values import dtype_name, legible
from gradtui.engine.capture import failures, names, outputs
from gradtui.engine.capture.facts import REENTRANT, CapturedFacts
from gradtui.engine.capture.inferred_modules import inferred
from gradtui.engine.capture.parameters import modules, parameters
from gradtui.engine.capture.recording import Recording, recording_of
from gradtui.file.uncollected import uncollected
from gradtui.snapshot import model as data

Tensors = dict[Node, torch.Tensor]

NO_GRADIENTS = (
    "there are no gradients here: a checkpoint with use_reentrant=True only runs under backward() itself, "
    "which would change every .grad; use_reentrant=False has none of that"
)


def capture(
    output: object,
    given: Mapping[str, torch.Tensor] | None,
    model: torch.nn.Module | None,
    recording: Recording | None,
    scope: Mapping[str, Any],
) -> data.Snapshot:
    """`gradtui.capture`, for a caller with the variables of `scope`. recording: of the forward pass, where it is known which."""
    found = outputs.outputs_of(output)
    problem = outputs.why_no_graph(found, model)
    differentiable = [] if problem else [tensor for tensor in found if tensor.requires_grad]
    roots = [graph.root(tensor) for tensor in differentiable]
    if recording is None:
        recording = next((known for root in roots if (known := recording_of(root))), None)
    if model is None and recording is not None:
        model = recording.model()
    nodes: list[Node] = []
    try:
        with undisturbed(), uncollected():
            nodes = graph.walk(*roots)
            guard(nodes)
            captured = _Capture(names.given(given, model), model, recording, scope)
            return captured.snapshot(found, differentiable, roots, nodes, problem)
    finally:
        graph.release(nodes)


class _Capture:
    """What is known beside the graph. names: of the tensors; those of nameless leaves are added."""

    def __init__(
        self,
        names: names.Names,
        model: torch.nn.Module | None,
        recording: Recording | None,
        scope: Mapping[str, Any],
    ) -> None:
        self.names, self.model, self.recording, self.scope = names, model, recording, scope

    def snapshot(
        self,
        found: list[torch.Tensor],
        differentiable: list[torch.Tensor],
        roots: list[Node],
        nodes: list[Node],
        problem: data.Problem | None,
    ) -> data.Snapshot:
        record = Summed()
        scalars = [scalar(tensor.real if tensor.is_complex() else tensor) for tensor in differentiable]
        notes = [*outputs.notes(differentiable), *(self.recording.notes() if self.recording else ())]
        leaves = leaves_of(nodes)
        if any(node.name() == REENTRANT for node in nodes):
            notes.append(data.Note("backward", NO_GRADIENTS))
        elif problem is None:
            problem = self._run(scalars, nodes, leaves, record)
        made = zip(roots, differentiable, strict=True)
        facts = self._facts(nodes, leaves, record, {node: tensor for node, tensor in made if tensor.output_nr == 0})
        ids = graph.numbered(nodes, record.order, roots)
        built = graph.build(nodes, record.order, facts, roots)
        named = {node.variable: node for node in built.nodes if node.variable}
        title = next(iter(names.in_scope(self.scope, set(found)).values()), "output")
        return data.Snapshot(
            id=0,
            expression=title,
            reads_as=title,
            dtype=dtype_name(found[0]),
            device=str(found[0].device),
            value=_value(found, scalars),
            graph=built,
            notes=tuple(notes),
            problem=problem,
            origin="capture",
            parameters=parameters(self.names, named, ids, built),
            modules=modules(self.model, self.recording),
            files=dict(self.recording.files) if self.recording else {},
            events=self._events(ids, found),
        )

    def _run(
        self, scalars: list[torch.Tensor], nodes: list[Node], leaves: Tensors, record: Summed
    ) -> data.Problem | None:
        try:
            drive(scalars, nodes, leaves, record)
        except Exception as error:  # the backward of user code may raise anything
            return failures.problem(error, self.recording)
        return None

    def _facts(self, nodes: list[Node], leaves: Tensors, record: Summed, outputs: Tensors) -> CapturedFacts:
        leaves = {node: leaves[node] for node in (*record.order, *leaves) if node in leaves}
        nameless = {leaf for leaf in leaves.values() if leaf not in self.names}
        if nameless:
            self.names |= names.in_scope(self.scope, nameless)
            self.names |= names.numbered(leaves.values(), self.names)
        places: Mapping[Node, str] = {}
        if self.model is not None:
            paths = names.owners(self.model)
            owners = {node: paths[leaf] for node, leaf in leaves.items() if leaf in paths}
            places = owners if self.recording is not None and self.recording.watched else inferred(nodes, owners)
        return CapturedFacts(record, leaves, self.names, places, self.recording, outputs)

    def _events(self, ids: Mapping[Node, int], outputs: list[torch.Tensor]) -> tuple[data.Event, ...]:
        if self.recording is None:
            return ()
        numbers = {node._sequence_nr(): number for node, number in ids.items()}
        return self.recording.events(self.names, numbers, outputs)


def _value(found: list[torch.Tensor], scalars: list[torch.Tensor]) -> data.Values | None:
    """Of the output; of the sum that is differentiated, where there are several."""
    if len(found) == 1:
        return legible(found[0])
    read = [legible(scalar) for scalar in scalars]
    return data.Values((), (sum(values.numbers[0] for values in read if values),)) if read else None
