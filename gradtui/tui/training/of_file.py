"""A file's function in training: what of it moves, and how the updates were made that led to where it stands."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.expression.point import Point, read_values
from gradtui.snapshot.model import Values
from gradtui.snapshot.training import Leg, Optimizer, Place, Training
from gradtui.training.history import History
from gradtui.training.module_norms import in_words
from gradtui.tui.session import Session


def standing(place: Place, dtype: str) -> Point:
    """Where an update has led, as the session has it: in the fewest digits that are this very number in `dtype`."""
    numbers = place if isinstance(place, tuple) else (place,)
    return read_values(Values((len(numbers),) if isinstance(place, tuple) else (), numbers), dtype)


def moving(trained: Sequence[str], of_file: bool) -> str:
    """`w, b`; of a file before it has said what it has, all its parameters."""
    return in_words(trained) or ("the parameters of the file" if of_file else "nothing")


class OfFile:
    """trained: parameters and arguments that move, once the file has said which there are.

    The file stands in the process that runs it; where it stands there follows from the legs alone.
    """

    def __init__(self, session: Session, history: History) -> None:
        self._session, self._history = session, history
        self.trained: tuple[str, ...] = ()
        self._arguments: tuple[str, ...] = ()
        self._legs: tuple[Leg, ...] = ()
        self._asked: tuple[Leg, ...] = ()
        self._defaults: frozenset[str] = frozenset()

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments that move and can be stepped: the screen knows where they stand."""
        return tuple(name for name in self._arguments if name in self._session.variables)

    def told(self, training: Training) -> None:
        self.trained, self._arguments = training.trained, training.arguments

    def asked(self, optimizer: Optimizer) -> tuple[Leg, ...]:
        """How the updates up to here were made, and how the next one is."""
        here, at = self._history.here, self._session.given
        legs = tuple(leg for leg in self._legs if leg.update < here)
        moved = self._history.last.variables if self._history.last is not None else {}
        led = {name: standing(moved[name].after, self._session.dtype).value for name in self.arguments if name in moved}
        if not legs or (legs[-1].optimizer, legs[-1].at | led) != (optimizer, at):
            legs = (*legs, Leg(here, optimizer, at))
        self._asked = legs
        return legs

    def taken(self) -> None:
        """What was asked for is made."""
        if not self._legs:
            self._defaults = frozenset(self._session.defaults)
        self._legs = self._asked

    def begin(self) -> None:
        """Anew: an argument that has a default begins there."""
        if self._legs:
            self._session.defaults.update(self._defaults.intersection(self.arguments))
        self._legs = ()
