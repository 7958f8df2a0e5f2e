"""Many tensors -> Values, those of one shape at once: a capture reads a thousand small ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch

from gradtui.engine.autograd.readable_tensors import has_memory, has_numbers, is_real
from gradtui.engine.autograd.summaries import one_thread, summaries, wide
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN, first, legible
from gradtui.snapshot.model import Values

SMALL = 1 << 14
"""Elements of a tensor that is worth a copy to be read with others."""
MOST_HELD = 1 << 23
"""Elements, at most, that wait to be read."""
OVERHEAD = 1 << 11
"""Elements that a tensor counts for beyond its own."""


class _Group:
    """Tensors that differ in nothing but their numbers, and the places of those. few: numbers, so that they wait."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.places: list[int] = []
        self.tensors: list[torch.Tensor] = []
        self.elements = tensor.numel()
        self.few = is_real(tensor) and self.elements <= SMALL


class Reader:
    """`add` gives the place in `values` where the numbers of a tensor will stand. It must not change until then."""

    def __init__(self) -> None:
        self._values: list[Values | None] = []
        self._groups: dict[tuple[torch.Size, torch.dtype, torch.layout, torch.device], _Group] = {}
        self._views: list[tuple[int, torch.Tensor, int, bool]] = []
        self._held = 0
        self._when_read: Callable[[bool], None] = lambda ordinary: None

    def when_read(self, act: Callable[[bool], None]) -> None:
        """Is called each time that numbers were read, while their tensors are still there for whoever holds them.

        act: gets whether all were finite, and none of the tensors full of zeros.
        """
        self._when_read = act

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
            if group.few:
                self._values.append(None)
                group.places.append(place)
                group.tensors.append(tensor)
                self._hold(group.elements)
                return place
        self._values.append(legible(tensor))
        return place

    def add_view(self, tensor: torch.Tensor, of: int, other: torch.Tensor) -> int:
        """Another view of all the elements of `other`, which was added at the place `of`: only their order may differ."""
        if tensor.shape == other.shape and tensor.stride() == other.stride():
            return of
        place = len(self._values)
        self._values.append(None)
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
        ordinary = True
        with torch.no_grad(), one_thread():
            for group in self._groups.values():
                read, as_usual = _together(group.tensors) if group.tensors else ([], True)
                ordinary = ordinary and as_usual
                for place, values in zip(group.places, read, strict=True):
                    self._values[place] = values
            for place, tensor, of, ordered in self._views:
                self._values[place] = _view(tensor, self._values[of], ordered)
        self._groups.clear()
        self._views.clear()
        self._held = 0
        self._when_read(ordinary)


def read(tensors: Iterable[torch.Tensor]) -> list[Values | None]:
    """The Values of each; None where there are no numbers to read."""
    reader = Reader()
    for tensor in tensors:
        reader.add(tensor)
    return reader.values()


def _together(tensors: Sequence[torch.Tensor]) -> tuple[list[Values], bool]:
    """Of tensors of one kind, and whether all are ordinary as for `when_read`.

    One by one where some cannot be read: while they waited, a hook may have freed one.
    """
    if all(map(has_memory, tensors)):
        try:
            size = tensors[0].shape
            return _rows(wide(torch.stack(list(tensors)).reshape(len(tensors), size.numel())), tuple(size))
        except RuntimeError:  # as in `legible`
            pass
    return list(map(legible, tensors)), False


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


def _rows(rows: torch.Tensor, shape: tuple[int, ...]) -> tuple[list[Values], bool]:
    """One for each row; `shape` is that of the tensors that they were."""
    if rows.shape[1] <= FIRST_NUMBERS:
        numbers = rows.tolist()
        ordinary = all(any(row) and all(map(math.isfinite, row)) for row in numbers)
        return [Values(shape, tuple(row)) for row in numbers], ordinary
    beginnings = rows[:, :FIRST_NUMBERS].tolist()
    told = summaries(rows)
    values = [Values(shape, tuple(begin), each) for begin, each in zip(beginnings, told, strict=True)]
    return values, all(not each.nan and not each.inf and each.zero < rows.shape[1] for each in told)
