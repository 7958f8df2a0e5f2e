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
from dataclasses import replace
from types import FrameType
from typing import Any, cast

import torch
from torch.overrides import TorchFunctionMode

from gradtui.engine.autograd.release import guard_node
from gradtui.engine.autograd.torch_private import sequence_number
from gradtui.engine.autograd.values import FIRST_NUMBERS, legible
from gradtui.engine.capture.events import FOLLOWED, Seen, Told, kind_of
from gradtui.engine.capture.places import Places, in_function
from gradtui.engine.capture.recording import TAG, Happening, Recording, maker


def in_backward() -> bool:
    """Whether the engine is running on this thread: a checkpoint runs the forward again in it."""
    return torch._C._current_graph_task_id() != -1


class Recorder(TorchFunctionMode):
    """A mode for the thread that enters it.

    places: how lines are found. most: a tensor with more elements is summarised.
    """

    def __init__(self, places: Places | None = None, most: int = FIRST_NUMBERS) -> None:
        super().__init__()
        self.recording = Recording(sequence_number())
        self.module = ""
        self._places = places or Places()
        self._most = most
        self._bits: dict[int, int] = {}
        self._next = self.recording.first
        self._levels: dict[int, int] = {}

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self.recording.files = self._places.files
        self.recording.end = sequence_number()

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = kwargs or {}
        if in_backward() or torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
            return func(*args, **kwargs)
        seen = self._before(func, args, kwargs)
        result = func(*args, **kwargs)
        self._after(seen, result, sys._getframe(1))
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

    def _after(self, seen: Seen, result: Any, frame: FrameType) -> None:
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
            return self.recording.flowed_into(tensor), made._sequence_nr()
        return self.recording.flowed_into(tensor), None

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
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(value))
