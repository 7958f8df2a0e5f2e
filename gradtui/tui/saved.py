"""One Snapshot, of a file or a capture, as a source of answers: everything can be looked at, and nothing is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from msgspec.structs import replace

from gradtui.expression.parser import ExpressionError, parse
from gradtui.settings.read_settings import Settings
from gradtui.settings.remembered import Memory
from gradtui.snapshot.model import Device, Dtype, Request, Snapshot
from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.app import run as run_live
from gradtui.tui.session import Session


class SavedAnswer:
    """Stands in for the evaluation service: the Snapshot is the answer to every Request."""

    def __init__(self, snapshot: Snapshot, arrived: Callable[[Snapshot], None]) -> None:
        self._snapshot, self._arrived = snapshot, arrived

    async def start(self) -> None: ...

    def interrupt(self) -> None:
        """Nothing runs."""

    async def close(self) -> None: ...

    def foresee(self, request: Request) -> None:
        """There is but one answer."""

    def submit(self, request: Request) -> None:
        curve = self._snapshot.curve
        if curve is not None and request.curve is not None:
            curve = replace(curve, key=request.curve.key)
        derivative = self._snapshot.derivative or {}
        self._arrived(replace(self._snapshot, id=request.id, curve=curve, derivative=derivative))


def session_of(snapshot: Snapshot) -> Session:
    """What a Snapshot was asked for. It stays at that, but for the variable that is looked at."""
    start = Start(
        snapshot.expression,
        dtype=cast(Dtype, snapshot.dtype),
        device=cast(Device, snapshot.device),
        window=snapshot.curve.window if snapshot.curve is not None else None,
        names=tuple(snapshot.variables),
        origin=snapshot.origin,
    )
    session = Session(start, live=False)
    session.most = max(1, len(snapshot.orders.orders)) if snapshot.orders is not None else 1
    if (told := snapshot.orders) is not None:
        session.order = session.most
        session.degree = None if told.degree == session.order else len(told.taylor) - 1
    session.adopt(snapshot)
    session.reads_as, session.experiments = snapshot.reads_as, snapshot.experiments
    if snapshot.origin == "expression":
        _take_name(session, snapshot)
    if snapshot.curve is not None:
        session.choose(snapshot.curve.variable, snapshot.curve.element)
    return session


def explorer(snapshot: Snapshot, theme: str | None = None, memory: Memory | None = None) -> GradtuiApp:
    """The screen on `snapshot`."""
    return GradtuiApp(session_of(snapshot), partial(SavedAnswer, snapshot), theme, memory)


def run(snapshot: Snapshot, theme: str | None = None, settings: Settings | None = None) -> int:
    """Show `snapshot` until the screen is left; the exit status. theme, settings: as for `app.run`."""
    memory = Memory(settings=settings)
    app = explorer(snapshot, theme, memory)
    if theme is None:
        app.suit_terminal()
    app.run(mouse=memory.settings.mouse)
    return run_live(app.live_again, settings) if app.live_again is not None else app.return_code or 0


def _take_name(session: Session, snapshot: Snapshot) -> None:
    """`g` of `g(x) = x^2`."""
    try:
        expression = parse(snapshot.expression, tuple(snapshot.variables))
    except ExpressionError:
        return
    session.name, session.named = expression.name, expression.named
