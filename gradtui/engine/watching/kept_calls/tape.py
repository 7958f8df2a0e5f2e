"""What torch was asked since the last backward passes: each call with its arguments and its line, as long as that is small.

A call is noted, and no number looked at. Where something has gone wrong, `forward_again` runs the calls once more. What can be
made again is not held, so that its memory serves the training as if nobody watched.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode

from gradtui.engine.autograd import constructors
from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.autograd.warned_lines import at_their_lines
from gradtui.engine.capture.events import LEAVING
from gradtui.engine.capture.introspection import is_a, tensors
from gradtui.engine.capture.places import calling, distance
from gradtui.engine.capture.recording import is_leaf
from gradtui.engine.capture.surroundings import NAMES, Surroundings, surroundings, switch_of
from gradtui.engine.tensors.readable_tensors import are_uninitialized
from gradtui.engine.torch_private import (
    RESULT,
    RUN,
    SET_GRAD_ENABLED,
    SUCCEEDED,
    Layer,
    apply_function,
    autocasts,
    in_backward,
    is_made_a_graph_of,
    put_back,
    take_off,
)
from gradtui.engine.watching.guard import Guard
from gradtui.engine.watching.kept_calls.hooks import Hook
from gradtui.engine.watching.kept_calls.segments import ON, SEGMENTS, Call, Eager, Segment

MOST_MADE = 2**26
"""Bytes of results of one segment: with more there is nothing to replay."""
MOST_LEFT = 2**24
"""Bytes of results of the segments before the last one, and of all when an update is over, that may have to be made again."""
_accessors: Any = torch.Tensor
ACCESSOR = type(_accessors.shape.__get__)
GET_GRAD, SET_GRAD = _accessors.grad.__get__, _accessors.grad.__set__
SET_DATA, SET_REQUIRES_GRAD = _accessors.data.__set__, _accessors.requires_grad.__set__
NO_CALLS = {torch.Tensor.backward, torch.autograd.backward, GET_GRAD}
REGISTER_HOOK = torch.Tensor.register_hook
WITHOUT_RESULT = {torch.Tensor.__setitem__, REGISTER_HOOK, *(getattr(torch.Tensor, name) for name in LEAVING)}

IN_PLACE = {"__setitem__", "__iadd__", "__isub__", "__imul__"}
__warningregistry__ = None  # of warned_lines

CONSTRUCTORS: dict[str, Callable[..., Any]] = {"Parameter": torch.nn.Parameter, "Variable": torch.autograd.Variable}
"""Of a new leaf, that has the numbers of another tensor."""

RANDOM = {
    "dropout", "dropout_", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout",
    "rrelu", "rrelu_", "bernoulli", "bernoulli_", "normal", "normal_", "randn", "randn_like", "rand", "rand_like", "randint",
    "randint_like", "uniform_", "exponential_", "random_", "multinomial", "poisson", "gumbel_softmax", "log_normal_", "lstm",
    "gru", "rnn_tanh", "rnn_relu", "scaled_dot_product_attention", "multi_head_attention_forward", "fractional_max_pool2d",
}  # fmt: skip
"""Names of functions that draw random numbers, or may."""


Heard = Callable[[Any, tuple[Any, ...], dict[str, Any], Any, FrameType], None]
"""Is told of each call that is noted, with its result and the frame that made it."""
Comes = Callable[[Any, tuple[Any, ...], dict[str, Any], FrameType], None]


class Tape(TorchFunctionMode):
    """A mode for the thread that enters it, or that it is moved to. comes: is told of each call before it runs, if it is set."""

    def __init__(self, heard: Heard, gradient_set: Callable[[torch.Tensor, Any], None], guard: Guard) -> None:
        super().__init__()
        self._guard = guard
        self.segments: deque[Segment] = deque([Segment()], maxlen=SEGMENTS)
        self.paused = 0
        self.comes: Comes | None = None
        self._thread: int | None = get_ident()
        self._heard, self._gradient_set = heard, gradient_set
        self._left = ExitStack()
        self._below: tuple[TorchFunctionMode, ...] | None = None
        self._distances: dict[CodeType, int] = {}
        self._switch = ON
        self._compiled: tuple[Compiled, tuple[torch.Tensor, ...]] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as left:
            left.enter_context(stepping_aside(self))
            left.enter_context(_functions(self))
            left.enter_context(constructors.arrivals(self._arrives))
            left.enter_context(constructors.watched(self._constructed))
            left.enter_context(at_their_lines())
            super().__enter__()  # type: ignore[no-untyped-call]
            self._left = left.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._left.close()
        self._below = None
        self.paused += 1  # on the stack of another thread it stays
        take_off(self)  # others may have been entered since, and still be there

    def move(self) -> None:
        """Go on in the thread that runs now; on the stack of the one before it stays, and does nothing there."""
        self._thread, self._below = get_ident(), None
        take_off(self)
        super().__enter__()  # type: ignore[no-untyped-call]

    def end(self) -> None:
        """From now on nothing is noted, or held."""
        self._thread = None
        self.segments.clear()
        self.segments.append(Segment())

    def _is_off(self) -> bool:
        # Dynamo, which goes through this in what it compiles between two steps, knows the first and asks for nothing after it
        return is_made_a_graph_of() or bool(self.paused) or get_ident() != self._thread or in_backward()

    def _arrives(self, array: Any, made: torch.Tensor, frame: FrameType) -> None:
        """`from_numpy`, which torch shows to no mode."""
        with self._guard():
            if not self._is_off():
                self.note(torch.as_tensor, (array,), {}, made, frame)

    def _constructed(self, given: torch.Tensor, made: torch.Tensor, name: str, frame: FrameType) -> None:
        """`Variable(t)`, `nn.Parameter(t)`: as `_arrives`."""
        with self._guard():
            if name in CONSTRUCTORS and not self._is_off():
                self.note(CONSTRUCTORS[name], (given,), {"requires_grad": made.requires_grad}, made, frame)

    def step_aside(self, compiled: Compiled) -> None:
        with self._guard():
            if self._below is None and not self._is_off():  # not within a step
                self._compiled = compiled, _random()
            self.leave()

    def leave(self) -> None:
        """Take it off for a while: nothing that is called meanwhile is any slower."""
        if self._below is None:
            self._below = take_off(self)

    def come_back(self) -> None:
        with self._guard():
            if self._below is not None:
                below, self._below = self._below, None
                put_back(self, below)
            compiled, self._compiled = self._compiled, None
            if compiled is not None:
                self._note_compiled(*compiled)

    def _note_compiled(self, compiled: Compiled, random: tuple[torch.Tensor, ...]) -> None:
        """As one call, which can be made again."""
        known = compiled.frame.f_locals
        if known.get(SUCCEEDED) and not self._is_off():
            args, kwargs, result = known["args"], known["kwargs"], known[RESULT]
            self.note(Eager(known[RUN]), args, kwargs, result, compiled.frame, random)

    @contextmanager
    def pause(self) -> Iterator[None]:
        self.paused += 1
        try:
            yield
        finally:
            self.paused -= 1

    def next_segment(self) -> None:
        with self.pause():
            self.forget(1)
            self.segments.append(Segment())

    def forget(self, but: int = 0) -> None:
        """What is too large to be held beside the next pass, the oldest first; not of the last `but` segments."""
        held = 0
        for place, segment in enumerate(reversed(self.segments)):
            held += segment.bytes
            if place >= but and held > MOST_LEFT:
                segment.clear()

    def place(self, frame: FrameType | None) -> tuple[CodeType | None, int]:
        """Of the innermost frame that is a person's own."""
        known = self._distances
        while frame is not None:
            code = frame.f_code
            far = known.get(code)
            if far is None:
                far = known[code] = distance(code)
            if far == 0:
                return code, frame.f_lasti
            frame = frame.f_back
        return None, 0

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = {} if kwargs is None else kwargs
        notes, random = False, None
        try:
            if not (self._is_off() or are_uninitialized(types)):
                notes, frame = True, sys._getframe(1)
                if self.comes is not None:
                    self.comes(func, args, kwargs, frame)
                if type(func) is ACCESSOR:
                    if func == SET_GRAD:
                        self._gradient_set(*args)
                    elif func == SET_DATA:
                        self._heard(func, args, kwargs, None, frame)
                elif func is SET_GRAD_ENABLED:
                    self._switched(frame, bool(args[0]))
                elif func is REGISTER_HOOK and not is_leaf(args[0]):
                    args = args[0], Hook(args[1])
                elif getattr(func, "__name__", "") in RANDOM:
                    random = _random()
        except Exception as error:
            self._guard.give_up(error)
            notes = False
        result = func(*args, **kwargs)
        if notes and func not in NO_CALLS and (type(func) is not ACCESSOR or issubclass(type(result), torch.Tensor)):
            self.note(func, args, kwargs, result, sys._getframe(1), random)
        return result

    def note(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,
        frame: FrameType,
        random: tuple[torch.Tensor, ...] | None = None,
    ) -> None:
        try:
            size = _bytes_made(func, result)
            if size is None:
                return
            self._heard(func, args, kwargs, result, frame)
            segment = self.segments[-1]
            segment.bytes += size
            if segment.bytes > MOST_MADE:
                if segment.whole:
                    segment.clear()
                return
            code, instruction = self.place(frame)
            args, kwargs = segment.given(args), segment.given(kwargs)
            result = segment.returned(result)
            grad, autocast = torch.is_grad_enabled(), autocasts()
            within, switch = (None, ON) if grad else (self._within(frame), self._switch)
            if torch.is_inference_mode_enabled():
                switch = "inference_mode", None, 0
            made_by = Call(func, args, kwargs, result, code, instruction, grad, autocast, random, within, switch)
            segment.calls.append(made_by)
        except Exception as error:
            self._guard.give_up(error)

    def _switched(self, frame: FrameType, grad: bool) -> None:
        if grad:
            self._switch = ON
        elif torch.is_grad_enabled() and (by := switch_of(frame)):
            self._switch = (by, *self.place(frame))

    def _within(self, frame: FrameType | None) -> Surroundings | None:
        """`sample()` or the like, between it and the code of a person; no frame is held."""
        while frame is not None and self._distances.get(frame.f_code):
            if frame.f_code.co_name in NAMES:
                return surroundings(frame)._replace(frame=None, inputs=())
            frame = frame.f_back
        return None


@contextmanager
def _functions(tape: Tape) -> Iterator[None]:
    """`apply` of a custom Function is one call: torch shows it to no mode, only what runs in its forward."""
    layer, plain = Layer(torch.autograd.Function, "apply"), apply_function()

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if tape._is_off():
            return plain(cls, *args, **kwargs)
        random = _random()
        with tape.pause():
            result = plain(cls, *args, **kwargs)
        tape.note(partial(plain, cls), args, kwargs, result, calling(sys._getframe(1)), random)
        return result

    layer.put(classmethod(apply))
    try:
        yield
    finally:
        layer.end()


def _bytes_made(func: Any, result: Any) -> int | None:
    """None for a call that made no tensor, and wrote over none."""
    if issubclass(type(result), torch.Tensor):
        is_old = result._is_view() or func in CONSTRUCTORS.values()
        return 0 if is_old else result.numel() * result.element_size()
    if func in WITHOUT_RESULT:
        return 0
    made = list(tensors((result,)))
    if not made and not getattr(func, "__name__", "").endswith("_"):
        return None
    return sum(one.numel() * one.element_size() for one in made if not one._is_view())


def _random() -> tuple[torch.Tensor, ...]:
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), *devices


def is_in_place(func: Any) -> bool:
    name = getattr(func, "__name__", "")
    return (name.endswith("_") and not name.endswith("__")) or name in IN_PLACE


def closure_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any] | None:
    """What an optimizer's `step` was given to evaluate."""
    given = args[0] if args else kwargs.get("closure")
    return given if callable(given) and not is_a(given, torch.Tensor) else None
