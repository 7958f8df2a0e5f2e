"""`with gradtui.trace(model) as trace:` watches a forward pass, and says of each node what the graph alone does not know."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

import torch
from torch.utils.hooks import RemovableHandle

from gradtui.engine.capture.capture import captured
from gradtui.engine.capture.names import local_variables
from gradtui.engine.capture.recorder import Recorder, in_backward
from gradtui.engine.capture.recording import Recording
from gradtui.engine.typed.forward import sequence_number
from gradtui.snapshot.model import Snapshot


def trace(model: torch.nn.Module | None = None) -> Trace:
    """Records what runs inside of the `with`, on this thread: for each operation its value (a summary), and the line and
    columns that asked for it; for each node the module of `model` that ran it; and what ends a gradient, such as
    `detach()`. `trace.capture(output)`, or plain `gradtui.capture(output)`, then has all that.

    Afterwards, also after an exception, no hook and no mode is left. No tensor is kept.
    Raises TypeError for what is no module.
    """
    if model is not None and not isinstance(model, torch.nn.Module):
        raise TypeError(f"model is no torch.nn.Module but a {type(model).__name__}")
    return Trace(model)


class Trace:
    """What `gradtui.trace` gives; for one `with`."""

    def __init__(self, model: torch.nn.Module | None) -> None:
        self._recorder = Recorder()
        self._model = model
        self._modules = _Modules(self._recorder)

    @property
    def recording(self) -> Recording:
        return self._recorder.recording

    def __enter__(self) -> Self:
        if self._model is not None:
            self._modules.watch(self._model)
        self._recorder.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._recorder.__exit__(kind, error, traceback)
        self._modules.leave()

    def capture(self, output: object, *, names: Mapping[str, torch.Tensor] | None = None) -> Snapshot:
        """`gradtui.capture` of what ran inside, also of what ended up without a graph."""
        return captured(output, names, self._model, self.recording, local_variables(sys._getframe(1)))


class _Modules:
    """Forward hooks on every module of a model, which mark the sequence numbers at which calls begin and end."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._handles: list[RemovableHandle] = []
        self._running: list[tuple[str, int]] = [("", 0)]
        self._thread = threading.get_ident()

    def watch(self, model: torch.nn.Module) -> None:
        self._recorder.recording.watched = weakref.ref(model)
        for path, module in model.named_modules():
            begin, end = self._hook(partial(self._begin, path)), self._hook(self._end)
            self._handles.append(module.register_forward_pre_hook(begin, prepend=True))
            self._handles.append(module.register_forward_hook(end, always_call=True))

    def leave(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _hook(self, act: Callable[[], None]) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            if threading.get_ident() == self._thread and not in_backward():
                act()
                self._mark()

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
