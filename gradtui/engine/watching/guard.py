"""What goes wrong in a watch is ours: it ends the watch, never the training."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from gradtui.engine.torch_private import unasked
from gradtui.snapshot.faults import is_of_signal, told

FAILED = "gradtui: the training goes on, but is not watched any more: {error}"
Guarded = Callable[[], AbstractContextManager[None]]


class Guard:
    """Of one watch. has_given_up: whether something went wrong; it has been told then, once. ends: is called with why first."""

    def __init__(self, ends: Callable[[str], object]) -> None:
        self.has_given_up, self._ends = False, ends

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Within it no mode is asked about each of our own calls, which would cost a small step as much again."""
        try:
            with unasked():
                yield
        except Exception as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        if is_of_signal(error):
            raise error
        if not self.has_given_up:
            self.has_given_up = True
            with suppress(Exception):
                self._ends(told(error))
            with suppress(Exception):
                print(FAILED.format(error=told(error)), file=sys.stderr)
