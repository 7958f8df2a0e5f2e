"""Parts that an answer can do without: where one fails, the rest is told, and a note says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.expression.parser import ExpressionError
from gradtui.snapshot import faults
from gradtui.snapshot.model import Note


class Parts:
    """notes: one for each that failed."""

    def __init__(self) -> None:
        self.notes: tuple[Note, ...] = ()

    @contextmanager
    def part(self, missing: str) -> Iterator[None]:
        """What is refused, and memory that runs out, goes on: these are told of the whole."""
        try:
            yield
        except (ExpressionError, RefusalError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if faults.is_of_signal(error):
                raise
            self.notes += (Note("fault", f"{missing} could not be made: {faults.told(error)}"),)
