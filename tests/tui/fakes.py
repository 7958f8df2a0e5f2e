"""The app on a service that answers from fixed Snapshots, at once or when told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gradtui.snapshot.model import Problem, Request, Snapshot, Values, VariableState
from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.evaluator import MakeEvaluator
from gradtui.tui.session import Session
from tests import examples

KNOWN: dict[str, Callable[[Request], Snapshot]] = {
    "x^2 + 3x + 1": lambda request: _quadratic(request),
    "(x * x) + (3 * x) + 1": lambda request: examples.vector_quadratic(),
    "x*y + sin(y)": lambda request: examples.two_variables(),
    "0*sqrt(x)": lambda request: examples.nan_gradient(),
    "3 + 1": lambda request: examples.constant(),
}


class FakeService:
    """Stands in for `gradtui.service.client.Service`. `slow` keeps the answers back until `answer`."""

    def __init__(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        self.on_snapshot = on_snapshot
        self.requests: list[Request] = []
        self.slow = False
        self.interrupted = 0
        self.started = self.closed = False

    async def start(self) -> None:
        self.started = True

    async def close(self) -> None:
        self.closed = True

    def interrupt(self) -> None:
        self.interrupted += 1

    def foresee(self, request: Request) -> None: ...

    def submit(self, request: Request) -> None:
        self.requests.append(request)
        if not self.slow:
            self.answer(request)

    def answer(self, request: Request | None = None, problem: Problem | None = None) -> None:
        """The answer to a request, the newest unless told."""
        request = request or self.requests[-1]
        if problem is not None:
            snapshot = Snapshot(request.id, request.expression, problem=problem)
        elif request.expression in KNOWN:
            snapshot = KNOWN[request.expression](request)
        else:
            snapshot = _plain(request)
        curve = snapshot.curve or examples.quadratic().curve
        assert curve is not None
        key = request.curve.key if request.curve else ""
        curve = msgspec.structs.replace(curve, key=key) if request.curve else None
        self.on_snapshot(msgspec.structs.replace(snapshot, id=request.id, curve=curve))


def make_app(
    expression: str = "x^2 + 3x + 1",
    at: dict[str, Any] | None = None,
    *,
    service: MakeEvaluator = FakeService,
    live: bool = True,
    **settings: Any,
) -> GradtuiApp:
    """The app on a FakeService; the cursor of its lines does not blink."""
    start = Start(expression, at or {}, **settings)
    return GradtuiApp(Session(start, live=live), service, start.theme)


def service(app: GradtuiApp) -> FakeService:
    assert isinstance(app.asking.service, FakeService)
    return app.asking.service


def _quadratic(request: Request) -> Snapshot:
    if request.experiments:
        return examples.cut_quadratic()
    x = _number(request.at["x"])
    answer = examples.quadratic(x)
    slope = 2 * x + 3
    return examples.with_tangents(answer, slope, slope, 3, 2 * x, 1) if request.along else answer


def _number(value: float | tuple[float, ...]) -> float:
    assert isinstance(value, float)
    return value


def _plain(request: Request) -> Snapshot:
    """An answer without a graph: 0 everywhere."""
    zero = Values((), (0.0,))
    states = {
        name: VariableState(
            Values(() if isinstance(value, float) else (len(value),), (value,) if isinstance(value, float) else value),
            zero,
        )
        for name, value in request.at.items()
    }
    return Snapshot(request.id, request.expression, request.expression, variables=states, value=zero)
