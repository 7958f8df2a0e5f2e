"""Many tensors -> Values, those of one shape at once: a capture reads a thousand small ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set

import torch

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
    """Tensors that differ in nothing but their numbers, and the places of those. few: numbers, so that they wait."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.kind = tuple(tensor.shape), name(tensor.dtype), name(tensor.device)
        self.places: list[int] = []
        self.tensors: list[torch.Tensor] = []
        self.elements = tensor.numel()
        self.few = is_real(tensor) and self.elements <= SMALL


class Reader:
    """`add` gives the place in `values` where the numbers of a tensor will stand. It must not change until then."""

    def __init__(self) -> None:
        self._values: list[Values | None] = []
        self._kinds: list[Kind | None] = []
        self._groups: dict[tuple[torch.Size, torch.dtype, torch.layout, torch.device], _Group] = {}
        self._views: list[tuple[int, torch.Tensor, int, bool]] = []
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

    def add(self, tensor: torch.Tensor) -> int:
        place = len(self._values)
        if type(tensor) in PLAIN and not tensor.is_nested:
            kind = (tensor.shape, tensor.dtype, tensor.layout, tensor.device)
            group = self._groups.get(kind)
            if group is None:
                group = self._groups[kind] = _Group(tensor)
            self._kinds.append(group.kind)
            if group.few:
                self._values.append(None)
                group.places.append(place)
                group.tensors.append(tensor)
                self._hold(group.elements)
                return place
        else:
            self._kinds.append(None)
        self._values.append(legible(tensor))
        return place

    def add_view(self, tensor: torch.Tensor, of: int, other: torch.Tensor) -> int:
        """Another view of all the elements of `other`, which was added at the place `of`: only their order may differ."""
        if tensor.shape == other.shape and tensor.stride() == other.stride():
            return of
        place = len(self._values)
        kind = self._kinds[of]
        self._values.append(None)
        self._kinds.append(None if kind is None else (tuple(tensor.shape), *kind[1:]))
        self._views.append((place, tensor, of, tensor.is_contiguous() and other.is_contiguous()))
        self._hold(tensor.numel())
        return place

    def values(self) -> list[Values | None]:
        self._read()
        return self._values

    def _hold(self, elements: int) -> None:
        self._held += elements + OVERHEAD
        if self._held >= MOST_HELD:
            self._read()

    def _read(self) -> None:
        with torch.no_grad(), one_thread():
            for group in self._groups.values():
                read, odd = _together(group.tensors) if group.tensors else ([], [])
                for place, values in zip(group.places, read, strict=True):
                    self._values[place] = values
                self._odd.update([group.places[row] for row in odd])
            for place, tensor, of, ordered in self._views:
                self._values[place] = _view(tensor, self._values[of], ordered)
                if of in self._odd:
                    self._odd.add(place)
        self._groups.clear()
        self._views.clear()
        self._held = 0
        self._when_read(self._odd)


def read(tensors: Iterable[torch.Tensor]) -> list[Values | None]:
    """The Values of each; None where there are no numbers to read."""
    reader = Reader()
    for tensor in tensors:
        reader.add(tensor)
    return reader.values()


def _together(tensors: list[torch.Tensor]) -> tuple[list[Values], Sequence[int]]:
    """Of tensors of one kind, and which of them are odd as for `when_read`.

    One by one where some cannot be read: while they waited, a hook may have freed one.
    """
    if have_memory(tensors):
        try:
            size = tensors[0].shape
            return _rows(wide(torch.stack(tensors).reshape(len(tensors), size.numel())), tuple(size))
        except RuntimeError:  # as in `legible`
            pass
    return list(map(legible, tensors)), range(len(tensors))


def _view(tensor: torch.Tensor, known: Values | None, ordered: bool) -> Values | None:
    """known: of the other view. ordered: whether both have their elements in the same order."""
    if known is None or known.summary is None:
        return legible(tensor)
    if ordered:
        return Values(tuple(tensor.shape), known.numbers, known.summary)
    return (
        Values(tuple(tensor.shape), tuple(first(tensor).tolist()), known.summary)
        if has_numbers(tensor)
        else legible(tensor)
    )


def _rows(rows: torch.Tensor, shape: tuple[int, ...]) -> tuple[list[Values], list[int]]:
    """One for each row, and which of them are odd; `shape` is that of the tensors that they were."""
    count = rows.shape[1]
    if count <= FIRST_NUMBERS:
        numbers = rows.tolist()
        odd = [place for place, row in enumerate(numbers) if not (any(row) and all(map(math.isfinite, row)))]
        return [Values(shape, tuple(row)) for row in numbers], odd
    beginnings = map(tuple, rows[:, :FIRST_NUMBERS].tolist())
    told = summaries(rows)
    odd = [place for place, each in enumerate(told) if each.nan or each.inf or each.zero == count]
    return [Values(shape, begin, each) for begin, each in zip(beginnings, told, strict=True)], odd
