"""What is asked ahead of time: the answer to the very same question, or none; and nobody waits for it."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.engine.training.evaluate import evaluate
from gradtui.service import look_ahead
from gradtui.service.child_process import ChildError
from gradtui.service.look_ahead import LookAhead
from gradtui.service.supervised_child import Child
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Experiment, Problem, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.training import Batches, Optimizer, TrainingRequest

TRAINING = TrainingRequest(Optimizer("SGD", {"lr": 0.1}), ("x",), 3)
REQUEST = Request(7, "a*x^2 + x", {"a": 0.0, "x": 1.5}, dtype="float64", training=TRAINING)


class Engine(Child):
    """The real engine in this process. `failing`: so many questions are refused first. `held`: answers wait for it."""

    def __init__(self) -> None:
        super().__init__((), deadline=1.0)
        self.asked: list[Request] = []
        self.failing, self.occupied = 0, False
        self.held = asyncio.Event()
        self.held.set()

    @property
    def busy(self) -> bool:
        return self.occupied or not self.held.is_set()

    async def ask(self, request: Request) -> Snapshot:
        self.asked.append(request)
        await self.held.wait()
        if self.failing:
            self.failing -= 1
            raise ChildError(Problem("crash", "it ended"), again=True)
        return evaluate(request)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(look_ahead, "QUICK", math.inf)
    return Engine()


async def ready(engine: Engine) -> LookAhead:
    """One that knows how long an answer takes."""
    ahead = LookAhead(engine)
    await ahead.ask(Request(1, "x"))
    engine.asked.clear()
    return ahead


async def test_it_is_at_hand(engine: Engine) -> None:
    ahead = await ready(engine)
    ahead.foresee(replace(REQUEST, id=6))
    assert await ahead.ask(REQUEST) == evaluate(REQUEST)
    assert [request.id for request in engine.asked] == [6]


async def test_asked_while_it_is_being_answered(engine: Engine) -> None:
    ahead = await ready(engine)
    engine.held.clear()
    ahead.foresee(REQUEST)
    answer = asyncio.create_task(ahead.ask(replace(REQUEST, id=8)))
    await asyncio.sleep(0)
    engine.held.set()
    assert await answer == evaluate(replace(REQUEST, id=8))
    assert len(engine.asked) == 1


OTHERS: list[dict[str, Any]] = [
    {"expression": "a*x^2 + x + 0"},
    {"at": {"a": -0.0, "x": 1.5}},
    {"at": {"a": 0.0, "x": math.nextafter(1.5, 2)}},
    {"dtype": "float32"},
    {"curve": CurveRequest("x", (-1.0, 1.0))},
    {"names": ("e",)},
    {"along": ("x", 0)},
    {"experiments": (Experiment(0, None, 2.0),)},
    {"data": ("a",), "at": {"a": (0.0,), "x": 1.5}},
    {"fit": True},
    {"orders": OrdersRequest(2, "x")},
    {"training": None},
    {"training": replace(TRAINING, optimizer=Optimizer("Adam"))},
    {"training": replace(TRAINING, optimizer=Optimizer("SGD", {"lr": 0.2}))},
    {"training": replace(TRAINING, trained=("a", "x"))},
    {"training": replace(TRAINING, update=4)},
    {"training": replace(TRAINING, count=2)},
    {"training": replace(TRAINING, batches=Batches(1))},
]


@pytest.mark.parametrize("other", OTHERS)
async def test_another_question_is_asked_anew(engine: Engine, other: dict[str, Any]) -> None:
    ahead, request = await ready(engine), replace(REQUEST, **other)
    ahead.foresee(REQUEST)
    await asyncio.sleep(0)
    assert repr(await ahead.ask(request)) == repr(evaluate(request)), "as text, in which nan is nan, and -0.0 not 0.0"
    assert len(engine.asked) == 2


async def test_what_has_not_begun_is_left_out(engine: Engine) -> None:
    ahead = await ready(engine)
    ahead.foresee(REQUEST)
    other = replace(REQUEST, expression="x")
    assert await ahead.ask(other) == evaluate(other)
    await asyncio.sleep(0)
    assert engine.asked == [other]


async def test_what_fails_ahead_is_tried_when_it_is_asked(engine: Engine) -> None:
    ahead = await ready(engine)
    engine.failing = 1
    ahead.foresee(REQUEST)
    assert await ahead.ask(REQUEST) == evaluate(REQUEST)


async def test_only_where_nobody_waits_for_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before one answer is there, not beside another question, not where an answer takes its time."""
    ahead = LookAhead(engine)
    ahead.foresee(REQUEST)
    ahead = await ready(engine)
    engine.occupied = True
    ahead.foresee(REQUEST)
    engine.occupied = False
    monkeypatch.setattr(look_ahead, "QUICK", 0.0)
    ahead.foresee(REQUEST)
    await asyncio.sleep(0)
    assert not engine.asked
