"""The watch over a training: hooks on every optimizer, every module and the begin of every backward pass, until `close`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradtui.engine.autograd.compiled import Compiled, hook_all_modules, is_compiling, stepping_aside
from gradtui.engine.capture.introspection import items
from gradtui.engine.capture.places import Places
from gradtui.engine.torch_private import (
    caller,
    has_no_numbers,
    in_backward,
    is_for_torch,
    is_made_a_graph_of,
    is_unscaled,
    not_compiled,
    sequence_number,
    through_backward,
    unasked,
)
from gradtui.engine.watching import scalers
from gradtui.engine.watching.backward_passes import Passes
from gradtui.engine.watching.calls.clipping_and_writes import Notice
from gradtui.engine.watching.calls.lost_updates import LostUpdates
from gradtui.engine.watching.calls.modes import Modes
from gradtui.engine.watching.guard import Guard
from gradtui.engine.watching.kept_calls.tape import Tape, closure_of
from gradtui.engine.watching.optimizer_steps import Steps
from gradtui.engine.watching.parameter_names import Names
from gradtui.engine.watching.sink import Sink
from gradtui.engine.watching.telling import Telling, Told
from gradtui.engine.watching.unstepped_optimizers import Unstepped
from gradtui.engine.watching.updates_by_hand import ByHand, UpdatesByHand
from gradtui.engine.watching.watched_thread import WatchedThread
from gradtui.findings.over_time.history import History
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Source


class Watch:
    """Watches the thread that makes it; or that in which the training then begins, and another one once that has ended.

    every: a whole Snapshot of each so many updates, 0 for none but where it is needed. on_finding: is told of each finding.
    model: of which the parameters are. optimizer: the one whose steps are updates; None for all that there are.
    """

    def __init__(
        self,
        sink: Sink,
        every: int = 0,
        on_finding: Told | None = None,
        model: torch.nn.Module | None = None,
        optimizer: torch.optim.Optimizer | None = None,
    ) -> None:
        self.history = History()
        self._sink = sink
        self._telling = Telling(self.history, sink, on_finding)
        self._thread = WatchedThread(self._move)
        self._places = Places()
        self._names = Names()
        self._only = optimizer
        if model is not None:
            self._names.see(model)
        self._modes = Modes(self.history, self._names)
        self._scaled = scalers.Scaled()
        self._notice = Notice(self.history, self.place, self._modes)
        self._guard = Guard(self._gives_up)
        self._tape = Tape(self._call_came, self._notice.gradient_set, self._guard)
        self._passes = Passes(
            self._tape, self.history, self._names, self._scaled, sink, every, self._notice.new_weights
        )
        self._steps = Steps(self.history, self._names, self._passes, self._notice, sink, time.perf_counter())
        self._lost = LostUpdates(self.history, self.place)
        by_hand = UpdatesByHand(self._passes, self._names, self._lost, self._update_begins, self._update_ends)
        self._by_hand = by_hand if optimizer is None else None
        self._unstepped = Unstepped(self.history, self._names)
        self._stack: list[Any] = []
        self._without_tape = False
        self._open()

    def _open(self) -> None:
        with ExitStack() as left:
            left.callback(through_backward(self._backward))
            left.enter_context(scalers.listening(self._was_scaled, self._scaler_step))
            left.enter_context(stepping_aside(self))
            left.callback(register_optimizer_step_pre_hook(not_compiled(self._step_begins)).remove)
            left.callback(register_optimizer_step_post_hook(not_compiled(self._step_ends)).remove)
            self._hook()
            left.callback(self._unhook)
            left.enter_context(self._tape)
            self._left = left.pop_all()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._telling.found

    def _gives_up(self, why: str) -> None:
        self._tape.end()
        self._sink.watch_ended(why)

    def failed(self, error: BaseException) -> None:
        """The program ends with this exception: torch may have refused what it was asked for."""
        if isinstance(error, Exception) and not self.history.ended and not self._guard.has_given_up:
            with self._tape.pause(), self._guard():
                self._passes.failed(error)

    def close(self) -> None:
        """Take everything off again, and tell what there is to tell. Once more does nothing."""
        if self.history.ended:
            return
        with self._tape.pause(), self._guard():
            self._finish_by_hand()
            self._passes.unfinished()
            self._unstepped.settle()
            self._lost.settle()
            self._steps.closes()
        self._left.close()
        self.history.ended = True
        with self._guard():
            self._telling.tell()
        self._telling.raise_theirs()

    def place(self, frame: Any) -> Source | None:
        code, instruction = self._tape.place(frame)
        return None if code is None else self._places.of_instruction(code, instruction)

    # ---------------------------------------------------------------- threads

    def _comes(self, runs_a_module: bool = False) -> bool:
        """Whether the thread that runs now is the watched one, or is from now on."""
        self._thread.stays |= self.history.ended or self._guard.has_given_up
        return self._thread.comes(runs_a_module, is_in_module=self._modes.depth > 0)

    def _move(self) -> None:
        self._stack, self._modes.depth = [], 0
        self._tape.move()
        self._passes.move()
        self._notice.move()

    def _passes_by(self, frame: Any) -> None:
        """A step of a thread that is not watched, as another one is."""
        with self._thread.lock:
            if not self.history.ended:
                update, first, steps = self.history.unwatched or (self.history.updates, self.place(frame), 0)
                self.history.unwatched = update, first, steps + 1

    # ---------------------------------------------------------------- modules

    def _hook(self) -> None:
        self._end_hooks = hook_all_modules(self._module_begins, self._module_ends)

    def _unhook(self) -> None:
        self._end_hooks()

    def step_aside(self, compiled: Compiled) -> None:
        with self._guard():
            if compiled.module is not None and not self._modes.depth:
                self._names.see(compiled.module)
            if compiled.module is not None and self._thread.is_here():
                self._modes.compiled(compiled.module)
            self._unhook()

    def come_back(self) -> None:
        with self._guard():
            self._hook()

    def _module_begins(self, module: torch.nn.Module, args: Any) -> None:
        try:  # of the most modules there is nothing to look at
            if self._passes.capturing or is_made_a_graph_of():
                return
            here = self._thread.is_here()
            if not (here and self._thread.has_begun) and torch.is_grad_enabled():
                here = self._comes(runs_a_module=True)
            if here and not self._modes.passes_by(module):
                with self._guard():
                    self._modes.begins(module, args)
        except Exception as error:
            self._guard.give_up(error)

    def _module_ends(self, module: torch.nn.Module, args: Any, result: Any) -> None:
        try:
            if self._thread.is_here() and not (self._passes.capturing or is_made_a_graph_of()):
                self._modes.ends()
        except Exception as error:
            self._guard.give_up(error)

    # ---------------------------------------------------------------- backward

    def _backward(self, run: Callable[..., Any], outputs: Any, *args: Any, **kwargs: Any) -> Any:
        creates, inputs = (bool(args[2]), args[3]) if len(args) > 3 else (False, ())
        accumulates = bool(kwargs.get("accumulate_grad", False))
        watched = counts = False
        with self._guard():
            is_own = in_backward() or is_compiling() or self._passes.capturing or self._guard.has_given_up
            is_own = is_own or _is_dry(outputs)
            watched = not is_own and (accumulates or not is_for_torch(sys._getframe(1))) and self._comes()
            counts = watched and self._counts(outputs, inputs, creates, accumulates)
        if not counts:
            result = run(outputs, *args, **kwargs)
            if watched:
                with self._guard():
                    self._notice.differentiated(inputs, result, sys._getframe(1))
            return result
        self._telling.raise_theirs()  # of an update by hand, which ends where the next pass begins
        place = None
        with self._tape.pause():
            with self._guard():
                self._thread.has_begun = True
                self._finish_by_hand()
                place = self.place(sys._getframe(1))
                start, keeps = args[0] if args else (), any(args[1:2]) and (accumulates or not creates)
                self._passes.begins(outputs, start, inputs, place, keeps, bool(self._stack), accumulates)
            try:
                with self._passes.hooks.heard(self._guard):
                    result = run(outputs, *args, **kwargs)
            except Exception as error:
                with self._guard():
                    self._passes.raised(error, place)
                    if not any(one.requires_grad for one in items(outputs)):
                        self._lost.refused()
                raise
            with self._guard():
                self._notice.passes += 1
                self._passes.ends()
                if accumulates:
                    self._unstepped.pass_ends(self._passes.leaves, place, sys._getframe(1))
                if self._by_hand and self._by_hand.passed(accumulates, inputs, result, sys._getframe(1)):
                    self._tape.comes = self._call_comes
        return result

    # ---------------------------------------------------------------- steps

    def _step_begins(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
        with self._guard():
            self._unstepped.steps(optimizer)
            if self._guard.has_given_up or not self._is_watched(optimizer):
                return None
            if not self._comes():
                self._passes_by(sys._getframe(1))
                return None
            self._thread.has_begun = True
            self._finish_by_hand()
            self._by_hand = None
            self._drop_ended(frame := caller(sys._getframe(1)))
            self._stack.append(frame)
            if len(self._stack) > 1:  # an optimizer that steps another
                return None
            closure = closure_of(args[1:], kwargs)
            with self._tape.pause():
                self._steps.begins(optimizer, frame, self.place(frame), closure is not None)
            self._without_tape = closure is None
            if closure is None:
                self._tape.leave()
                return None
            self._tape.paused += 1
            return self._evaluating(optimizer, closure, args, kwargs)
        return None

    def _evaluating(
        self, optimizer: torch.optim.Optimizer, closure: Callable[[], Any], args: Any, kwargs: Any
    ) -> tuple[Any, Any]:
        """The arguments of `step`, in which what it evaluates is heard."""

        def evaluate() -> Any:
            with self._guard():
                self._passes.left.evaluation_begins(self._steps.parameters)
            self._tape.paused -= 1
            try:
                result = closure()
            finally:
                self._tape.paused += 1
            with self._guard():
                self._steps.evaluated(optimizer, sys._getframe(1))  # a frame kept in here would keep the graph
            return result

        if len(args) > 1:
            return (args[0], evaluate, *args[2:]), kwargs
        return args, {**kwargs, "closure": evaluate}

    def _step_ends(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        with self._guard():
            if not self._thread.is_here() or not self._stack or not self._is_watched(optimizer):
                return
            self._stack.pop()
            if self._stack:
                return
            self._return()
            with self._tape.pause():
                self._steps.ends(optimizer, sequence_number())
                self._telling.update_ends()
        self._telling.raise_theirs()

    # ---------------------------------------------------------------- updates by hand

    def _counts(self, outputs: Any, inputs: Any, creates: bool, accumulates: bool) -> bool:
        """Whether this pass is one of a training, or of what a graph is made of."""
        if not accumulates:
            self._names.differentiated_by(items(inputs))
        if self._by_hand is not None:
            self._by_hand = self._by_hand if self._by_hand.is_needed(outputs) else None
            creates = creates if self._by_hand is None else not self._by_hand.may_go_by(outputs, creates)
        return accumulates or not creates

    def _call_comes(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> None:
        if self._by_hand is None or not self._by_hand.listens:
            self._tape.comes = None
            return
        with unasked():
            self._by_hand.comes(func, args, kwargs, frame)

    def _call_came(self, func: Any, args: Any, kwargs: Any, result: Any, frame: FrameType) -> None:
        if self._by_hand is not None and self._by_hand.listens:
            with unasked():
                self._by_hand.came(func, args, kwargs, result, frame)
        self._notice.heard(func, args, kwargs, result, frame)

    def _update_begins(self, update: ByHand, frame: FrameType) -> None:
        with self._tape.pause():
            self._steps.begins(update, frame, self.place(frame), closure=False)

    def _update_ends(self, update: ByHand, border: int) -> None:
        with self._tape.pause():
            self._steps.ends(update, border)
            self._telling.update_ends()

    def _finish_by_hand(self) -> None:
        self._tape.comes = None
        if self._by_hand is not None:
            with unasked():
                self._by_hand.finish()

    def _return(self) -> None:
        """A step is over: what it calls is of no interest, but for what its closure does."""
        if self._without_tape:
            self._tape.come_back()
        else:
            self._tape.paused -= 1

    def _is_watched(self, optimizer: torch.optim.Optimizer) -> bool:
        moved = (one for group in optimizer.param_groups for one in group["params"])
        return (self._only is None or optimizer is self._only) and not _is_dry((next(moved, None),))

    def _drop_ended(self, frame: Any) -> None:
        """Steps that raised are over, without a word."""
        if self._stack:
            around = set()
            while frame is not None:
                around.add(frame)
                frame = frame.f_back
            ended = [one for one in self._stack if one not in around]
            if ended and len(ended) == len(self._stack):
                self._return()
            self._stack = [one for one in self._stack if one in around]

    def _was_scaled(self, losses: Any, scaled: Any) -> None:
        with self._guard():
            self._scaled.put(losses, scaled)

    def _scaler_step(self, scaler: Any, optimizer: Any, step: Callable[[], Any]) -> Any:
        before = self._steps.ran
        with self._guard():
            self._unstepped.steps(optimizer)
            if self._thread.is_here() and not is_unscaled(scaler, optimizer):
                self._notice.scale = float(scaler.get_scale())
        result = step()
        with self._tape.pause(), self._guard():
            if self._thread.is_here() and self._steps.ran == before and not self._stack:
                scale, place = float(scaler.get_scale()), self.place(sys._getframe(1))
                self.history.note("skipped", place, scale=scale, scaler=self._scaled.number(scaler))
                own = [one for group in optimizer.param_groups for one in group["params"]]
                self._passes.skipped(own, sys._getframe(1))
            elif self._thread.is_here():
                self.history.note("scaled", None, scaler=self._scaled.number(scaler))
        return result


def _is_dry(tensors: Any) -> bool:
    """Whether they are of a run that only tries what fits, as people make one before they train: there is nothing to tell."""
    return any(isinstance(one, torch.Tensor) and has_no_numbers(one) for one in items(tensors))
