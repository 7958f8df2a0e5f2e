"""Of a long run not all is kept: whole updates ever further apart, and between them what was lowest and highest.

The loss, the learning rates and the norm of all gradients are kept of every update; here it is about its parameters.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence

from gradtui.runs.packed_updates import Norms, packed, unpacked

FIRST = 1_000_000
"""Parameters, counted once an update, of which all is kept."""
FOLLOWING = 100_000
"""After these, at half as many updates; after as many more at a quarter; and so on."""
RECENT = 3
"""Updates that are remembered whole, as something may be found out about them."""


Place = tuple[Norms, int]
"""A parameter of an update: its place among them."""


class Extremes:
    """What stood out in a stretch of updates, for each parameter: its lowest and highest gradient, its largest change, and
    the first time that its gradient was not finite, or that it had none."""

    def __init__(self) -> None:
        self._low = array("d")
        self._high = array("d")
        self._change = array("d")
        self._at: tuple[dict[int, Place], ...] = ({}, {}, {}, {}, {})

    def take(self, norms: Norms) -> None:
        names = [int(name) for name in unpacked("I", norms.names)]
        missing = max(names, default=-1) + 1 - len(self._low)
        if missing > 0:
            self._low.extend([math.inf] * missing)
            self._high.extend([-1.0] * missing)
            self._change.extend([-1.0] * missing)
        low, high, change = self._low, self._high, self._change
        low_at, high_at, change_at, none_at, bad_at = self._at
        columns = unpacked("d", norms.grad), unpacked("d", norms.change)
        for place, (name, grad, moved) in enumerate(zip(names, *columns, strict=True)):
            if 0 <= grad < math.inf:
                if grad < low[name]:
                    low[name], low_at[name] = grad, (norms, place)
                if grad > high[name]:
                    high[name], high_at[name] = grad, (norms, place)
            elif grad < 0:
                none_at.setdefault(name, (norms, place))
            else:
                bad_at.setdefault(name, (norms, place))
            if moved > change[name]:
                change[name], change_at[name] = moved, (norms, place)

    def rows(self, without: int) -> Iterator[Norms]:
        """An update at a time, in their order, but for the one that is kept whole."""
        found: dict[int, tuple[Norms, set[int]]] = {}
        for norms, place in (at for kind in self._at for at in kind.values()):
            if norms.update != without:
                found.setdefault(norms.update, (norms, set()))[1].add(place)
        for update in sorted(found):
            norms, places = found[update]
            yield part(norms, sorted(places))


def part(norms: Norms, places: Sequence[int]) -> Norms:
    """Those at some places, which are in order."""
    names = unpacked("I", norms.names)
    columns = (unpacked("d", column) for column in (norms.grad, norms.weight, norms.change))
    counts = {place: (nan, inf) for place, nan, inf in norms.counts}
    grad, weight, change = (packed("d", [column[place] for place in places]) for column in columns)
    return Norms(
        norms.update,
        packed("I", [int(names[place]) for place in places]),
        grad,
        weight,
        change,
        tuple((number, *counts[place]) for number, place in enumerate(places) if place in counts),
    )


class Thinning:
    """Told of every update, in their order; says what is to be written."""

    def __init__(self, first: int = FIRST, following: int = FOLLOWING) -> None:
        self._room, self._following = first, following
        self._stretch = 1
        self._done = 0
        self._whole = -1
        self._extremes = Extremes()
        self._recent: deque[Norms] = deque(maxlen=RECENT)
        self._kept: deque[int] = deque(maxlen=RECENT)

    def take(self, norms: Norms) -> tuple[bool, list[Norms]]:
        """Whether this update is kept whole, and what is to be kept of those before it."""
        late: list[Norms] = []
        begins = self._done % self._stretch == 0
        if begins:
            late = self.rest()
            if self._room <= 0:
                self._stretch *= 2
                self._room = self._following
                self._done = 0
            self._room -= len(norms)
            self._whole = norms.update
            self._kept.append(norms.update)
        self._done += 1
        if self._stretch > 1:
            self._extremes.take(norms)
            self._recent.append(norms)
        return begins, late

    def rest(self) -> list[Norms]:
        """What stood out since the last update that is kept whole."""
        extremes, self._extremes = self._extremes, Extremes()
        return [*extremes.rows(self._whole)] if self._stretch > 1 else []

    def wanted(self, update: int) -> list[Norms]:
        """This update, if it is one of the last, and the one before it: whole, as far as they are not kept yet."""
        found = [one for one in self._recent if update - 1 <= one.update <= update and one.update not in self._kept]
        self._kept.extend(one.update for one in found)
        return found
