"""What the heat map shows: every parameter by update, in as many columns as can be seen, of each stretch the largest norms."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from operator import itemgetter, truediv
from typing import Literal, NamedTuple, cast

from gradtui.runs.modules import Row
from gradtui.runs.packed_updates import NO_GRADIENT, Norms, Record, unpacked

MOST_BINS = 1024
"""Stretches that are kept; with more updates than that they are joined, two and two."""
MOST_JOINED = 20_000
"""Numbers that are looked at for the span of what is seen: some milliseconds, with each growth."""
UNSEEN = -2.0
"""Stands for a parameter that is in no update of a stretch."""

Measure = Literal["gradient", "change"]
"""What is looked at: the norm of the gradient, or of the change as a part of the norm of the weight."""
Sign = Literal["", "nan", "inf", "none", "zero", "unseen"]


class Cell(NamedTuple):
    """The largest of some parameters over some updates; `sign` where that is no number above 0."""

    value: float
    sign: Sign


class Bin:
    """Of each parameter, by its place, the largest in a stretch of updates. Not changed any more once it is seen."""

    __slots__ = ("_known", "_spans", "change", "change_nan", "gradient", "gradient_nan")

    def __init__(self) -> None:
        self.gradient, self.change = array("d"), array("d")
        self.gradient_nan: set[int] = set()
        self.change_nan: set[int] = set()
        self._known: dict[tuple[str, int, Measure], tuple[float, bool]] = {}
        self._spans: dict[Measure, tuple[float, float]] = {}

    def copy(self) -> Bin:
        return Bin().joined(self)

    def joined(self, other: Bin) -> Bin:
        found = Bin()
        found.gradient, found.change = _larger(self.gradient, other.gradient), _larger(self.change, other.change)
        found.gradient_nan, found.change_nan = (
            self.gradient_nan | other.gradient_nan,
            self.change_nan | other.change_nan,
        )
        return found

    def take(self, norms: Norms) -> None:
        """nan is no larger than anything: it is kept apart."""
        names = cast(list[int], list(unpacked("I", norms.names)))
        grads, weights, changes = (unpacked("d", column) for column in (norms.grad, norms.weight, norms.change))
        try:
            ratios = list(map(truediv, changes, weights))
        except ZeroDivisionError:
            ratios = [_ratio(change, weight) for change, weight in zip(changes, weights, strict=True)]
        for known, values, nan in (
            (self.gradient, grads, self.gradient_nan),
            (self.change, ratios, self.change_nan),
        ):
            missing = max(names, default=-1) + 1 - len(known)
            if missing > 0:
                known.extend([UNSEEN] * missing)
            if len(names) == len(known) and names == list(range(len(known))):
                known[:] = array("d", map(max, known, values))
            else:
                for name, value in zip(names, values, strict=True):
                    if value > known[name]:
                        known[name] = value
            total = sum(values)
            if total != total:
                nan.update(name for name, value in zip(names, values, strict=True) if value != value)

    def span(self, measure: Measure) -> tuple[float, float]:
        """The lowest and highest number above 0 that is finite; (inf, 0) where there is none."""
        known = self._spans.get(measure)
        if known is None:
            values = self.gradient if measure == "gradient" else self.change
            found = [value for value in values if 0 < value < math.inf]
            known = self._spans[measure] = min(found, default=math.inf), max(found, default=0.0)
        return known

    def largest(self, row: Row, measure: Measure) -> tuple[float, bool]:
        """Of the parameters of a row, and whether one of them is nan. Looked for once."""
        key = row.path, len(row.places), measure
        known = self._known.get(key)
        if known is None:
            values, nan = (
                (self.gradient, self.gradient_nan) if measure == "gradient" else (self.change, self.change_nan)
            )
            known = self._known[key] = _largest(values, row.places), not nan.isdisjoint(row.places)
        return known


class Timeline:
    """Grows with a record. `view` gives what is known so far, which stays as it is while this goes on."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._bins: list[Bin] = []
        self._size = 1
        self._count = self._late = 0

    def grow(self, count: int) -> None:
        """Take in the updates up to `count`, and what came late of those before."""
        before, own = self._count, set[int]()
        for place in range(before, count):
            if place % self._size == 0:
                self._bins.append(Bin())
                own.add(len(self._bins) - 1)
            for norms in self._record.norms(self._record.scalars[place].update):
                self._own(len(self._bins) - 1, own).take(norms)
            if len(self._bins) > MOST_BINS:
                self._size *= 2
                self._bins = [first.joined(second) for first, second in _pairs(self._bins)]
                own = {*range(len(self._bins))}
        for norms in self._record.late[self._late :]:
            place = self._record.place(norms.update)
            if place < before:
                self._own(place // self._size, own).take(norms)
        self._count, self._late = max(before, count), len(self._record.late)

    def _own(self, number: int, own: set[int]) -> Bin:
        """One that nobody has seen yet."""
        if number not in own:
            own.add(number)
            self._bins[number] = self._bins[number].copy()
        return self._bins[number]

    def view(self) -> View:
        return View(self._record, tuple(self._bins), self._size, self._count)


class View:
    """count: updates in it. Windows and columns are in places of updates, which most often are their numbers."""

    def __init__(self, record: Record, bins: tuple[Bin, ...] = (), size: int = 1, count: int = 0) -> None:
        self._record, self._bins, self._size, self.count = record, bins, size, count
        self._bin_at = lru_cache(512)(self._one)

    def cells(self, row: Row, measure: Measure, columns: Sequence[range]) -> list[Cell]:
        """For each column, which is a range of updates, the largest of the row's parameters."""
        return [self._cell(row, measure, column) for column in columns]

    def _cell(self, row: Row, measure: Measure, column: range) -> Cell:
        found = [one.largest(row, measure) for one in self._bins_in(column)]
        value = max((value for value, _ in found), default=UNSEEN)
        return Cell(value, "nan" if any(is_nan for _, is_nan in found) else _sign(value))

    def _bins_in(self, column: range) -> Sequence[Bin]:
        if len(column) < self._size:
            return [self._bin_at(place) for place in column]
        return self._bins[column.start // self._size : -(-column.stop // self._size)]

    def _one(self, place: int) -> Bin:
        if self._size == 1:
            return self._bins[place]
        found = Bin()
        for norms in self._record.norms(self._record.scalars[place].update):
            found.take(norms)
        return found

    def span(self, measure: Measure, width: int) -> tuple[float, float] | None:
        """The lowest and highest finite number above 0 of any parameter, once all updates are drawn in `width` columns.

        Of a very large run, those of any single update: the lowest may then be far below all that is drawn.
        """
        bins = self._bins
        if len(bins) > width and sum(len(one.gradient) for one in bins) <= MOST_JOINED:
            bins = tuple(reduce(Bin.joined, bins[one.start : one.stop]) for one in columns(0, len(bins), width))
        spans = [one.span(measure) for one in bins]
        low, high = min((low for low, _ in spans), default=math.inf), max((high for _, high in spans), default=0.0)
        return (low, high) if high else None


def columns(low: int, high: int, width: int) -> list[range]:
    """The updates from `low` to before `high`, in `width` columns; where there are fewer updates, several for each."""
    count = max(1, high - low)
    starts = [low + column * count // width for column in range(width + 1)]
    return [range(start, max(start + 1, end)) for start, end in pairwise(starts)]


def column_of(place: int, low: int, high: int, width: int) -> int:
    """Of `columns`, that of an update; the middle one of several."""
    count = max(1, high - low)
    last = ((place - low + 1) * width - 1) // count
    first = min(last, -((place - low) * width // -count))
    return max(0, min(width - 1, (first + last) // 2))


def _largest(values: Sequence[float], places: Sequence[int]) -> float:
    """Those that a stretch has not are unseen."""
    if not places or places[-1] >= len(values):
        return max((values[place] for place in places if place < len(values)), default=UNSEEN)
    return max(itemgetter(*places)(values)) if len(places) > 1 else values[places[0]]


def _sign(value: float) -> Sign:
    if value == UNSEEN:
        return "unseen"
    if value == NO_GRADIENT:
        return "none"
    return "inf" if value == math.inf else "zero" if value == 0 else ""


def _ratio(change: float, weight: float) -> float:
    """Of a weight of 0 any change is all of it."""
    return change / weight if weight else float(change > 0) if change == change else math.nan


def _larger(first: array[float], second: array[float]) -> array[float]:
    short, long = sorted((first, second), key=len)
    return array("d", map(max, short, long)) + long[len(short) :]


def _pairs(bins: Sequence[Bin]) -> list[tuple[Bin, Bin]]:
    return [(bins[place], bins[place + 1] if place + 1 < len(bins) else Bin()) for place in range(0, len(bins), 2)]
