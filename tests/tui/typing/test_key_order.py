"""Keys that are all there at once do what they do when each is pressed by itself: none is lost, and none is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Key

from gradtui.tui.app import GradtuiApp
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
    ("ctrl+s", "ctrl+u", "enter", "a", "escape", "n", "n"),
    ("right", "right", "slash", *"+x", "enter"),
    ("right", "x", "ctrl+u", "2", "enter", "right"),
    ("n", "n", "ctrl+f", *"Pow", "enter"),
    ("right", "ctrl+s", "escape", "right"),
]
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
        "undo": len(app.session.past),
        "focus": app.focused and app.focused.id,
        "screens": len(app.screen_stack),
        "searched": app.picture.graph.query_text,
        "optimizer": app.board.trainer.optimizer,
    }


async def pressed(app: GradtuiApp, keys: tuple[str, ...]) -> dict[str, Any]:
    """Each by itself, once what the one before it did is done."""
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot)
        for key in keys:
            await press(pilot, key)
        return stands(app)


def burst(app: Any, keys: tuple[str, ...]) -> None:
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else CHARACTERS.get(key)))


async def at_once(app: GradtuiApp, keys: tuple[str, ...], expected: dict[str, Any]) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot)
        burst(app, keys)
        for _ in range(200):
            if stands(app) == expected:
                break
            await pilot.pause(0.01)
        await press(pilot)
        assert stands(app) == expected


@pytest.mark.parametrize("keys", BURSTS)
async def test_as_one_after_the_other(keys: tuple[str, ...]) -> None:
    await at_once(make_app(), keys, await pressed(make_app(), keys))


@pytest.mark.parametrize("keys", OF_TRAINING)
async def test_where_one_trains(keys: tuple[str, ...]) -> None:
    def app() -> GradtuiApp:
        return trained_app("x^2", {"x": "2"}, "SGD(lr=0.1)")

    await at_once(app(), keys, await pressed(app(), keys))
