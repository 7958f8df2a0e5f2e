"""What is asked of the evaluation service, and the messages by which answers come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from textual.message import Message

from gradtui.snapshot.model import Request, Snapshot


class Evaluator(Protocol):
    """`gradtui.service.client.Service`, or what stands in for it."""

    async def start(self) -> None: ...
    def submit(self, request: Request) -> None: ...
    def foresee(self, request: Request) -> None: ...
    def interrupt(self) -> None: ...
    async def close(self) -> None: ...


MakeEvaluator = Callable[[Callable[[Snapshot], None]], Evaluator]
"""Makes one that gives its answers to the function it is called with."""


class FileSaved(Message):
    """A file that the user's function is in, or uses, was saved."""


class _Arrived(Message):
    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class SnapshotArrived(_Arrived):
    """The service has an answer."""


class OtherArrived(_Arrived):
    """The answer for the function whose curve is kept beside that of the one shown."""


class DerivativeArrived(_Arrived):
    """The symbolic derivative of the last answer came after it. `snapshot` is that answer, and nothing else of it is new."""
