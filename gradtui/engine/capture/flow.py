"""Which leaves, and which happenings, the numbers of a tensor come from, a bit each: also where no gradient goes back."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import Node
from torch.multiprocessing.reductions import StorageWeakRef

from gradtui.engine.autograd.backward import leaf_of
from gradtui.engine.autograd.graph import newest_first, release
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture.places import in_function
from gradtui.engine.capture.recording import Recording, maker
from gradtui.engine.tensors.values import PLAIN
from gradtui.snapshot.model import EventKind, Source

ARRAYS = {"numpy", "__array__"}
MOST_KEPT = 100_000
"""Numbers that left torch and are known again."""
SIZED = {
    "empty",
    "new_empty",
    "new_ones",
    "new_zeros",
    "ones",
    "ones_like",
    "rand",
    "randn",
    "randperm",
    "zeros",
    "zeros_like",
}
"""What takes no numbers but a size."""
SETTINGS = (bool, str, type(None), torch.device, torch.dtype, torch.layout, torch.memory_format, torch.Size)


class Origin(NamedTuple):
    """Of a tensor. flowed: leaves and happenings whose numbers went into it. live: the leaves that a gradient goes back to.

    number: the sequence number of its grad_fn. lost: the leaves that a gradient went back to, before something that nobody saw.
    """

    flowed: int
    live: int
    number: int | None
    lost: int = 0


class Flow:
    """Follows tensors by their grad_fn; those without one by identity, and by the storage that they share with another."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._bits: dict[int, int] = {}
        self._storages: dict[int, tuple[StorageWeakRef, int, int, bool]] = {}
        self._numbers: dict[int, tuple[float, int]] = {}
        self.guessed: set[int] = set()
        """Sequence numbers of Functions that were still running when it was said what flowed into them."""

    def close(self) -> None:
        self._storages.clear()
        self._numbers.clear()

    def into(self, tensor: torch.Tensor) -> Origin:
        made = maker(tensor)
        if made is None:
            if tensor.requires_grad and tensor._base is not None:  # a view made under no_grad, which looks like a leaf
                return self.into(tensor._base)
            is_new = not self._is_known(tensor)
            own = self.bit(tensor) if tensor.requires_grad else 0
            cut = self._recording.cut.get(id(tensor))
            if cut is not None:
                return Origin(own | cut[1], own, None)
            shared = self._shared(tensor)
            if shared is None or not (is_new or shared[3]):
                return Origin(own, own, None)
            return Origin(own | shared[1], own, None, 0 if own & shared[2] else shared[2])
        recording, number = self._recording, made._sequence_nr()
        if number >= recording.first and (number not in recording.lineage or number in self.guessed):
            self.guessed.discard(number)
            recording.lineage[number], recording.live[number] = self._follow(made, tensor)
        return Origin(recording.lineage.get(number, 0), recording.live.get(number, 0), number)

    def live_of(self, tensors: Iterable[torch.Tensor]) -> int:
        live = 0
        for tensor in tensors:
            live |= self.into(tensor).live
        return live

    def cut(self, tensor: torch.Tensor, flowed: int, *, written: bool = False) -> None:
        """A tensor that no grad_fn made, and what flowed into it. written: over what was in it."""
        self._add(tensor, flowed)
        key, table = id(tensor), self._recording.cut
        table[key] = weakref.ref(tensor, lambda _: table.pop(key, None)), flowed
        self.share(tensor, flowed, 0, written)

    def _add(self, tensor: torch.Tensor, flowed: int) -> None:
        """To what flowed into a tensor with a graph, which does not have what was written into it."""
        made = maker(tensor)
        if made is not None:
            lineage = self._recording.lineage
            lineage[made._sequence_nr()] = lineage.get(made._sequence_nr(), 0) | flowed

    def share(self, tensor: torch.Tensor, flowed: int, live: int, written: bool = False) -> None:
        """Whatever has this storage has these numbers: `from_numpy(t.numpy())`, a view of what is written over under no_grad."""
        if not torch.is_grad_enabled():
            self._add(tensor, flowed)
        if flowed and (storage := storage_of(tensor)) is not None:
            self._storages[storage.data_ptr()] = StorageWeakRef(storage), flowed, live, written  # type: ignore[no-untyped-call]

    def is_beside(self, tensor: torch.Tensor, number: int | None) -> bool:
        """Whether it had no graph, and another tensor may have its storage, in which what is written here has no graph either."""
        return number is None and id(tensor) in self._recording.cut and self._shared(tensor) is not None

    def leaves_torch(self, result: Any, flowed: int) -> None:
        """`.item()` and `.tolist()`: a float that goes on into torch as it is is known again."""
        waiting = [result]
        while waiting and len(self._numbers) < MOST_KEPT:
            value = waiting.pop()
            if type(value) is list:
                waiting.extend(value)
            elif type(value) is float:
                self._numbers[id(value)] = value, flowed

    def arrives(self, tensor: torch.Tensor) -> None:
        """It was made of an array. What left torch as an array before may be in it, changed by what torch does not see."""
        recording = self._recording
        left = 0
        for one in recording.happenings.values():
            if one.kind == "left_torch" and one.operation in ARRAYS:
                left |= one.bit
        if left and tensor.is_floating_point() and self._shared(tensor) is None:
            bit = next((bit for bit, before in recording.arrived.items() if before == left), 0)
            if not bit:
                bit = self.next_bit(lambda: None)
                recording.arrived[bit] = left
            self.cut(tensor, bit)

    def of_numbers(self, values: Iterable[Any]) -> int:
        """What flowed into Python's numbers among the arguments of an operation, and in lists of them."""
        if not self._numbers:
            return 0
        flowed, waiting = 0, [*values]
        while waiting:
            value = waiting.pop()
            if type(value) is float:
                flowed |= self._numbers.get(id(value), (0.0, 0))[1]
            elif type(value) in (list, tuple) and len(value) < MOST_KEPT:
                waiting.extend(value)
        return flowed

    def bit(self, leaf: torch.Tensor) -> int:
        place = self._bits.get(id(leaf), 0)
        if not self._is_known(leaf):
            place = self._bits[id(leaf)] = len(self._recording.leaves)
            self.next_bit(weakref.ref(leaf))
        return 1 << place

    def _is_known(self, leaf: torch.Tensor) -> bool:
        place = self._bits.get(id(leaf))
        return place is not None and self._recording.leaves[place]() is leaf

    def next_bit(self, of: Callable[[], torch.Tensor | None]) -> int:
        self._recording.leaves.append(of)
        return 1 << len(self._recording.leaves) - 1

    def _unmade(self, tensor: torch.Tensor) -> int:
        known = self._recording.cut.get(id(tensor)) or self._shared(tensor)
        return 0 if known is None else known[1]

    def _shared(self, tensor: torch.Tensor) -> tuple[StorageWeakRef, int, int, bool] | None:
        if not self._storages or (storage := storage_of(tensor)) is None:
            return None
        known = self._storages.get(storage.data_ptr())
        return None if known is None or known[0].expired() else known  # type: ignore[no-untyped-call]

    def _follow(self, unseen: Node, tensor: torch.Tensor) -> tuple[int, int]:
        """Into what was made unseen, in compiled code, a transform of torch.func, or a Function: flowed and live."""
        recording, found = self._recording, {unseen: None}
        flowed = live = 0
        waiting = [unseen]
        while waiting:
            for target, _ in waiting.pop().next_functions:
                if target is None or target in found:
                    continue
                number = target._sequence_nr()
                if number in recording.live and number not in self.guessed:
                    live |= recording.live[number]
                    flowed |= recording.lineage.get(number, 0)
                elif (leaf := leaf_of(target)) is not None:
                    live |= self.bit(leaf)
                    flowed |= self._unmade(leaf)
                else:
                    found[target] = None
                    waiting.append(target)
        nodes = newest_first(found)
        guard(nodes)
        release(nodes)
        return flowed | live | self._unmade(tensor), live


class Result(NamedTuple):
    """live: the leaves that a gradient goes back to from what the Function took in, a bit each. what: the Function, and where.
    kind: of what happened where it comes out without a graph."""

    tensor: weakref.ref[torch.Tensor]
    live: int
    what: str
    source: Source | None
    kind: EventKind


class Results:
    """What the forward of a custom autograd.Function made, or of a reentrant checkpoint, until it is seen whether it came out
    with a graph: by id, without holding it."""

    def __init__(self) -> None:
        self._made: dict[int, Result] = {}

    def add(
        self, tensors: Iterable[torch.Tensor], live: int, what: str, source: Source | None, kind: EventKind = "marked"
    ) -> None:
        """kind: of what happened where it comes out without one."""
        for tensor in tensors if live else ():
            self._made[id(tensor)] = Result(weakref.ref(tensor, self._forget(id(tensor))), live, what, source, kind)

    def _forget(self, key: int) -> Callable[[object], object]:
        return lambda _: self._made.pop(key, None)

    def follow(self, inputs: Iterable[torch.Tensor], outputs: Iterable[torch.Tensor]) -> None:
        """What is made of one, as whole numbers of it, is another."""
        found = next((self._made[id(one)] for one in inputs if id(one) in self._made), None) if self._made else None
        if found is not None:
            self.add(
                (one for one in outputs if not one.requires_grad), found.live, found.what, found.source, found.kind
            )

    def come_out(self, tensor: torch.Tensor, frame: FrameType) -> Result | None:
        """One that is used outside of the Function, and has no graph. Once."""
        if id(tensor) not in self._made or tensor.requires_grad or in_function(frame):
            return None
        return self._made.pop(id(tensor))


def storage_of(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    """None where there are no numbers in one."""
    if type(tensor) not in PLAIN or tensor.layout is not torch.strided or tensor.is_meta:
        return None
    storage = tensor.untyped_storage()
    return storage if storage.nbytes() else None


def address(tensor: torch.Tensor) -> int:
    """Of its storage; 0 where there is none."""
    storage = storage_of(tensor)
    return 0 if storage is None else storage.data_ptr()


def is_spelled_out(name: str, args: Iterable[Any], kwargs: Mapping[str, Any], frame: FrameType) -> bool:
    """Each number is one of the literals of the code that calls: the very object, as one that was computed never is."""
    if name in SIZED:
        return True
    literals = {id(one) for one in frame.f_code.co_consts}
    return all(
        type(value) in SETTINGS or issubclass(type(value), torch.Tensor) or id(value) in literals
        for value in (*args, *kwargs.values())
    )


def is_made_alike(
    name: str, inputs: Sequence[torch.Tensor], args: Iterable[Any], kwargs: Mapping[str, Any], frame: FrameType
) -> bool:
    """Of the shape or the dtype of one tensor, and of nothing else of it: `zeros_like(t)`, `t.new_full((), 0.0)`."""
    is_alike = len(inputs) == 1 and (name.endswith("_like") or name.startswith("new_"))
    return is_alike and is_spelled_out(name, args, kwargs, frame)
