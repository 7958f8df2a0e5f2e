"""Stands in for the service: the real engine, in this process, which answers at once."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from gradtui.engine.training.evaluate import evaluate
from gradtui.engine.user.evaluate import evaluate as function
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.start import Start
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui.app import GradtuiApp
from gradtui.tui.session import Session


class Engine:
    def __init__(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        self._on_snapshot = on_snapshot
        self.requests: list[Request] = []

    async def start(self) -> None:
        if self.requests:
            self.submit(self.requests.pop())

    async def close(self) -> None: ...

    def interrupt(self) -> None: ...

    def foresee(self, request: Request) -> None: ...

    def submit(self, request: Request) -> None:
        self.requests.append(request)
        answer = evaluate(request) if request.origin == "expression" else function(request)
        self._on_snapshot(replace(answer, derivative={}))


def trained_app(expression: str, at: dict[str, str], optimizer: str | None, **more: object) -> GradtuiApp:
    """The explorer on a function that is trained, in float64."""
    chosen = read_optimizer(optimizer) if optimizer is not None else None
    start = Start(expression, {**at}, "float64", optimizer=chosen, **more)  # type: ignore[arg-type]
    return GradtuiApp(Session(start), Engine, start.theme, training=start)
