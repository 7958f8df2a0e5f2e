"""Many tensors -> Values, those of one shape at once: a capture reads a thousand small ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch

from gradtui.engine.autograd.readable import has_numbers
from gradtui.engine.autograd.summaries import summaries, wide
from gradtui.engine.autograd.values import FIRST_NUMBERS, PLAIN, first, legible
from gradtui.snapshot.model import Values

SMALL = 1 << 14
"""Elements of a tensor that is worth a copy to be read with others."""
MOST_HELD = 1 << 23
"""Elements, at most, that wait to be read."""
OVERHEAD = 1 << 11
"""Elements that a tensor counts for beyond its own."""

Kind = tuple[torch.Size, torch.dtype, torch.device]


class Reader:
    """`add` gives the place in `values` where the numbers of a tensor will stand. It must not change until then."""

    def __init__(self) -> None:
        self._values: list[Values | None] = []
        self._waiting: dict[Kind, list[tuple[int, torch.Tensor]]] = {}
        self._views: list[tuple[int, torch.Tensor, int, bool]] = []
        self._held = 0
        self._when_read: Callable[[], None] = lambda: None

    def when_read(self, act: Callable[[], None]) -> None:
        """Is called each time that numbers were read, while their tensors are still there for whoever holds them."""
        self._when_read = act

    def known(self, place: int) -> Values | None:
        """What stands at a place, where that was read already."""
        return self._values[place]

    def add(self, tensor: torch.Tensor) -> int:
        place = len(self._values)
        if type(tensor) not in PLAIN or not _is_simple(tensor) or tensor.numel() > SMALL:
            self._values.append(legible(tensor))
            return place
        self._values.append(None)
        self._waiting.setdefault((tensor.shape, tensor.dtype, tensor.device), []).append((place, tensor))
        self._hold(tensor)
        return place

    def add_view(self, tensor: torch.Tensor, of: int, other: torch.Tensor) -> int:
        """Another view of all the elements of `other`, which was added at the place `of`: only their order may differ."""
        if tensor.shape == other.shape and tensor.stride() == other.stride():
            return of
        place = len(self._values)
        self._values.append(None)
        self._views.append((place, tensor, of, tensor.is_contiguous() and other.is_contiguous()))
        self._hold(tensor)
        return place

    def values(self) -> list[Values | None]:
        self._read()
        return self._values

    def _hold(self, tensor: torch.Tensor) -> None:
        self._held += tensor.numel() + OVERHEAD
        if self._held >= MOST_HELD:
            self._read()

    def _read(self) -> None:
        with torch.no_grad():
            for (size, _, _), group in self._waiting.items():
                places, tensors = zip(*group, strict=True)
                for place, values in zip(places, _together(tensors, size), strict=True):
                    self._values[place] = values
            for place, tensor, of, ordered in self._views:
                self._values[place] = _view(tensor, self._values[of], ordered)
        self._waiting.clear()
        self._views.clear()
        self._held = 0
        self._when_read()


def read(tensors: Iterable[torch.Tensor]) -> list[Values | None]:
    """The Values of each; None where there are no numbers to read."""
    reader = Reader()
    for tensor in tensors:
        reader.add(tensor)
    return reader.values()


def _is_simple(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and not (tensor.is_complex() or tensor.is_meta or tensor.is_nested)


def _together(tensors: Sequence[torch.Tensor], size: torch.Size) -> list[Values]:
    """Of tensors of one shape; one by one where some cannot be read: while they waited, a hook may have freed one."""
    if all(map(has_numbers, tensors)):
        try:
            return _rows(wide(torch.stack(list(tensors)).reshape(len(tensors), size.numel())), tuple(size))
        except RuntimeError:  # as in `legible`
            pass
    return list(map(legible, tensors))


def _view(tensor: torch.Tensor, known: Values | None, ordered: bool) -> Values | None:
    """known: of the other view. ordered: whether both have their elements in the same order."""
    if known is None or known.summary is None or not has_numbers(tensor):
        return legible(tensor)
    numbers = known.numbers if ordered else tuple(first(tensor).tolist())
    return Values(tuple(tensor.shape), numbers, known.summary)


def _rows(rows: torch.Tensor, shape: tuple[int, ...]) -> list[Values]:
    """One for each row; `shape` is that of the tensors that they were."""
    if rows.shape[1] <= FIRST_NUMBERS:
        return [Values(shape, tuple(numbers)) for numbers in rows.tolist()]
    beginnings = rows[:, :FIRST_NUMBERS].tolist()
    return [Values(shape, tuple(begin), told) for begin, told in zip(beginnings, summaries(rows), strict=True)]
