"""Request -> Snapshot for a function of the user's own file: their code, run as they would run it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.dtypes import NARROW
from gradtui.engine.autograd import graph
from gradtui.engine.autograd.backward import scalar
from gradtui.engine.capture.capture import capture
from gradtui.engine.capture.introspection import code_of, is_a, named_parameters
from gradtui.engine.capture.outputs import outputs_of
from gradtui.engine.capture.recording import Recording
from gradtui.engine.capture.trace import Trace
from gradtui.engine.parts import Parts
from gradtui.engine.tensors.dtype_and_device import RefusalError, dtype_and_device
from gradtui.engine.tensors.values import device_name, dtype_name, values_of
from gradtui.engine.user.confine import confined, silent
from gradtui.engine.user.errors import TooLongError, Way, files_of, of_user_code, problem
from gradtui.engine.user.function_parameters import Arguments, arguments
from gradtui.engine.user.graph_before_error import graph_before
from gradtui.engine.user.looks import looks
from gradtui.engine.user.model_and_leaves import leaves_in, model_in
from gradtui.engine.user.module import UserModule, text_of
from gradtui.engine.user.processes import Processes
from gradtui.engine.user.rerun import Again
from gradtui.engine.user.script_expressions import spelling
from gradtui.engine.user.small_graph import detailed
from gradtui.engine.user.target import function
from gradtui.engine.user.training import Course
from gradtui.engine.user.warned import warned
from gradtui.engine.working_folder import shown
from gradtui.snapshot import faults, model
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.defaults import OWN_SECONDS
from gradtui.snapshot.exception_text import said
from gradtui.snapshot.surface import Surface
from gradtui.snapshot.target import split
from gradtui.snapshot.training import Place, TrainingRequest

OWN_FAULT = "{target} has run, and what it gave cannot be shown, by an error within gradtui: {error}"

Elsewhere = tuple[dict[str, model.Differences], Curve | None, Surface | None, tuple[model.Note, ...]]

_modules: dict[str, UserModule] = {}
_courses: dict[Path, Course] = {}


def evaluate(request: model.Request, seconds: float = OWN_SECONDS, memory: int | None = None) -> model.Snapshot:
    """Value, gradients, graph, backward pass; by running it again differences and curve. What fails is its `problem`.

    seconds: for all of it, importing what the file imports included. memory: bytes that are free for it, None where nobody knows.
    """
    path, name = split(request.expression)
    module = _modules.setdefault(path, UserModule(Path(path)))
    evaluation = Evaluation(request, module, name)
    try:
        shown_warnings = warned(module.name, module.is_own, lambda: evaluation.recording)
        with confined(seconds, memory), module.as_program(), shown_warnings:
            snapshot = evaluation.answer()
    except RefusalError as error:
        snapshot = evaluation.failed(error.problem)
    except BaseException as error:
        snapshot = evaluation.interrupted(error)
        _let_go(error)
    graph.release(evaluation.nodes)
    return snapshot


def _let_go(error: BaseException | None) -> None:
    """Of the tensors in its frames, and in those of what it came from: their nodes are released after them."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        for frame in Way(error).frames():
            frame.f_locals  # noqa: B018 - Python 3.11 keeps what was read of them until it is read again
        error.__traceback__, error = None, error.__context__


class Evaluation:
    """Of one request. `nodes` takes the node objects of the graph, which must outlive every tensor of it."""

    def __init__(self, request: model.Request, module: UserModule, name: str) -> None:
        self.request, self.module, self.name = request, module, name
        self.nodes: list[Node] = []
        self.recording: Recording | None = None
        self.trace: Trace | None = None
        self.processes = Processes()
        self.parts = Parts()
        self.has_run = False
        self.again: Again | None = None
        self.restore: Callable[[], None] = self._restore

    def _restore(self) -> None:
        self.module.state.restore()

    def answer(self) -> model.Snapshot:
        dtype, device = dtype_and_device(self.request)
        user, training = self.module.load(), self.request.training
        course = _courses.get(self.module.path)
        if course is not None and (course.user is not user or course.name != self.name):
            course = None
        if training is not None and course is None and not self.module.fresh:
            user = self.module.load(anew=True)  # it begins with what the file makes, whatever ran since
        self.module.state.restore()  # an object that is made for its method has the same random numbers each time
        if course is None:
            wanted, owner = function(user, shown(str(self.module.path)), self.name)
        else:
            wanted, owner = course.wanted, course.owner

        def asked_at(at: Mapping[str, Place]) -> Arguments:
            return arguments(wanted, self.name, at, dtype, device)

        if training is not None and course is None:
            self.module.state.restore()
            course = _courses[self.module.path] = Course(user, self.name, wanted, owner, asked_at, self._total)
        self._begin(course)
        asked = asked_at(self.request.at | (course.places if course is not None and training is not None else {}))
        self.module.fresh = False
        network = owner if is_a(owner, torch.nn.Module) else model_in(vars(user))
        self.trace = trace = Trace(network, code_of(wanted))
        self.recording = trace.recording
        self.processes = Processes()
        with trace, looks:
            result = asked.call()
        self.has_run = True
        looks.come_back()
        scope = trace.variables()
        outputs = tensors_of(result, self.name)
        self.nodes.extend(graph.walk(*(graph.root(output) for output in outputs if output.requires_grad)))
        network = model_in(scope) if network is None else network
        named = set() if network is None else {*named_parameters(network).values()}
        loose = {name: leaf for name, leaf in leaves_in(vars(user)).items() if leaf not in named}
        given = {**loose, **asked.leaves, **asked.variables}
        told = capture(outputs, given, network, trace.recording, vars(user) | scope)
        if told.problem is not None and self.nodes:
            return self._without_backward(told, told.problem)
        with silent():
            completed = self._differentiated(self._completed(told, asked, outputs), told.graph, asked, outputs)
            return completed if training is None else self._trained(completed, training, asked, result)

    def interrupted(self, error: BaseException) -> model.Snapshot:
        """What is known where the code did not come to its end: why, where, and the graph of what ran before."""
        error = of_user_code(error, self.module.is_own)
        target = Path(self.request.expression).name  # its folders stand with the place
        told = problem(error, target, self.module.is_own)
        if self.has_run and faults.is_own(error) and told.kind == "crash":
            told = model.Problem("crash", OWN_FAULT.format(target=target, error=faults.told(error)))
        snapshot = self.failed(told, files_of(error, self.module.is_own))
        built = graph_before(error, self.recording, self.nodes)
        snapshot = snapshot if built is None else replace(snapshot, graph=built)
        return self._with_causes(snapshot, told, self.trace.failed if self.trace is not None else None)

    def _with_causes(
        self, snapshot: model.Snapshot, problem: model.Problem, failed: model.Snapshot | None
    ) -> model.Snapshot:
        """And what torch refused, where that is why."""
        if failed is None:
            return snapshot
        raised = failed.problem.raised if failed.problem is not None else None
        return replace(
            snapshot,
            problem=replace(problem, raised=raised),
            graph=failed.graph if failed.graph.nodes else snapshot.graph,
            parameters=failed.parameters,
            modules=failed.modules,
            events=failed.events,
            witnesses=failed.witnesses,
            files=snapshot.files | failed.files,
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

    def _completed(self, told: model.Snapshot, asked: Arguments, outputs: list[torch.Tensor]) -> model.Snapshot:
        """What a capture tells, and what only a function has: variables, and what it is elsewhere."""
        notes = [*told.notes]
        if told.problem is not None:  # f is constant; the events say why
            notes.append(model.Note("constant", told.problem.message))
        built = detailed(told.graph, self.nodes, outputs, self.request.experiments)
        gradients = {node.variable: node.grad_output for node in built.nodes}
        for name in asked.variables:
            if name not in gradients and built.nodes:
                notes.append(model.Note("constant", f"autograd sees no path from {name} to f: the gradient is 0"))
        notes += [model.Note("code", f"{self.name} has no parameter {name}") for name in asked.unknown]
        narrow = next((node.dtype for node in built.nodes if node.dtype in NARROW), "")
        elsewhere: Elsewhere = {}, None, None, ()
        with self.parts.part("curve and differences"):
            elsewhere = self._elsewhere(asked, outputs, narrow)
        differences, curve, surface, more = elsewhere
        return replace(
            told,
            id=self.request.id,
            expression=self.request.expression,
            reads_as=f"{self.name}({', '.join(asked.variables)})",
            dtype=next(map(dtype_name, asked.variables.values()), told.dtype),
            device=next(map(device_name, asked.variables.values()), told.device),
            variables={
                name: model.VariableState(values_of(leaf), gradients.get(name) or values_of(torch.zeros_like(leaf)))
                for name, leaf in asked.variables.items()
            },
            value=values_of(outputs[0]) if len(outputs) == 1 else told.value,
            graph=built,
            differences=differences,
            derivative={},
            curve=curve,
            surface=surface,
            notes=(*notes, *more, *self.parts.notes),
            experiments=self.request.experiments,
            problem=None,
            origin="function",
            files=self._files() | told.files,
        )

    def _differentiated(
        self, snapshot: model.Snapshot, built: model.Graph, asked: Arguments, outputs: list[torch.Tensor]
    ) -> model.Snapshot:
        """With its further derivatives, where they are asked for. built: without what experiments change."""
        wanted = self.request.orders
        if wanted is None or self.request.training is not None:
            return snapshot
        from gradtui.engine.user.orders import orders

        if not asked.variables and not any(one.node is not None for one in snapshot.parameters.values()):
            why = f"{self.name} has no gradient by anything: there is nothing to differentiate by again"
            return replace(snapshot, notes=(*snapshot.notes, model.Note("code", why)))
        f = outputs[0] if len(outputs) == 1 else total(outputs)
        first = snapshot.graph if not self.request.experiments else detailed(built, self.nodes, outputs, ())
        try:
            found = orders(wanted, f, outputs, asked.variables, snapshot.parameters, first, self.nodes, self.again)
        except Exception as error:  # whatever a backward of user code raises
            reason = said(error).partition("\n")[0]
            note = model.Note("code", f"torch cannot differentiate {self.name} again: {reason}")
            return replace(snapshot, notes=(*snapshot.notes, note))
        if found is None:
            why = f"{self.name} is not differentiated again: its output is complex, or backward runs over it only once"
            return replace(snapshot, notes=(*snapshot.notes, model.Note("code", why)))
        return replace(snapshot, orders=found)

    # Training

    def _total(self, asked: Arguments) -> torch.Tensor:
        return total(tensors_of(asked.call(), self.name))

    def _begin(self, course: Course | None) -> None:
        """Where the updates so far have led, or the file itself."""
        training = self.request.training
        if course is None:
            self.restore()
        elif training is None:
            course.begin()
            self.restore = course.begin
        else:
            course.stand(training)
            self.restore = partial(course.again, training.update)

    def _trained(
        self, snapshot: model.Snapshot, training: TrainingRequest, asked: Arguments, result: Any
    ) -> model.Snapshot:
        self.restore()
        course = _courses[self.module.path]
        spelled = spelling(course, self.module, asked, result, self.request.at)
        return replace(snapshot, training=replace(course.train(training), spelling=spelled))

    def _without_backward(self, told: model.Snapshot, problem: model.Problem) -> model.Snapshot:
        """Backward failed. A hint for who calls `capture` is none for who wrote a function."""
        if problem.failure == "freed":
            problem = replace(problem, hint=f"{self.name} calls backward() itself: leave that to gradtui")
        failed = self.failed(problem)
        return replace(
            failed,
            graph=told.graph,
            parameters=told.parameters,
            modules=told.modules,
            events=told.events,
            files=failed.files | told.files,
        )

    def _elsewhere(self, asked: Arguments, outputs: list[torch.Tensor], narrow: str) -> Elsewhere:
        """Differences, curve and contour, where f is the same function each time it is run. narrow: the dtype of a part of it."""
        if not asked.variables:
            return {}, None, None, ()

        def value(leaves: dict[str, torch.Tensor]) -> torch.Tensor:
            self.restore()
            return total(tensors_of(asked.call(leaves), self.name))

        alone = f"{self.name} makes processes: it is not run again for curve and differences"
        compiles = self.recording is not None and self.recording.compiled  # torch's compiler makes some, the first time
        if self.processes.made() and not compiles:
            return {}, None, None, (model.Note("code", alone),)
        self.processes = Processes()
        summed = len(outputs) > 1 or outputs[0].ndim > 0
        again = Again(value, asked.variables, total(outputs), summed, bool(narrow))
        if not again.repeats():
            why = f"{self.name} gave another value when it was run again: no curve, and no check by differences"
            return {}, None, None, (model.Note("code", why),)
        if self.processes.made():
            return {}, None, None, (model.Note("code", alone),)
        self.again = again
        try:
            told = {name: found for name in asked.variables if (found := again.differences(name)) is not None}
            curve = again.curve(self.request.curve) if self.request.curve else None
            surface = again.surface(self.request.surface) if self.request.surface else None
        except TooLongError:  # at some other place; what is known of this one is told
            why = f"{self.name} takes too long beside this place: no curve, and no check by differences"
            return {}, None, None, (model.Note("code", why),)
        unchecked = "" if narrow else ", ".join(name for name in asked.variables if name not in told)
        late = ["the curve"] if curve is None and self.request.curve else []
        late += [f"differences by {unchecked}"] if unchecked else []
        why = f"one run of {self.name} takes {again.seconds:.2g} s: too long for {' and '.join(late)}"
        notes = [model.Note("code", why)] if late else []
        if narrow:
            notes.append(
                model.Note("code", f"{self.name} is computed in {narrow}: its differences would be those of rounding")
            )
        return told, curve, surface, tuple(notes)

    def _files(self, more: Collection[Path] = ()) -> dict[str, str]:
        return {shown(str(path)): text_of(path) for path in (*self.module.files, *more)}


def tensors_of(result: Any, name: str) -> list[torch.Tensor]:
    """What a function returned. Raises RefusalError where it is no tensor, holds none, and is no number."""
    if is_a(result, int, float) and not is_a(result, bool):
        return [torch.tensor(float(result), dtype=torch.float64)]
    try:
        return outputs_of(result)
    except TypeError:
        what = "nothing" if result is None else f"a {type(result).__name__} without a tensor"
        hint = "return the tensor to differentiate: a loss, say"
        raise RefusalError("domain", f"{name} returned {what}", hint) from None


def total(outputs: list[torch.Tensor]) -> torch.Tensor:
    """What is differentiated: the sum of all elements, of their real parts where they are complex."""
    real = [scalar(output.real if output.is_complex() else output) for output in outputs]
    return sum(real[1:], start=real[0])
