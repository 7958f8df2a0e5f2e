"""Watches a forward pass: what value each operation returned, which line asked for it, what became of gradients.

    with Recorder() as recorder:
        loss = model(x).sum()
    recorder.recording.sources[loss.grad_fn._sequence_nr()]

Everything goes under the sequence numbers of the grad_fns. Only summaries are kept, never tensors.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any, Self, cast

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode

from gradtui.engine.autograd.backward import leaf_of
from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.autograd.graph import newest_first, release
from gradtui.engine.autograd.release import guard, guard_node
from gradtui.engine.autograd.torch_private import put_back, sequence_number, take_off
from gradtui.engine.autograd.values import FIRST_NUMBERS, legible
from gradtui.engine.autograd.witness import LEAST, is_bad
from gradtui.engine.capture import witnesses
from gradtui.engine.capture.events import FOLLOWED, Seen, Told, kind_of
from gradtui.engine.capture.introspection import items
from gradtui.engine.capture.names import local_variables
from gradtui.engine.capture.places import Places, in_function
from gradtui.engine.capture.recording import TAG, Happening, Recording, maker
from gradtui.snapshot.model import Source


def in_backward() -> bool:
    """Whether the engine is running on this thread: a checkpoint runs the forward again in it."""
    return torch._C._current_graph_task_id() != -1


class Recorder(TorchFunctionMode):
    """A mode for the thread that enters it.

    places: how lines are found. most: a tensor with more elements is summarised. code: of a function that is to run, whose
    `variables` are wanted.
    """

    def __init__(self, places: Places | None = None, most: int = FIRST_NUMBERS, code: CodeType | None = None) -> None:
        super().__init__()
        self.recording = Recording(sequence_number())
        self.module = ""
        self._places = places or Places()
        self._most = most
        self._bits: dict[int, int] = {}
        self._next = self.recording.first
        self._levels: dict[int, int] = {}
        self._left = ExitStack()
        self._code = code
        self._frame: FrameType | None = None
        self._depth: int | None = None
        self._source: Source | None = None

    def __enter__(self) -> Self:
        self._left.enter_context(stepping_aside(self))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._left.close()
        self.recording.files = self._places.files
        self.recording.end = sequence_number()

    def variables(self) -> dict[str, Any]:
        """Those of the outermost call of the function, which has ended; none where nothing of torch was called in it.

        Once: its frame, which holds those around it, is let go of.
        """
        frame, self._frame = self._frame, None
        return {} if frame is None else local_variables(frame)

    def _look_for(self, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code is self._code:
                self._frame = frame
            frame = frame.f_back
        if self._frame is not None:
            self._code = None

    def step_aside(self, compiled: Compiled) -> None:
        if self._code is not None:
            self._look_for(compiled.frame)
        self._depth, self._source = take_off(self), None
        if not in_backward():
            self.recording.compiled[compiled.name] = None
            self._source = self._places.here(compiled.frame)
            self._next = sequence_number()

    def come_back(self) -> None:
        """What was made meanwhile is of the line that called it."""
        if self._source is not None:
            made = sequence_number()
            self.recording.sources |= dict.fromkeys(range(self._next, made), self._source)
            self._next = made
        if self._depth is not None:
            put_back(self, self._depth)

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = {} if kwargs is None else kwargs
        if self._code is not None:
            self._look_for(sys._getframe(1))
        if torch.compiler.is_compiling() or in_backward() or torch._C._are_functorch_transforms_active():
            return func(*args, **kwargs)
        seen = self._before(func, args, kwargs)
        result = func(*args, **kwargs)
        self._after(seen, result, sys._getframe(1), args, kwargs)
        return result

    def _before(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Seen:
        """The inputs as they are now: an operation in place changes them."""
        inputs = [*_tensors(args), *_tensors(kwargs.values())]
        leaves, numbers, carried = 0, [], False
        for tensor in inputs:
            self._keep(tensor)
            flowed, number = self._flowed_into(tensor)
            leaves |= flowed
            numbers.append(number)
            carried = carried or tensor.requires_grad
        version = None if not inputs or inputs[0].is_inference() else inputs[0]._version
        made = maker(inputs[0]) if inputs else None
        name = "" if made is None else made.name()
        return Seen(func, inputs, numbers, name, leaves, carried, version, sequence_number())

    def _after(self, seen: Seen, result: Any, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        made, recording = sequence_number(), self.recording
        source = None
        if made > seen.number or seen.number > self._next:
            source = self._places.here(frame)
            if seen.number > self._next:
                self._fill(seen, frame)
            for number in range(seen.number, made):
                recording.lineage[number] = seen.leaves
                if source is not None:
                    recording.sources[number] = source
        self._next = made
        outputs = list(_tensors((result,)))
        for tensor in outputs:
            self._keep(tensor, seen.numbers)
            values = recording.values.get(made - 1) if made > seen.number else None
            if is_bad(values) and len(recording.witnesses) < witnesses.MOST:
                self._look_again(seen, tensor, frame, args, kwargs)
            elif tensor.dtype in LEAST and made > seen.number:
                lost = witnesses.of_lost_constant(seen.func, (*args, *kwargs.values()), tensor)
                if lost is not None and len(recording.witnesses) < witnesses.MOST:
                    recording.witnesses[made - 1] = lost
        if seen.leaves:
            self._notice(seen, outputs, result, source, frame)

    def _fill(self, seen: Seen, frame: FrameType) -> None:
        """Nodes that no operation was seen to make are those of custom autograd.Functions."""
        source = self._places.of_function(frame)
        for number in range(self._next, seen.number):
            self.recording.lineage.setdefault(number, seen.leaves)
            if source is not None:
                self.recording.sources.setdefault(number, source)

    def _keep(self, tensor: torch.Tensor, made_of: Iterable[int | None] = ()) -> None:
        """The value of a tensor that a grad_fn made; of its several outputs the first that is seen."""
        made = maker(tensor)
        if made is None:
            return
        number, recording = made._sequence_nr(), self.recording
        if number not in recording.values and number >= recording.first:
            cast(Any, made).metadata[TAG] = recording
            recording.values[number] = legible(tensor, self._most)
            below = [self._levels.get(other, 0) for other in made_of if other is not None]
            self._levels[number] = level = 1 + max(below, default=0)
            guard_node(made, level, below)

    def _look_again(
        self, seen: Seen, result: torch.Tensor, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Where a result is not finite: what it was made of, while that is there."""
        made = maker(result)
        told = None if made is None else self.recording.values.get(made._sequence_nr())
        if made is None or told is None or made._sequence_nr() in self.recording.witnesses or in_function(frame):
            return
        with torch._C.DisableTorchFunction():
            found = witnesses.witness(seen.func, args, kwargs, seen.inputs, result, told, frame)
        if found is not None:
            self.recording.witnesses[made._sequence_nr()] = found

    def _notice(self, seen: Seen, outputs: list[torch.Tensor], result: Any, source: Any, frame: FrameType) -> None:
        told = kind_of(seen, outputs, result)
        if told is not None and told.kind == "no_grad" and in_function(frame):
            told = None
        bit = 0 if told is None else self._happened(told, seen, source or self._places.here(frame)).bit
        for tensor in outputs:
            if maker(tensor) is None and (bit or not tensor.requires_grad):
                flowed = self.recording.flowed_into(tensor) | seen.leaves | bit
                self.recording.cut[id(tensor)] = weakref.ref(tensor, self._forget(id(tensor))), flowed

    def _happened(self, told: Told, seen: Seen, source: Any) -> Happening:
        key = told.kind, told.operation, source, self.module
        known = self.recording.happenings.get(key)
        if known is None:
            bit = self._next_bit(lambda: None) if told.kind in FOLLOWED else 0
            known = Happening(told.kind, told.operation, source, self.module, 0, told.number, seen.maker, bit)
        known = self.recording.happenings[key] = replace(known, leaves=known.leaves | seen.leaves)
        return known

    def _flowed_into(self, tensor: torch.Tensor) -> tuple[int, int | None]:
        """The leaves, a bit each, and the sequence number of the grad_fn."""
        if tensor.requires_grad:
            made = maker(tensor)
            if made is None:
                return self._bit(tensor) | self.recording.flowed_into(tensor), None
            number = made._sequence_nr()
            if number >= self.recording.first and number not in self.recording.lineage:
                self._follow(made)
            return self.recording.flowed_into(tensor), number
        return self.recording.flowed_into(tensor), None

    def _follow(self, unseen: Node) -> None:
        """Into what was made unseen, in compiled code or a transform of torch.func: the leaves that flowed into it."""
        lineage, found, leaves = self.recording.lineage, {unseen: None}, 0
        waiting = [unseen]
        while waiting:
            for target, _ in waiting.pop().next_functions:
                if target is None or target in found:
                    continue
                known = lineage.get(target._sequence_nr())
                if known is not None:
                    leaves |= known
                elif (leaf := leaf_of(target)) is not None:
                    leaves |= self._bit(leaf)
                else:
                    found[target] = None
                    waiting.append(target)
        nodes = newest_first(found)
        guard(nodes)
        lineage[unseen._sequence_nr()] = leaves
        release(nodes)

    def _bit(self, leaf: torch.Tensor) -> int:
        place = self._bits.get(id(leaf))
        if place is None or self.recording.leaves[place]() is not leaf:
            place = self._bits[id(leaf)] = len(self.recording.leaves)
            self._next_bit(weakref.ref(leaf))
        return 1 << place

    def _next_bit(self, of: Callable[[], torch.Tensor | None]) -> int:
        self.recording.leaves.append(of)
        return 1 << len(self.recording.leaves) - 1

    def _forget(self, key: int):  # type: ignore[no-untyped-def]
        cut = self.recording.cut
        return lambda _: cut.pop(key, None)


def _tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """Those in arguments or results, in lists and tuples in them too."""
    waiting = list(values)
    waiting.reverse()
    while waiting:
        value = waiting.pop()
        if issubclass(type(value), torch.Tensor):  # `is_a`, without a call for each argument there is
            yield value
        elif issubclass(type(value), list | tuple):
            waiting.extend(reversed([*items(value)]))
