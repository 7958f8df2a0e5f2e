"""Updates packed: of 100,000 with 1,000 parameters no object is made for each number.

A Record grows; Updates is a view of as many as it had, which looks like a tuple of Update.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from msgspec import Struct

from gradtui.runs.run import ParameterNorms, Update

NO_GRADIENT = -1.0
"""Stands for None among norms, of which none is negative."""


class Norms(Struct, frozen=True, array_like=True, gc=False):
    """Some or all parameters of one update, in columns.

    names: their places in the table of names, unsigned 32-bit. grad, weight, change: 64-bit floats; NO_GRADIENT stands for
    none. All little-endian. counts: (place among these, nan, inf) where a gradient has such elements.
    """

    update: int
    names: bytes
    grad: bytes
    weight: bytes
    change: bytes
    counts: tuple[tuple[int, int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.names) // 4


class Scalars(Struct, frozen=True, array_like=True, gc=False):
    """An update without its parameters."""

    update: int
    optimizer: int
    loss: float | None
    lr: tuple[float, ...]
    grad_norm: float | None
    seconds: float
    thinned: bool = False


class Record:
    """All that is known so far; `names` is the table that `Norms.names` points into.

    late: norms that came when their update was no longer the last.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.scalars: list[Scalars] = []
        self._places: dict[str, int] = {}
        self._norms: dict[int, list[Norms]] = {}
        self.late: list[Norms] = []

    def add(self, scalars: Scalars) -> None:
        self.scalars.append(scalars)

    def add_norms(self, norms: Norms) -> None:
        self._norms.setdefault(norms.update, []).append(norms)
        if self.scalars and self.scalars[-1].update != norms.update:
            self.late.append(norms)

    def place(self, update: int) -> int:
        """Where the update of this number stands, or would stand."""
        return bisect_left(self.scalars, update, key=lambda one: one.update)

    def norms(self, update: int) -> Sequence[Norms]:
        return self._norms.get(update, ())

    def new_names(self, parameters: Iterable[str]) -> list[str]:
        """Those that the table had not, and has now."""
        new = [name for name in parameters if name not in self._places]
        self.learn(new)
        return new

    def learn(self, names: Iterable[str]) -> None:
        for name in names:
            self._places[name] = len(self.names)
            self.names.append(name)

    def unlearn(self, names: Sequence[str]) -> None:
        """The last ones, which were learned in vain."""
        for name in names:
            del self._places[name]
        del self.names[len(self.names) - len(names) :]

    def knows(self, name: str) -> bool:
        return name in self._places

    def pack(self, update: int, parameters: Mapping[str, ParameterNorms]) -> Norms:
        """All names are in the table."""
        every = parameters.values()
        return Norms(
            update,
            packed("I", [self._places[name] for name in parameters]),
            packed("d", [NO_GRADIENT if one.grad is None else one.grad for one in every]),
            packed("d", [one.weight for one in every]),
            packed("d", [one.change for one in every]),
            tuple((place, one.nan, one.inf) for place, one in enumerate(every) if one.nan or one.inf),
        )

    def update(self, place: int) -> Update:
        one = self.scalars[place]
        parameters: dict[str, ParameterNorms] = {}
        for norms in self.norms(one.update):
            parameters.update(self._unpacked(norms))
        return Update(one.update, one.optimizer, one.loss, one.lr, one.grad_norm, parameters, one.seconds, one.thinned)

    def _unpacked(self, norms: Norms) -> Iterator[tuple[str, ParameterNorms]]:
        columns = (unpacked("d", column) for column in (norms.grad, norms.weight, norms.change))
        counts = {place: (nan, inf) for place, nan, inf in norms.counts}
        for place, (name, grad, weight, change) in enumerate(zip(unpacked("I", norms.names), *columns, strict=True)):
            known = None if grad == NO_GRADIENT else grad
            yield self.names[int(name)], ParameterNorms(known, weight, change, *counts.get(place, (0, 0)))


class Updates(Sequence[Update]):
    """The first `count` updates of a record, each made when it is asked for."""

    def __init__(self, record: Record, count: int | None = None) -> None:
        self.record = record
        self._count = len(record.scalars) if count is None else count

    @staticmethod
    def of(updates: Iterable[Update]) -> Updates:
        record = Record()
        for one in updates:
            record.new_names(one.parameters)
            record.add(scalars(one))
            record.add_norms(record.pack(one.update, one.parameters))
        return Updates(record)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Update: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Update]: ...
    def __getitem__(self, place: int | slice) -> Update | Sequence[Update]:
        if isinstance(place, slice):
            return [self.record.update(one) for one in range(self._count)[place]]
        return self.record.update(range(self._count)[place])

    @property
    def scalars(self) -> list[Scalars]:
        """Their numbers of the whole, without the parameters."""
        return self.record.scalars[: self._count]


def scalars(update: Update) -> Scalars:
    one = update
    return Scalars(one.update, one.optimizer, one.loss, one.lr, one.grad_norm, one.seconds, one.thinned)


def packed(code: str, numbers: Iterable[float]) -> bytes:
    """code: `d` for 64-bit floats, `I` for unsigned 32-bit integers."""
    found = array(code, numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def unpacked(code: str, column: bytes) -> Sequence[float]:
    if sys.byteorder == "little":
        return memoryview(column).cast(code)  # type: ignore[call-overload,no-any-return]
    found = array(code)
    found.frombytes(column)
    found.byteswap()
    return found
