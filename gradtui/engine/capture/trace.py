"""`with gradtui.trace(model) as trace:` watches a forward pass, and says of each node what the graph alone does not know."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from types import CodeType, TracebackType
from typing import Any, Self

import torch
from torch.utils.hooks import RemovableHandle

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture import leaf_names, torch_refusals, witnesses
from gradtui.engine.capture.capture import capture
from gradtui.engine.capture.introspection import is_a, submodules
from gradtui.engine.capture.recorder import Recorder
from gradtui.engine.capture.recording import Recording
from gradtui.engine.torch_private import in_backward, sequence_number
from gradtui.snapshot.exception_text import said
from gradtui.snapshot.model import Problem, Snapshot


class Trace:
    """What `gradtui.trace` watches by; for one `with`. Raises TypeError for a model that is no module.

    code: of a function that is to run, whose `variables` are wanted. failed: of what raised inside, where torch refused it.
    """

    def __init__(self, model: torch.nn.Module | None = None, code: CodeType | None = None) -> None:
        if model is not None and not is_a(model, torch.nn.Module):
            raise TypeError(f"model is no torch.nn.Module but a {type(model).__name__}")
        self._recorder = Recorder(code=code)
        self._model = model
        self._modules = _Modules(self._recorder)
        self.failed: Snapshot | None = None

    @property
    def recording(self) -> Recording:
        return self._recorder.recording

    def variables(self) -> dict[str, Any]:
        return self._recorder.variables()

    def __enter__(self) -> Self:
        with self._recorder.own():
            if self._model is not None:
                self._modules.watch(self._model)
        self._recorder.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._recorder.__exit__(kind, error, traceback)
        with self._recorder.own():
            self._modules.leave()
        if isinstance(error, Exception) and not self.recording.fault:
            with suppress(Exception):  # what is raised is the person's own exception, whatever there is to say of it
                self.failed = failed_step(error, self._model, self.recording, {})

    def capture(self, output: object, names: Mapping[str, torch.Tensor] | None, scope: Mapping[str, Any]) -> Snapshot:
        """Of what ran inside, also of what ended up without a graph, for a caller with the variables of `scope`."""
        return capture(output, names, self._model, self.recording, scope)


class _Modules:
    """Forward hooks on every module of a model, which mark the sequence numbers at which calls begin and end."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._handles: list[RemovableHandle] = []
        self._running: list[tuple[str, int]] = [("", 0)]
        self._thread = threading.get_ident()
        self._modules: dict[str, torch.nn.Module] = {}
        self._aside = ExitStack()
        self._entered = False

    def watch(self, model: torch.nn.Module) -> None:
        self._recorder.recording.watched = weakref.ref(model)
        self._modules = submodules(model)
        self._aside.enter_context(stepping_aside(self))
        self._hook_all()

    def leave(self) -> None:
        self._unhook_all()
        self._modules = {}
        self._aside.close()

    def step_aside(self, compiled: Compiled) -> None:
        self._entered = False
        with self._recorder.own():
            self._unhook_all()
            if not in_backward():
                self._enter(compiled)

    def _enter(self, compiled: Compiled) -> None:
        path = next((path for path, module in self._modules.items() if module is compiled.module), None)
        self._recorder.recording.unseen.add("" if path is None else path)
        begun = len(self._running) > 1 and self._running[-1][0] == path
        if path is not None and not begun:
            self._entered = True
            self._begin(path)
            self._mark()

    def come_back(self) -> None:
        with self._recorder.own():
            if self._entered:
                self._end()
                self._mark()
            self._hook_all()

    def _hook_all(self) -> None:
        for path, module in self._modules.items():
            if isinstance(module, torch.jit.ScriptModule):  # it runs what is below it by itself, and most take no hooks
                self._recorder.recording.unseen.add(path)
                continue
            begin, end = self._hook(partial(self._begin, path)), self._hook(self._end)
            self._handles.append(module.register_forward_pre_hook(begin, prepend=True))
            self._handles.append(module.register_forward_hook(end, always_call=True))

    def _unhook_all(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _hook(self, act: Callable[[], None]) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            try:
                if threading.get_ident() == self._thread and not in_backward():
                    act()
                    self._mark()
            except Exception as error:
                self._recorder.fails(error)

        return hook

    def _begin(self, path: str) -> None:
        calls = self._recorder.recording.calls
        call = calls.get(path, 0)
        calls[path] = call + 1
        self._running.append((path, call))

    def _end(self) -> None:
        self._running.pop()

    def _mark(self) -> None:
        recording, number = self._recorder.recording, sequence_number()
        if recording.marks and recording.marks[-1] == number:
            recording.entered.pop()
            recording.marks.pop()
        recording.marks.append(number)
        recording.entered.append(self._running[-1])
        self._recorder.module = self._running[-1][0]


def failed_step(
    error: BaseException, model: torch.nn.Module | None, recording: Recording, scope: Mapping[str, Any]
) -> Snapshot | None:
    """A step that raised, as a Snapshot: what torch refused, the graph and the events until then.

    None where the exception has nothing to do with autograd.
    """
    found = torch_refusals.start(error)
    live = [tensor for tensor in found if tensor.requires_grad]
    known = leaf_names.given(None, {} if model is None else leaf_names.parameters(model))
    nodes = graph.walk(*map(graph.root, live)) if live else []
    guard(nodes)
    told = torch_refusals.raised(error, nodes, recording, known)
    graph.release(nodes)
    if told is None or (told.how == "bad_values" and not recording.witnesses):
        return None
    if told.how == "no_graph" and found:
        return capture(found, None, model, recording, scope)
    message = said(error).strip().partition("\n")[0]
    problem = Problem("domain", f"{type(error).__name__}: {message}", source=told.source, raised=told)
    if live:
        return capture(live, None, model, recording, scope, problem)
    return Snapshot(
        0,
        "output",
        problem=problem,
        origin="capture",
        files=dict(recording.files),
        events=recording.events(known, {}),
        witnesses=tuple(witnesses.seen_going_bad(recording, {}, torch_refusals.bad_tensors(error))),
    )
