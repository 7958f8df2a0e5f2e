"""Many tensors -> Values, those of one shape at once: a capture reads a thousand small ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set

import torch
from msgspec import Struct

from gradtui.engine.autograd.readable_tensors import has_numbers, have_memory, is_real
from gradtui.engine.autograd.summaries import one_thread, summaries, wide
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN, first, legible, name
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


class Placed(Struct, gc=False):
    """A tensor that was added, how many elements it has, and the place where its numbers will stand.

    address: of its elements; 0 where no other may share them. row: of the tensor in its group, or of that which it is a view of.
    tensor: None where somebody else would hold what is too large to wait.
    """

    tensor: torch.Tensor | None
    elements: int
    place: int
    address: int = 0
    group: _Group | None = None
    row: int = 0


class Reader:
    """`add` says where in `values` the numbers of a tensor will stand. It must not change until then."""

    def __init__(self) -> None:
        self._values: list[Values | None] = []
        self._kinds: list[Kind | None] = []
        self._groups: dict[tuple[torch.Size, torch.dtype, torch.layout, torch.device], _Group] = {}
        self._held = 0
        self._odd: set[int] = set()
        self._when_read: Callable[[Set[int]], None] = lambda odd: None

    def when_read(self, act: Callable[[Set[int]], None]) -> None:
        """Is called each time that numbers were read, while their tensors are still there for whoever holds them.

        act: gets the places, up to now, of those that waited and are not all finite, are full of zeros, or cannot be read.
        """
        self._when_read = act

    def kind(self, place: int) -> Kind | None:
        """Of the tensor; None of one of a class of its own, or nested."""
        return self._kinds[place]

    def known(self, place: int) -> Values | None:
        """What stands at a place, where that was read already."""
        return self._values[place]

    def add(self, tensor: torch.Tensor, near: Sequence[Placed] = ()) -> Placed:
        """near: what it may be, or be another view of all the elements of: then it is not read again."""
        for other in near:
            if other.tensor is tensor:
                return other
        place = len(self._values)
        if type(tensor) not in PLAIN or tensor.is_nested:
            values = legible(tensor)
            self._kinds.append(None)
            self._values.append(values)
            return Placed(tensor, math.prod(values.shape), place)
        kind = (tensor.shape, tensor.dtype, tensor.layout, tensor.device)
        group = self._groups.get(kind)
        if group is None:
            group = self._groups[kind] = _Group(tensor)
        count = group.elements
        address = _address(tensor) if group.real and count > FIRST_NUMBERS else 0
        if address:
            for other in near:
                if other.address == address and _is_view(tensor, group, other):
                    return self._add_view(tensor, group.kind, other)
        self._kinds.append(group.kind)
        if not group.few:
            self._values.append(legible(tensor))
            return Placed(tensor, count, place, address, group)
        self._values.append(None)
        row = len(group.places)
        group.places.append(place)
        group.tensors.append(tensor)
        self._held += count + OVERHEAD
        if self._held >= MOST_HELD:
            self._read()
        return Placed(tensor, count, place, address, group, row)

    def _add_view(self, tensor: torch.Tensor, kind: Kind, of: Placed) -> Placed:
        assert of.tensor is not None
        assert of.group is not None
        form = tensor.shape, tensor.stride()
        place = of.place
        if form != (of.tensor.shape, of.tensor.stride()):
            place = len(self._values)
            known = self._values[of.place]
            self._kinds.append(kind)
            self._values.append(None if known is None else _view(tensor, known, of.tensor))
            if known is None:
                form_of_it = (*form, of.group.tensors[of.row].stride())
                of.group.views.setdefault(form_of_it, []).append((place, of.row, tensor))
            elif of.place in self._odd:
                self._odd.add(place)
        return Placed(tensor, of.elements, place, of.address, of.group, of.row)

    def values(self) -> list[Values | None]:
        self._read()
        return self._values

    def _read(self) -> None:
        with torch.no_grad(), one_thread():
            for group in self._groups.values():
                if group.tensors:
                    self._read_together(group)
        self._groups.clear()
        self._held = 0
        self._when_read(self._odd)

    def _read_together(self, group: _Group) -> None:
        """One by one where some cannot be read: while they waited, a hook may have freed one."""
        values, shape = self._values, group.kind[0]
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
                beginnings = list(map(tuple, rows[[row for _, row, _ in found]][:, first_places].tolist()))
            as_tuple = tuple(of_view)
            for (place, row, _), begin in zip(found, beginnings, strict=True):
                values[place] = Values(as_tuple, begin, read[row].summary)
            if odd:
                self._odd.update([place for place, row, _ in found if row in odd])


def read(tensors: Iterable[torch.Tensor]) -> list[Values | None]:
    """The Values of each; None where there are no numbers to read."""
    reader = Reader()
    for tensor in tensors:
        reader.add(tensor)
    return reader.values()


def _rows(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """Tensors of one kind as the rows of a matrix, which is `wide`; None where some cannot be read."""
    if have_memory(tensors):
        try:
            return wide(torch.stack(tensors).reshape(len(tensors), tensors[0].numel()))
        except RuntimeError:  # as in `legible`
            pass
    return None


def _each(rows: torch.Tensor, shape: tuple[int, ...]) -> tuple[list[Values], list[int]]:
    """One for each row, and which of them are odd as for `when_read`; `shape` is that of the tensors that they were."""
    count = rows.shape[1]
    if count <= FIRST_NUMBERS:
        numbers = rows.tolist()
        odd = [place for place, row in enumerate(numbers) if not (any(row) and all(map(math.isfinite, row)))]
        return [Values(shape, tuple(row)) for row in numbers], odd
    beginnings = map(tuple, rows[:, :FIRST_NUMBERS].tolist())
    told = summaries(rows)
    odd = [place for place, each in enumerate(told) if each.nan or each.inf or each.zero == count]
    return [Values(shape, begin, each) for begin, each in zip(beginnings, told, strict=True)], odd


def _address(tensor: torch.Tensor) -> int:
    try:
        return tensor.data_ptr()
    except RuntimeError:  # inside a transform of torch.func
        return 0


def _is_view(tensor: torch.Tensor, group: _Group, other: Placed) -> bool:
    """Whether both, which begin at one address, are views of all the elements of one piece of memory."""
    its = other.group
    if its is None or other.tensor is None or its.elements != group.elements or its.dtype is not group.dtype:
        return False
    return _is_dense(tensor) and _is_dense(other.tensor)


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


def _view(tensor: torch.Tensor, known: Values, other: torch.Tensor) -> Values:
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
