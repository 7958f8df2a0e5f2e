"""The picture after the next update is made before it is asked for: whatever comes between, what is shown is torch's."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gradtui.engine.training.evaluate import evaluate
from gradtui.service import look_ahead
from gradtui.service.look_ahead import LookAhead
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.start import Start
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui.app import GradtuiApp
from gradtui.tui.session import Session
from gradtui.tui.training.following import after_update
from tests.service.test_look_ahead import Engine
from tests.tui.test_app import until
from tests.tui.training.test_trainer import AT, LINE, by_torch, places

DATA = {"x": (0.0, 1.0, 2.0, 3.0), "y": (0.0, 1.5, 2.0, 2.5)}
KEYS = [*(("g",) * 12), "z", "Z", "v", "left", "right", "D", "h", "u", "t", "A", "left_curly_bracket", "+", "N"]
TYPED = [
    ("O", "ctrl+u", *"Adam(lr=0.1)", "enter"),
    ("O", "ctrl+u", *"SGD(lr=0.05, momentum=0.9)", "enter"),
    ("x", "ctrl+u", *"0.25", "enter"),
    ("x", "ctrl+u", *"-0.0", "enter"),
    ("slash", "ctrl+u", *"w*b + w^2", "enter"),
    ("slash", "ctrl+u", *LINE, "enter"),
]


class Ahead:
    """The service with the real engine in this process; `used`: how often an answer was at hand."""

    def __init__(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        self._on_snapshot, self._engine = on_snapshot, Engine()
        self._ahead = LookAhead(self._engine)
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: dict[int, Request] = {}
        self.used = 0

    async def start(self) -> None: ...

    async def close(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def interrupt(self) -> None: ...

    def foresee(self, request: Request) -> None:
        self._ahead.foresee(request)

    def submit(self, request: Request) -> None:
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)

    async def _answer(self, request: Request) -> None:
        self.requests[request.id] = request
        answer = await self._ahead.ask(request)
        self.used += all(asked is not request for asked in self._engine.asked)
        self._on_snapshot(replace(answer, derivative={}))


def opened(expression: str, optimizer: str, **more: object) -> tuple[GradtuiApp, Ahead]:
    start = Start(expression, {**AT}, "float64", optimizer=read_optimizer(optimizer), **more)  # type: ignore[arg-type]
    service = Ahead(lambda snapshot: None)

    def made(arrived: Callable[[Snapshot], None]) -> Ahead:
        service._on_snapshot = arrived
        return service

    return GradtuiApp(Session(start), made, start.theme, training=start), service


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr(look_ahead, "QUICK", math.inf)


@pytest.mark.parametrize("optimizer", ["SGD(lr=0.1, momentum=0.9)", "Adam(lr=0.1)", "LBFGS(lr=0.1)"])
async def test_updates_at_hand_are_those_of_torch(optimizer: str) -> None:
    app, service = opened(LINE, optimizer, trained=("w", "b"))
    chosen = read_optimizer(optimizer)
    if chosen.name != "LBFGS":
        expected = by_torch(4, chosen.name, **chosen.settings)
    async with app.run_test(size=(120, 36)) as pilot:
        for number in range(4):
            await until(pilot, lambda: app.board.trainer.next is not None, "the next update")
            if chosen.name != "LBFGS":
                assert places(app) == expected[number]
            assert app.answers.shown is not None
            asked = service.requests[app.answers.shown.id]
            assert repr(replace(app.answers.shown, derivative=None)) == repr(evaluate(asked))
            await until(pilot, lambda: service._ahead._foreseen is not None, "the picture after it")
            await pilot.press("g")
    assert service.used >= 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_comes_between(seed: int) -> None:
    """After each key: what is shown is what torch says of what was asked, and what was asked is where the session stands."""
    random_keys = random.Random(seed)
    data = {"data": DATA, "names": ("w", "b", "x", "y")} if seed % 2 else {"trained": ("w", "b")}
    app, service = opened(LINE, "SGD(lr=0.01, momentum=0.9)", **data)
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(25):
            keys = random_keys.choice(TYPED) if random_keys.random() < 0.1 else (random_keys.choice(KEYS),)
            await pilot.press(*keys)
            await until(pilot, lambda: app.answers.answered == app.session._last_id or not waits(app), "the answer")
            shown = app.answers.shown
            if shown is None or app.session.problem is not None or app.answers.problem is not None:
                continue
            asked = service.requests[shown.id]
            assert repr(replace(shown, derivative=None)) == repr(evaluate(asked))
            assert asked.at == {**app.session.given, **app.session.data}
            await until(pilot, lambda: service._ahead._foreseen is not None or not foreseeable(app), "the look ahead")
    assert service.used > 2


def waits(app: GradtuiApp) -> bool:
    return app.answers.waiting or app.asking.holds_back


def foreseeable(app: GradtuiApp) -> bool:
    return after_update(app.session, app.board.trainer) is not None
