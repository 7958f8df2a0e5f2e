"""Many tensors -> Values, those of one shape at once: a capture reads a thousand small ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch

from gradtui.engine.tensors.readable_tensors import has_numbers, have_memory, is_real
from gradtui.engine.tensors.summaries import one_thread, summaries, wide
from gradtui.engine.tensors.values import FIRST_NUMBERS, PLAIN, first, legible, name
from gradtui.graph.operands import is_finite, is_zero
from gradtui.snapshot.model import Values

SMALL = 1 << 14
"""Elements of a tensor that is worth a copy to be read with others."""
MOST_HELD = 1 << 23
"""Elements, at most, that wait to be read."""
OVERHEAD = 1 << 11
"""Elements that a tensor counts for beyond its own."""


Kind = tuple[tuple[int, ...], str, str]
"""Shape, dtype and device."""


class _Group:
    """Tensors that differ in nothing but their numbers, and the places of those. few: numbers, so that they wait.

    views: of some of them, by what is the same for many: their shape, their strides, and those of the tensor.
    """

    def __init__(self, tensor: torch.Tensor) -> None:
        self.kind = tuple(tensor.shape), name(tensor.dtype), name(tensor.device)
        self.places: list[int] = []
        self.tensors: list[torch.Tensor] = []
        self.views: dict[_Form, list[tuple[int, int, torch.Tensor]]] = {}
        self.elements = tensor.numel()
        self.dtype = tensor.dtype
        self.real = is_real(tensor)
        self.few = self.real and self.elements <= SMALL


_Form = tuple[torch.Size, tuple[int, ...], tuple[int, ...]]


_Memory = tuple[torch.Tensor, int, _Group, int]
"""A tensor that others may be views of, its place, its group, and its row in that, where its numbers are not read yet."""


class Reader:
    """`add` says where in `values` the numbers of a tensor stand after `read`. Until then it is held, and must not change.

    A tensor that is added again, or another view of all the elements of one that is held, is not read again.
    places: of what is held, by its identity.
    """

    def __init__(self) -> None:
        self.places: dict[int, int] = {}
        self._held: list[torch.Tensor] = []
        self._memory: dict[int, _Memory] = {}
        self.values: list[Values | None] = []
        self._kinds: list[Kind | None] = []
        self._groups: dict[tuple[torch.Size, torch.dtype, torch.layout, torch.device], _Group] = {}
        self._odd: set[int] = set()
        self._waiting = 0

    def kind(self, place: int) -> Kind | None:
        """Of the tensor; None of one of a class of its own, or nested."""
        return self._kinds[place]

    def add(self, tensor: torch.Tensor) -> int:
        known = self.places.get(id(tensor))
        if known is not None:
            return known
        if self._waiting >= MOST_HELD:
            self.read()
        self._held.append(tensor)
        place = self.places[id(tensor)] = self._place(tensor)
        return place

    def know(self, tensor: torch.Tensor, place: int) -> None:
        """It was read before, and its numbers stand there."""
        self._held.append(tensor)
        self.places[id(tensor)] = place
        if self._kinds[place] is not None:
            group = self._group(tensor)
            if address := _address(tensor, group):
                self._memory[address] = tensor, place, group, 0

    def _place(self, tensor: torch.Tensor) -> int:
        place = len(self.values)
        if type(tensor) not in PLAIN or tensor.is_nested:
            self._kinds.append(None)
            self._read_alone(place, tensor)
            return place
        group = self._group(tensor)
        row = len(group.places)
        if address := _address(tensor, group):
            known = self._memory.get(address)
            if known is not None and _is_view(tensor, group, known):
                return self._view(tensor, group.kind, known)
            self._memory[address] = tensor, place, group, row
        self._kinds.append(group.kind)
        if group.few:
            self.values.append(None)
            group.places.append(place)
            group.tensors.append(tensor)
            self._waiting += group.elements + OVERHEAD
        else:
            self._read_alone(place, tensor)
        return place

    def _group(self, tensor: torch.Tensor) -> _Group:
        kind = (tensor.shape, tensor.dtype, tensor.layout, tensor.device)
        group = self._groups.get(kind)
        if group is None:
            group = self._groups[kind] = _Group(tensor)
        return group

    def _read_alone(self, place: int, tensor: torch.Tensor) -> None:
        values = legible(tensor)
        self.values.append(values)
        if is_zero(values) or not is_finite(values):
            self._odd.add(place)

    def _view(self, tensor: torch.Tensor, kind: Kind, of: _Memory) -> int:
        other, of_place, group, row = of
        form, of_form = (tensor.shape, tensor.stride()), (other.shape, other.stride())
        if form == of_form:
            return of_place
        place, known = len(self.values), self.values[of_place]
        self._kinds.append(kind)
        self.values.append(None if known is None else _seen_otherwise(tensor, known, other))
        if known is None:
            group.views.setdefault((*form, of_form[1]), []).append((place, row, tensor))
        elif of_place in self._odd:
            self._odd.add(place)
        return place

    def read(self) -> set[int]:
        """Let go of all that is held. Gives the places, up to now, of those that are not all finite, are full of zeros, or
        cannot be read."""
        with torch.no_grad(), one_thread():
            for group in self._groups.values():
                if group.tensors:
                    self._read_together(group)
        self._groups.clear()
        self._memory.clear()
        self.places.clear()
        self._held.clear()
        self._waiting = 0
        return self._odd

    def _read_together(self, group: _Group) -> None:
        """One by one where some cannot be read: while they waited, a hook may have freed one."""
        values, shape = self.values, group.kind[0]
        rows = _rows(group.tensors)
        if rows is None:
            views = [(place, tensor) for found in group.views.values() for place, _, tensor in found]
            for place, tensor in (*zip(group.places, group.tensors, strict=True), *views):
                values[place] = legible(tensor)
                self._odd.add(place)
            return
        read, odd = _each(rows, shape)
        for place, one in zip(group.places, read, strict=True):
            values[place] = one
        self._odd.update([group.places[row] for row in odd])
        for (of_view, stride, of_tensor), found in group.views.items():
            first_places = _first_places(of_view, stride, shape, of_tensor)
            if first_places == IN_ORDER:
                beginnings = [read[row].numbers for _, row, _ in found]
            else:
                beginnings = list(map(tuple, rows[:, first_places][[row for _, row, _ in found]].tolist()))
            as_tuple = tuple(of_view)
            for (place, row, _), begin in zip(found, beginnings, strict=True):
                values[place] = Values(as_tuple, begin, read[row].summary)
            if odd:
                self._odd.update([place for place, row, _ in found if row in odd])


def read(tensors: Iterable[torch.Tensor]) -> list[Values | None]:
    """The Values of each; None where there are no numbers to read."""
    reader = Reader()
    places = [reader.add(tensor) for tensor in tensors]
    reader.read()
    return [reader.values[place] for place in places]


def _rows(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """Tensors of one kind as the rows of a matrix, which is `wide`; None where some cannot be read."""
    if have_memory(tensors):
        try:
            return wide(torch.stack(tensors).reshape(len(tensors), tensors[0].numel()))
        except RuntimeError:  # as in `legible`
            pass
    return None


def _each(rows: torch.Tensor, shape: tuple[int, ...]) -> tuple[list[Values], list[int]]:
    """One for each row, and which of them are odd as for `Reader.read`; `shape` is that of the tensors that they were."""
    count = rows.shape[1]
    if count <= FIRST_NUMBERS:
        numbers = rows.tolist()
        odd = [place for place, row in enumerate(numbers) if not (any(row) and all(map(math.isfinite, row)))]
        return [Values(shape, tuple(row)) for row in numbers], odd
    beginnings = map(tuple, rows[:, :FIRST_NUMBERS].tolist())
    told = summaries(rows)
    odd = [place for place, each in enumerate(told) if each.nan or each.inf or each.zero == count]
    return [Values(shape, begin, each) for begin, each in zip(beginnings, told, strict=True)], odd


def _address(tensor: torch.Tensor, group: _Group) -> int:
    """Of its elements; 0 where no other tensor is looked for there."""
    if not group.real or group.elements <= FIRST_NUMBERS:
        return 0
    try:
        return tensor.data_ptr()
    except RuntimeError:  # inside a transform of torch.func
        return 0


def _is_view(tensor: torch.Tensor, group: _Group, of: _Memory) -> bool:
    """Whether both, which begin at one address, are views of all the elements of one piece of memory."""
    other, _, its, _ = of
    if its.elements != group.elements or its.dtype is not group.dtype or tensor.is_neg() or other.is_neg():
        return False
    return _is_dense(tensor) and _is_dense(other)


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill a piece of memory, each once, in whatever order."""
    if tensor.is_contiguous():
        return True
    filled = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1 and stride != filled:
            return False
        filled *= size
    return True


def _seen_otherwise(tensor: torch.Tensor, known: Values, other: torch.Tensor) -> Values:
    """known: of the other view, which has no elements more or less."""
    if known.summary is None or not has_numbers(tensor):
        return legible(tensor)
    in_order = tensor.is_contiguous() and other.is_contiguous()
    numbers = known.numbers if in_order else tuple(first(tensor.detach()).tolist())
    return Values(tuple(tensor.shape), numbers, known.summary)


IN_ORDER = [*range(FIRST_NUMBERS)]


def _first_places(
    shape: Sequence[int], stride: Sequence[int], of_shape: Sequence[int], of_stride: Sequence[int]
) -> list[int]:
    """Where among the elements of a tensor, row by row, the first ones of a view of all its elements stand."""
    found = []
    for number in range(FIRST_NUMBERS):
        address = place = 0
        for size, step in zip(reversed(shape), reversed(stride), strict=True):
            number, index = divmod(number, size)
            address += index * step
        for size, step in zip(of_shape, of_stride, strict=True):
            place = place * size + (address // step % size if size > 1 else 0)
        found.append(place)
    return found
