"""No key that has an action is silent."""

from __future__ import annotations

import pytest
from textual.events import Key

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.start import Start
from gradtui.tui.keys import ASKING, KEYS, works
from gradtui.tui.saved import session_of
from gradtui.tui.session import Session
from gradtui.tui.typing.idle_keys import nothing_new, why_idle
from tests import examples
from tests.tui.fakes import make_app


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        pytest.param(Session(Start("3 + 1", {})), examples.constant(), id="no variable"),
        pytest.param(Session(Start("x^2", {"x": "4"})), None, id="before the first answer"),
        pytest.param(Session(Start("x^2", {"x": "4"})), examples.quadratic(), id="one variable"),
        pytest.param(Session(Start("model.py:loss", {}, origin="function")), None, id="a file"),
        pytest.param(session_of(examples.quadratic()), examples.quadratic(), id="saved"),
        pytest.param(session_of(examples.constant()), examples.constant(), id="saved, no variable"),
    ],
)
def test_each_key_does_something_or_says_why_not(session: Session, shown: Snapshot | None) -> None:
    for binding in KEYS:
        action = binding.action.partition("(")[0]
        for key in binding.key.split(","):
            why = why_idle(Key(key, None), KEYS, session, shown)
            assert (key, bool(why)) == (key, not works(action, session, shown, typing=False))
            assert not (why and action in ASKING and not session.live) or why == nothing_new(session)
    assert not why_idle(Key("j", "j"), KEYS[:1], session, shown)


async def test_it_is_said_once() -> None:
    app = make_app("3 + 1")
    async with app.run_test() as pilot:
        await pilot.press("right", "right", "right", "u", "f12")
        await pilot.pause()
        assert len(app._notifications) == 2
        await pilot.press("slash", "right", "escape", "question_mark", "u", "escape")
        assert len(app._notifications) == 2


@pytest.mark.parametrize("key", ["b", "B", "f3", "shift+f3", "Z", "h"])
async def test_what_has_nothing_to_do_says_so(key: str) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert len(app._notifications) == 1


async def test_a_table_is_sorted_without_a_word() -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("T", "T", "b", "ctrl+f", *"Pow", "enter", "f3")
        await pilot.pause()
        assert not app._notifications
