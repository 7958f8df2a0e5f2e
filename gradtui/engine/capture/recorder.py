"""Watches a forward pass: what value each operation returned, which line asked for it, what became of gradients.

    with Recorder() as recorder:
        loss = model(x).sum()
    recorder.recording.sources[loss.grad_fn._sequence_nr()]

Everything goes under the sequence numbers of the grad_fns. Only summaries are kept, never tensors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FrameType
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode

from gradtui.engine import torch_private
from gradtui.engine.autograd import constructors
from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.autograd.create_graph import CREATE_GRAPH
from gradtui.engine.autograd.warned_lines import at_their_lines
from gradtui.engine.capture.calls import Calls
from gradtui.engine.capture.leaf_names import OutermostCall
from gradtui.engine.capture.places import Places
from gradtui.engine.tensors.readable_tensors import are_uninitialized
from gradtui.engine.tensors.values import FIRST_NUMBERS
from gradtui.snapshot import faults
from gradtui.snapshot.model import Source

__warningregistry__ = None  # of warned_lines


class Recorder(Calls, TorchFunctionMode):
    """A mode for the thread that enters it.

    places: how lines are found. most: a tensor with more elements is summarised. code: of a function that is to run, whose
    `variables` are wanted. What goes wrong in it is ours: it ends the recording, whose `fault` it is, never what is recorded.
    """

    def __init__(self, places: Places | None = None, most: int = FIRST_NUMBERS, code: CodeType | None = None) -> None:
        TorchFunctionMode.__init__(self)
        Calls.__init__(self, places, most)
        self._function = OutermostCall(code)
        self._below: tuple[TorchFunctionMode, ...] | None = None
        self._source: Source | None = None
        self._left = ExitStack()

    def __enter__(self) -> Self:
        with self.own(), ExitStack() as left:
            left.enter_context(stepping_aside(self))
            left.enter_context(at_their_lines())
            left.enter_context(constructors.watched(self._constructed))
            left.enter_context(constructors.arrivals(self._arrived))
            super().__enter__()  # type: ignore[no-untyped-call]
            left.push(super().__exit__)
            self._left = left.pop_all()
        return self

    def __exit__(self, *raised: Any) -> None:
        self.recording.end = torch_private.sequence_number()
        with self.own():
            self._left.__exit__(*raised)  # close() would take from what a signal raises here what it came after
        with self.own():
            self._flow.close()
            self._past.close()
            self.recording.off = not torch.is_grad_enabled()
            self.recording.files = self._places.files

    @contextmanager
    def own(self) -> Iterator[None]:
        """Around what is done beside what is recorded."""
        try:
            yield
        except Exception as error:
            self.fails(error)

    def fails(self, error: Exception) -> None:
        if faults.is_of_signal(error):
            raise error
        self.recording.fault = self.recording.fault or faults.told(error)

    def variables(self) -> dict[str, Any]:
        """Those of the function."""
        with self.own():
            return self._function.variables()
        return {}

    def step_aside(self, compiled: Compiled) -> None:
        with self.own():
            self._below, self._source = torch_private.take_off(self), None
            self._function.look_for(compiled.frame)
            if not torch_private.in_backward():
                self.recording.compiled[compiled.name] = None
                self._source = self._places.here(compiled.frame)
                self._next = torch_private.sequence_number()

    def come_back(self) -> None:
        """What was made meanwhile is of the line that called it."""
        with self.own():
            below, self._below = self._below, None
            if below is not None:
                torch_private.put_back(self, below)
            if self._source is not None:
                made = torch_private.sequence_number()
                self.recording.sources |= dict.fromkeys(range(self._next, made), self._source)
                self._next = made

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = {} if kwargs is None else kwargs
        seen = None
        try:
            if self._function.code is not None:
                self._function.look_for(sys._getframe(1))
            if not (self.recording.fault or torch_private.is_within_torch() or are_uninitialized(types)):
                seen = self._before(func, args, kwargs)
        except Exception as error:
            self.fails(error)
        if seen is None:
            return func(*args, **kwargs)
        if func in CREATE_GRAPH:
            with self._pass(func, args, kwargs):
                result = func(*args, **kwargs)
        else:
            result = func(*args, **kwargs)
        try:
            self._after(seen, result, sys._getframe(1), args, kwargs)
        except Exception as error:
            self.fails(error)
        return result

    @contextmanager
    def _pass(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[None]:
        """A backward pass, which may make a graph."""

        def keep(sent: torch.Tensor) -> None:
            with self.own():
                self._keep(sent)

        left = ExitStack()
        with self.own():
            left.enter_context(self.recording.passes.watched(func, args, kwargs, keep))
        try:
            yield
        finally:
            with self.own():
                left.close()

    def _constructed(self, given: torch.Tensor, made: torch.Tensor, name: str, frame: FrameType) -> None:
        """`nn.Parameter(t)`, `Variable(t)`."""
        with self.own():
            if not self.recording.fault and not torch_private.is_within_torch():
                self._note_constructed(given, made, name, frame)

    def _arrived(self, array: Any, made: torch.Tensor, frame: FrameType) -> None:
        """`from_numpy(a)`."""
        with self.own():
            if not self.recording.fault:
                self.arrives(made)
