"""Request -> Snapshot for a function of the user's own file: their code, run as they would run it."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.autograd.graph import Node

from gradtui.engine import backward, graph
from gradtui.engine.again import Again
from gradtui.engine.arguments import Arguments, arguments
from gradtui.engine.backward import Backward
from gradtui.engine.confine import confined, silent
from gradtui.engine.places import Places
from gradtui.engine.randomness import Randomness
from gradtui.engine.recorder import Recorder
from gradtui.engine.recording import RecordedFacts, Recording
from gradtui.engine.settings import RefusalError, dtype_and_device
from gradtui.engine.user_errors import files_of, problem
from gradtui.engine.user_module import UserModule, function, shown, text_of
from gradtui.engine.values import values_of
from gradtui.snapshot import model
from gradtui.snapshot.target import split

MOST_NUMBERS = 64
"""A value on the way with more numbers is summarised."""

_modules: dict[str, UserModule] = {}


def evaluate(request: model.Request) -> model.Snapshot:
    """Value, gradients, graph, backward pass; by running it again differences and curve. What fails is its `problem`."""
    path, name = split(request.expression)
    module = _modules.setdefault(path, UserModule(Path(path)))
    run = Run(request, module, name)
    try:
        with confined(), module.as_program(), warnings.catch_warnings():
            warnings.simplefilter("default")
            snapshot = run.answer()
    except RefusalError as error:
        snapshot = run.failed(error.problem)
    except BaseException as error:
        snapshot = run.failed(problem(error, request.expression, module.is_own), files_of(error, module.is_own))
        error.__traceback__ = None  # its frames hold tensors
    graph.release(run.nodes)
    return snapshot


class Run:
    """One evaluation. `nodes` takes the node objects of the graph, which must outlive every tensor of it."""

    def __init__(self, request: model.Request, module: UserModule, name: str) -> None:
        self.request, self.module, self.name = request, module, name
        self.nodes: list[Node] = []

    def answer(self) -> model.Snapshot:
        dtype, device = dtype_and_device(self.request)
        user = function(self.module.load(), self.module.path, self.name)
        asked = arguments(user, self.name, self.request.at, dtype, device)
        randomness = self.module.randomness
        randomness.restore()
        with Recorder(Places(self._texts()), MOST_NUMBERS) as recorder:
            output = tensor_of(asked.call(), self.name)
        leaves = {**asked.leaves, **asked.variables}
        built = model.Graph()
        if output.requires_grad:
            self.nodes.extend(graph.walk(graph.root(output)))
            record = backward.run(output, self.nodes)
            built = graph.build(self.nodes, record.order, FunctionFacts(recorder.recording, record, leaves))
        gradients = {node.variable: node.grad_output for node in built.nodes}
        variables = {
            name: model.VariableState(values_of(leaf), gradients.get(name) or values_of(torch.zeros_like(leaf)))
            for name, leaf in asked.variables.items()
        }
        with silent():
            differences, curve, notes = self._again(asked, output, randomness)
        return model.Snapshot(
            id=self.request.id,
            expression=self.request.expression,
            reads_as=f"{self.name}({', '.join(asked.variables)})",
            dtype=self.request.dtype,
            device=self.request.device,
            variables=variables,
            value=values_of(output),
            graph=built,
            differences=differences,
            derivative={},
            curve=curve,
            notes=(*_notes(output, built, asked.variables), *notes),
            origin="function",
            files=self._files() | recorder.recording.files,
            events=recorder.recording.events({leaf: name for name, leaf in leaves.items()}, {}, [output]),
        )

    def failed(self, problem: model.Problem, files: Collection[Path] = ()) -> model.Snapshot:
        return model.Snapshot(
            id=self.request.id,
            expression=self.request.expression,
            dtype=self.request.dtype,
            device=self.request.device,
            problem=problem,
            origin="function",
            files=self._files(files),
        )

    def _again(
        self, asked: Arguments, output: torch.Tensor, randomness: Randomness
    ) -> tuple[dict[str, model.Differences], model.Curve | None, tuple[model.Note, ...]]:
        """What running the function at other places says, where it is the same function each time."""
        if not asked.variables:
            return {}, None, ()

        def value(leaves: dict[str, torch.Tensor]) -> torch.Tensor:
            randomness.restore()
            return tensor_of(asked.call(leaves), self.name)

        again = Again(value, asked.variables, output)
        if not again.repeats():
            why = f"{self.name} gave another value when it was run again: no curve, and no check by differences"
            return {}, None, (model.Note("code", why),)
        told = {name: found for name in asked.variables if (found := again.differences(name)) is not None}
        curve = again.curve(self.request.curve) if self.request.curve else None
        late = len(told) < len(asked.variables) or (curve is None and self.request.curve is not None)
        why = f"one run of {self.name} takes {again.seconds:.2g} s: not run again for curve and differences"
        return told, curve, (model.Note("code", why),) if late else ()

    def _texts(self) -> dict[str, str]:
        return {str(path): text_of(path) for path in self.module.files}

    def _files(self, more: Collection[Path] = ()) -> dict[str, str]:
        return {shown(path): text_of(path) for path in (*self.module.files, *more)}


class FunctionFacts(RecordedFacts):
    """What the forward and the backward pass of one run showed."""

    def __init__(self, recording: Recording, record: Backward, leaves: dict[str, torch.Tensor]) -> None:
        super().__init__(recording)
        self._record = record
        self._leaves = {graph.root(leaf): (name, leaf) for name, leaf in leaves.items()}

    def value(self, node: Node) -> model.Values | None:
        return values_of(self._leaves[node][1]) if node in self._leaves else super().value(node)

    def grad_output(self, node: Node) -> model.Values | None:
        grad = self._record.grad_outputs.get(node)
        return None if grad is None else values_of(grad)

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return [None if grad is None else values_of(grad) for grad in self._record.grad_inputs.get(node, ())]

    def inside(self, node: Node) -> tuple[str, ...]:
        return self._record.inside.get(node, ())

    def local(self, node: Node) -> Sequence[float | None]:
        return self._record.local.get(node, ())

    def variable(self, node: Node) -> str | None:
        return self._leaves[node][0] if node in self._leaves else None


def tensor_of(result: Any, name: str) -> torch.Tensor:
    """What a function returned. Raises RefusalError where it is no tensor, and no number."""
    if isinstance(result, torch.Tensor):
        return result
    if isinstance(result, int | float) and not isinstance(result, bool):
        return torch.tensor(float(result), dtype=torch.float64)
    kind = "nothing" if result is None else f"a {type(result).__name__}"
    raise RefusalError(
        "domain", f"{name} returned {kind}, not a tensor", "return the tensor to differentiate: a loss, say"
    )


def _notes(output: torch.Tensor, built: model.Graph, variables: Collection[str]) -> list[model.Note]:
    """What f is, and what no gradient comes to."""
    notes = []
    if output.ndim and output.requires_grad:
        notes.append(
            model.Note("vector", f"f is a tensor of shape {tuple(output.shape)}: its gradient is that of sum(f)")
        )
    if not output.requires_grad:
        notes.append(model.Note("constant", "the result does not require a gradient: there is no backward pass"))
    reached = {node.variable for node in built.nodes}
    for name in variables:
        if name not in reached and built.nodes:
            notes.append(model.Note("constant", f"autograd sees no path from {name} to the result: the gradient is 0"))
    return notes
