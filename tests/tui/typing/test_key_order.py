"""Keys that are all there at once do what they do when each is pressed by itself: none is lost, and none is somebody else's."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from textual.events import Key
from textual.screen import Screen

from gradtui.tui import asking
from gradtui.tui.app import GradtuiApp
from gradtui.tui.textual_fixes import MendedScreen
from gradtui.tui.typing.line_input import LineInput
from tests.tui.fakes import make_app
from tests.tui.test_app import press
from tests.tui.training.engine import trained_app

SIZE = (120, 36)
CHARACTERS = {"slash": "/", "question_mark": "?"}
BURSTS = [
    ("slash", "ctrl+u", *"x*y + sin(y)", "enter", "right", "v"),
    ("slash", "ctrl+u", *"x*y", "escape", "n", "n"),
    ("slash", "ctrl+u", *"x*", "enter", "y", "enter", "n"),
    ("slash", *"+x", "tab", "x", "5", "enter", "n"),
    ("x", "2", "enter", "n", "n"),
    ("x", "7", "escape", "right", "n"),
    ("x", *"2,5", "enter", "ctrl+u", "3", "enter", "n", "n"),
    ("x", "2", "enter", "x", "3", "enter", "x", "9", "escape", "n"),
    ("ctrl+f", *"Pow", "enter", "f3", "n"),
    ("ctrl+f", *"Mul", "escape", "n", "n"),
    ("question_mark", "escape", "n", "n"),
    ("question_mark", "q", "slash", "ctrl+u", *"x*y", "enter", "right"),
    ("slash", "f1", "escape", *"*2", "enter", "n"),
    ("i", "escape", "n", "n"),
    ("ctrl+p", "escape", "n", "n"),
    ("ctrl+p", *"ste", "escape", "x", "6", "enter", "n"),
    ("ctrl+p", *"grid", "enter", "n", "n"),
    ("right", "ctrl+p", *"undo", "enter", "n"),
    ("ctrl+p", *"zzzz", "enter", "escape", "n"),
    ("ctrl+s", "ctrl+u", "enter", "a", "escape", "n", "n"),
    ("right", "right", "slash", *"+x", "enter"),
    ("right", "x", "ctrl+u", "2", "enter", "right"),
    ("n", "n", "ctrl+f", *"Pow", "enter"),
    ("right", "ctrl+s", "escape", "right"),
    ("right", "right", "ctrl+p", "escape", "right"),
    ("x", "2", "enter", "ctrl+p", "escape", "n"),
    ("slash", *"+x", "enter", "ctrl+p", "escape", "right"),
]
LEFT_TO_ITS_ANSWER = ("slash", "ctrl+u", *"x*y", "escape", "n", "n")
"""The steps are those of the picture that was given up where its answer comes before them."""
OF_TRAINING = [
    ("O", "ctrl+u", *"Adm()", "enter", "ctrl+u", *"Adam(lr=0.5)", "enter", "n"),
    ("O", "ctrl+u", *"SGD(lr=0.2)", "escape", "n", "n"),
    ("O", "ctrl+u", "0", "enter", "n"),
    ("right", "O", "ctrl+u", *"SGD(lr=0.2)", "enter"),
]


def stands(app: GradtuiApp) -> dict[str, Any]:
    return {
        "function": app.session.text,
        "lines": [line.value for line in app.picture.query(LineInput)],
        "x": app.session.place,
        "steps": app.backward.cursor,
        "grid": app.picture.chart.grid,
        "undo": len(app.session.past),
        "focus": app.focused and app.focused.id,
        "screens": len(app.screen_stack),
        "searched": app.picture.graph.query_text,
        "optimizer": app.board.trainer.optimizer,
    }


async def pressed(app: GradtuiApp, keys: tuple[str, ...]) -> dict[str, Any]:
    """Each by itself, once what the one before it did is done. No picture waits for another letter: there comes none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "HASTE", 0.0)
        async with app.run_test(size=SIZE) as pilot:
            await press(pilot)
            for key in keys:
                await press(pilot, key)
            return stands(app)


def burst(app: Any, keys: tuple[str, ...]) -> None:
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else CHARACTERS.get(key)))


async def trickle(app: Any, keys: tuple[str, ...], seed: int) -> None:
    """Some turns of the loop between two keys: those before may be on their way, half heard, or done."""
    turns = random.Random(seed)
    for key in keys:
        for _ in range(turns.choice((0, 0, 1, 2, 3, 5, 8, 13))):
            await asyncio.sleep(0)
        burst(app, (key,))


async def at_once(app: GradtuiApp, keys: tuple[str, ...], expected: dict[str, Any], seed: int | None = None) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot)
        if seed is None:
            burst(app, keys)
        else:
            await trickle(app, keys, seed)
        for _ in range(3_000):
            if stands(app) == expected:
                break
            await pilot.pause(0.01)
        await press(pilot)
        assert stands(app) == expected


@pytest.mark.parametrize("keys", BURSTS)
async def test_as_one_after_the_other(keys: tuple[str, ...]) -> None:
    expected = await pressed(make_app(), keys)
    await at_once(make_app(), keys, expected)
    if keys != LEFT_TO_ITS_ANSWER:
        await at_once(make_app(), keys, expected, seed=len(keys))


async def test_a_key_on_its_way_is_not_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the keys by then, and the next key would go to it at once, before the one that comes back unheard."""
    app, on_its_way = make_app(), asyncio.Event()

    async def wait(screen: Screen[None], event: Key) -> None:
        if event.key == "ctrl+u":
            await on_its_way.wait()

    async with app.run_test(size=SIZE) as pilot:
        await press(pilot)
        monkeypatch.setattr(MendedScreen, "on_key", wait, raising=False)
        burst(app, ("slash", "ctrl+u"))
        while app.focused is not app.line.formula:
            await asyncio.sleep(0)
        burst(app, (*"2x", "enter"))
        for _ in range(50):
            await asyncio.sleep(0)
        on_its_way.set()
        await press(pilot)
        assert app.session.text == "2x"


@pytest.mark.parametrize("keys", OF_TRAINING)
async def test_where_one_trains(keys: tuple[str, ...]) -> None:
    def app() -> GradtuiApp:
        return trained_app("x^2", {"x": "2"}, "SGD(lr=0.1)")

    await at_once(app(), keys, await pressed(app(), keys))
