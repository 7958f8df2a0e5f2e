"""What a run on the screen leaves: every update, packed; 10,000 of two numbers take some 4 MB."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise

from msgspec import msgpack

from gradtui.snapshot.training import Setting, State, Training, Update

MOST_ELEMENTS = 8
"""Of a vector whose places are drawn."""
Maker = tuple[str, Mapping[str, Setting]]
"""torch's name of an optimizer, and its settings."""
LONG_ENOUGH = 4
"""Updates at which a run is looked at, to see whether it diverges."""
STEADY = 1e-3
"""What two factors may differ by, as parts of them, and be the same; and what 1 and -1 are told from."""
MOST_BYTES = 64 * 2**20
"""Of packed updates. Of more than that the oldest are forgotten: the screen goes back no further."""


class History:
    """Updates in a row from the first; `here` is how many of them are made, those after it can be made again.

    values: f before each update. What an update was made `under` is all that it depends on and that no update moves: f, and
    where its other variables stand.
    """

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._bytes = 0
        self._forgotten = 0
        self.values = array("d")
        self._places: dict[tuple[str, int], array[float]] = {}
        self._before: dict[str, State] = {}
        self._makers: list[tuple[int, Maker, Hashable]] = []
        self._begun: dict[int, dict[str, State]] = {}
        self.here = 0

    def __len__(self) -> int:
        return self._forgotten + len(self._packed)

    @property
    def first(self) -> int:
        """The number of the oldest update that is still known."""
        return self._forgotten

    def update(self, number: int) -> Update | None:
        place = number - self._forgotten
        return msgpack.decode(self._packed[place], type=Update) if 0 <= place < len(self._packed) else None

    @property
    def last(self) -> Update | None:
        """The one that led to where we are."""
        return self.update(self.here - 1)

    @property
    def maker(self) -> Maker | None:
        """What made the last update."""
        return self._maker(self.here - 1)

    def _maker(self, number: int) -> Maker | None:
        return next((maker for first, maker, _ in reversed(self._makers) if first <= number), None)

    def under(self, number: int) -> Hashable:
        """What update `number` was made under; None where it is not known."""
        known = self._forgotten <= number < len(self)
        return next((under for first, _, under in reversed(self._makers) if first <= number), None) if known else None

    def is_of(self, training: Training, under: Hashable) -> bool:
        """Whether its optimizer, with these settings, made all updates up to here, and under the same."""
        makers = [made for first, *made in self._makers if first < self.here]
        return makers in ([], [[(training.optimizer.name, training.settings), under]])

    def state(self, number: int, optimizer: str) -> dict[str, State]:
        """Of the optimizer of this name before update `number`; none of what another one remembered."""
        if number in self._begun:
            return self._begun[number]
        maker = self._maker(number - 1)
        if maker is not None and maker[0] != optimizer:
            return {}
        before = self.update(number - 1)
        if before is None:
            return self._before
        return {name: moved.state for name, moved in before.variables.items()}

    def before(self, number: int) -> dict[str, State]:
        """The state that the optimizer of update `number` had before it."""
        maker = self._maker(number)
        return {} if maker is None else self.state(number, maker[0])

    def take(self, training: Training, count: int | None = None, under: Hashable = None) -> None:
        """Make the next updates, the first `count` of those that were computed; those that were made another way are gone.

        under: None for a file's, which keeps that, and the state, where it runs."""
        begins = self.here
        for update in training.updates[:count]:
            if not len(self):
                self._before = training.before
            known = self.update(self.here)
            if known != update or self.under(self.here) != under:
                self.cut()
                if self._note(training, under) and under is not None and self.here == begins:
                    self._begun[self.here] = training.before
                packed = msgpack.encode(update)
                self._packed.append(packed)
                self._bytes += len(packed)
                self.values.append(update.value)
                for name, moved in update.variables.items():
                    for element, place in enumerate(_numbers(moved.value)[:MOST_ELEMENTS]):
                        self._places.setdefault((name, element), array("d")).append(place)
            self.here += 1
        self._forget()

    def _note(self, training: Training, under: Hashable) -> bool:
        """Whether this is not as for the update before."""
        made = (training.optimizer.name, training.settings), under
        if self._makers and self._makers[-1][1:] == made:
            return False
        self._makers.append((self.here, *made))
        return True

    def back(self) -> Update | None:
        """One update back; the update that is undone, None at the start."""
        last = self.last
        if last is not None:
            self.here -= 1
        return last

    def cut(self) -> None:
        """What came after is no longer what would come."""
        kept = self.here - self._forgotten
        self._bytes -= sum(map(len, self._packed[kept:]))
        del self._packed[kept:]
        for numbers in (self.values, *self._places.values()):
            del numbers[self.here :]
        self._makers = [made for made in self._makers if made[0] < self.here]
        self._begun = {number: state for number, state in self._begun.items() if number < self.here}

    def clear(self) -> None:
        self._packed.clear()
        del self.values[:]
        self._places.clear()
        self._makers.clear()
        self._begun.clear()
        self._bytes = self._forgotten = self.here = 0
        self._before = {}

    def places(self, name: str, element: int = 0) -> array[float]:
        """Where one element of a variable stood before each update up to here; () where it was not trained."""
        return self._places.get((name, element), array("d"))[: self.here]

    def trail(self, name: str, element: int, most: int) -> list[tuple[float, float]]:
        """Where it was and f there, of the last `most` updates up to here."""
        return [*zip(self.places(name, element)[-most:], self.values[: self.here][-most:], strict=False)]

    def _forget(self) -> None:
        """The oldest, where all take too much."""
        gone = 0
        while self._bytes > MOST_BYTES and gone < len(self._packed) - 2:
            self._bytes -= len(self._packed[gone])
            gone += 1
        if gone:
            self._before = self.before(self._forgotten + gone)
            del self._packed[:gone]
            self._forgotten += gone


def is_finite(update: Update) -> bool:
    """Whether all its variables stand somewhere after it."""
    moved = all(math.isfinite(number) for moved in update.variables.values() for number in _numbers(moved.after))
    return moved and all(math.isfinite(one.weight + one.change) for one in update.norms)


def until_finite(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """The first of them, as far as they lead to numbers."""
    bad = next((place for place, update in enumerate(updates) if not is_finite(update)), len(updates))
    return updates[:bad]


def is_still(update: Update) -> bool:
    """Whether nothing has a gradient other than 0, and nothing moves."""
    flat = all(moved.grad is None or not any(_numbers(moved.grad)) for moved in update.variables.values())
    return flat and not any(one.grad for one in update.norms) and stays(update)


def stays(update: Update) -> bool:
    """Whether nothing moves, be there a gradient or not."""
    every = update.variables.values()
    return all(moved.value == moved.after for moved in every) and not any(one.change for one in update.norms)


def growth(updates: Iterable[Update]) -> float | None:
    """By what each step is longer than the one before, where that is always the same and f gets worse: a run that diverges.

    A step is the change of all that is trained together. Below 0 where each step goes straight back over the one before, as it
    does for one variable of a quadratic f. None for fewer than three updates.
    """
    made = [*updates]
    lengths = [*map(_length, made)]
    if len(made) < 3 or 0 in lengths or not all(map(math.isfinite, lengths)):
        return None
    if any(one.variables.keys() != next.variables.keys() for one, next in pairwise(made)):
        return None
    if not all(_worse(one, next) for one, next in pairwise(made)):
        return None
    ratios = [after / before for before, after in pairwise(lengths)]
    if max(ratios) - min(ratios) > STEADY * ratios[-1] or ratios[-1] <= 1 + STEADY:
        return None
    back = all(_goes_back(one, next) for one, next in pairwise(made))
    return -ratios[-1] if back else ratios[-1]


def is_of_one(update: Update) -> bool:
    """Whether a single number moves: as its steps grow, so does its distance from where they would lead back to."""
    return not update.norms and [isinstance(moved.value, tuple) for moved in update.variables.values()] == [False]


def _worse(one: Update, next: Update) -> bool:
    """Whether f went the other way than its gradient had told; where the gradient is known by its norm alone, whether it rose."""
    told = 1.0 if one.norms else -sum(map(operator.mul, _gradient(one), _step(one)))
    return told * (next.value - one.value) > 0


def _goes_back(one: Update, next: Update) -> bool:
    cosine = sum(map(operator.mul, _step(one), _step(next))) / (_length(one) * _length(next))
    return not one.norms and cosine <= STEADY - 1


def _length(update: Update) -> float:
    return math.hypot(*(norms.change for norms in update.norms)) if update.norms else math.hypot(*_step(update))


def _step(update: Update) -> list[float]:
    every = update.variables.values()
    return [
        after - value
        for moved in every
        for value, after in zip(_numbers(moved.value), _numbers(moved.after), strict=True)
    ]


def _gradient(update: Update) -> list[float]:
    every = update.variables.values()
    return [
        number
        for moved in every
        for number in (_numbers(moved.grad) if moved.grad is not None else (0.0,) * len(_numbers(moved.value)))
    ]


def _numbers(place: float | tuple[float, ...]) -> tuple[float, ...]:
    return place if isinstance(place, tuple) else (place,)
