"""Between the first frame and the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from textual import events
from textual.screen import Screen

from gradtui.snapshot.model import Snapshot
from gradtui.tui.typing.palette import Palette
from tests.tui.fakes import FakeService, make_app


class Held:
    """Makes a service that does not start before it is let `go_on`, so that no more than the first frame is there."""

    def __init__(self) -> None:
        self.starting, self.go_on = asyncio.Event(), asyncio.Event()

    def __call__(self, arrived: Callable[[Snapshot], None]) -> FakeService:
        held = self

        class HeldService(FakeService):
            async def start(self) -> None:
                held.starting.set()
                await held.go_on.wait()

        return HeldService(arrived)


async def test_keys_before_all_is_there_are_heard_in_their_order() -> None:
    held = Held()
    app = make_app(service=held)
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 36)))
    await held.starting.wait()
    assert app.line.formula.value == "x^2 + 3x + 1"
    for key, character in (("right", None), ("right_square_bracket", "]"), ("right", None)):
        app.post_message(events.Key(key, character))
    held.go_on.set()
    async with asyncio.timeout(30):
        while app.session.points["x"].elements != (Decimal("5.1"),):  # 4, a tenth, and then ten of them
            await asyncio.sleep(0.01)
    app.exit()
    await running


async def test_the_palette_asked_for_before_all_is_there_opens_above_it() -> None:
    """Its key is the app's, which hears it before the screen does."""
    held = Held()
    app = make_app(service=held)
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 36)))
    await held.starting.wait()
    app.post_message(events.Key("ctrl+p", None))
    for _ in range(20):  # turns of the loop in which it would be heard
        await asyncio.sleep(0)
    held.go_on.set()
    async with asyncio.timeout(30):
        while not isinstance(app.screen, Palette):
            await asyncio.sleep(0.01)
    assert app.picture.screen is app.screen_stack[0]
    app.exit()
    await running


@pytest.mark.parametrize("size", [(120, 36), (64, 18)])
async def test_an_answer_that_comes_at_once_is_first_painted_in_its_place(size: tuple[int, int]) -> None:
    """As that of a saved file: no frame shows it anywhere else."""
    app, painted = make_app(), []

    def paint(screen: Screen[object], update: object) -> None:
        painted.append({pane.id: pane.region for pane in app.query("#graph, #chart, #node")})

    app._display = paint  # type: ignore[method-assign,assignment]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        last = {pane.id: pane.region for pane in app.query("#graph, #chart, #node")}
    assert {} in painted
    assert all(one in ({}, last) for one in painted), painted
