"""What goes wrong in a watch itself ends the watch, never the training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gradtui.engine.torch_private import unasked

FAILED = "gradtui: the training goes on, but is not watched any more: {error}"


class Guard:
    """broken: what went wrong first."""

    def __init__(self) -> None:
        self.broken: Exception | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Around what is ours. No mode is asked about each of our own calls, which would cost a small step as much again."""
        try:
            with unasked():
                yield
        except Exception as error:
            self.fails(error)

    def fails(self, error: Exception) -> None:
        if self.broken is None:
            self.broken = error
            with suppress(Exception):
                print(FAILED.format(error=f"{type(error).__name__}: {error}"), file=sys.stderr)
