"""What is pasted for a value."""

from __future__ import annotations

import pytest
from textual.events import Paste

from gradtui.tui.typing.value_entry import ValueInput
from tests.tui.fakes import make_app
from tests.tui.test_app import press, until


@pytest.mark.parametrize(
    ("pasted", "value"),
    [
        ("1\n2\n3\n", "[1, 2, 3]"),
        ("1.5,\r\n2,\r\n", "[1.5, 2]"),
        ("\n\n pi/2 \n", "1.5707963267948965"),
        ("[1, 2]\n", "[1, 2]"),
        ("1, 2\n3, 4", "[1, 2, 3, 4]"),
    ],
)
async def test_a_column_of_numbers_is_a_vector(pasted: str, value: str) -> None:
    app = make_app("sum(x)*2")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "right", "x", "ctrl+u")
        app.screen.query_one(ValueInput).post_message(Paste(pasted))
        await pilot.pause()
        await press(pilot, "enter")
        await until(pilot, lambda: app.session.points["x"].text == value, "the value")


async def test_a_value_with_a_name_goes_to_that_variable() -> None:
    """And one step back takes back all that was typed at a time."""
    app = make_app("x^2 + y")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "right", "x", "ctrl+u", *"y=3", "enter")
        await until(pilot, lambda: app.session.points["y"].text == "3", "the value of y")
        assert app.session.points["x"].text == "4.1"
        await press(pilot, "x", "ctrl+u", *"x=5,y=7", "enter")
        await until(pilot, lambda: app.session.given == {"x": 5, "y": 7}, "both values")
        assert app.session.active == "x"
        await press(pilot, "u")
        await until(pilot, lambda: app.session.given == {"x": 4.1, "y": 3}, "the values before")
