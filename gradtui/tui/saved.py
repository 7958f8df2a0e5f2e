"""The explorer on one Snapshot, of a file or a capture: everything can be looked at, and nothing is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import cast

from msgspec.structs import replace
from textual import events

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import Point, read_values
from gradtui.snapshot.model import Device, Dtype, Request, Snapshot
from gradtui.tui.app import GradtuiApp
from gradtui.tui.keys import ASKING, KEYS
from gradtui.tui.session import Session

NOTHING_NEW = "this is a saved snapshot: nothing in it is evaluated anew"


class SavedAnswer:
    """Stands in for the evaluation service: the Snapshot is the answer to every Request."""

    def __init__(self, snapshot: Snapshot, arrived: Callable[[Snapshot], None]) -> None:
        self._snapshot, self._arrived = snapshot, arrived

    async def start(self) -> None: ...

    def interrupt(self) -> None:
        """Nothing runs."""

    async def close(self) -> None: ...

    def submit(self, request: Request) -> None:
        curve = self._snapshot.curve
        if curve is not None and request.curve is not None:
            curve = replace(curve, key=request.curve.key)
        derivative = self._snapshot.derivative or {}
        self._arrived(replace(self._snapshot, id=request.id, curve=curve, derivative=derivative))


class SavedSession(Session):
    """What a Snapshot was asked for. It stays at that, but for the variable that is looked at."""

    def __init__(self, snapshot: Snapshot) -> None:
        states = {name: state.value for name, state in snapshot.variables.items() if state.value.numbers}
        super().__init__(
            snapshot.expression,
            {name: read_values(value, snapshot.dtype) for name, value in states.items()},
            dtype=cast(Dtype, snapshot.dtype),
            device=cast(Device, snapshot.device),
            origin=snapshot.origin,
            live=False,
        )
        self.experiments = snapshot.experiments
        if snapshot.origin == "expression":
            self.name = _name(snapshot)
        if snapshot.curve is not None:
            self.window = snapshot.curve.window
            self.choose(snapshot.curve.variable, snapshot.curve.element)

    def move(self, ticks: int) -> None: ...

    def move_to(self, place: Decimal) -> None: ...

    def put(self, point: Point) -> None: ...

    def experiment(self, node: int, factor: float, edge: int | None = None) -> None: ...

    def undo_experiment(self) -> None: ...

    def _follow(self) -> None: ...


class SavedApp(GradtuiApp):
    """Keys that ask for an evaluation say that there is none."""

    def __init__(self, snapshot: Snapshot, theme: str | None = None) -> None:
        super().__init__(theme=theme, origin=snapshot.origin, live=False, service=lambda to: SavedAnswer(snapshot, to))
        self.session, self._snapshot = SavedSession(snapshot), snapshot
        self.reads_as = snapshot.reads_as

    def on_mount(self) -> None:
        self.picture.formula.can_focus = False
        if self.picture.source is not None and not self._snapshot.files:
            self.picture.source.display = False

    def ask(self) -> None:
        """The first time, and for the ledger, there is something to show; after that there is only something to say."""
        if self.answers.answered and not self.session.ledger:
            self.notify(NOTHING_NEW, timeout=3)
        super().ask()

    def on_key(self, event: events.Key) -> None:
        asking = [name for key in KEYS if key.action.partition("(")[0] in ASKING for name in key.key.split(",")]
        if event.key in asking or event.character in asking:
            self.notify(NOTHING_NEW, timeout=3)


def _name(snapshot: Snapshot) -> str:
    """`g` of `g(x) = x^2`."""
    try:
        return parse(snapshot.expression, tuple(snapshot.variables)).name
    except ExpressionError:
        return "f"


def run(snapshot: Snapshot, theme: str | None = None) -> int:
    """Show `snapshot` until the screen is left; the exit status."""
    app = SavedApp(snapshot, theme)
    app.run()
    return app.return_code or 0
