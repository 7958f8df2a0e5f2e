"""The line of the function offers the rest of a name; what a function takes is shown, and never typed."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from gradtui.tui.typing.expression_input import ExpressionInput


class LineApp(App[None]):
    def compose(self) -> ComposeResult:
        yield ExpressionInput("")


@pytest.mark.parametrize(
    ("typed", "shown", "taken"),
    [
        ("mse", "mse_loss(", "mse_loss("),
        ("clamp(x", "clamp(x, min, max)", "clamp(x"),
        ("sin(x", "sin(x)", "sin(x)"),
        ("2 + ", "", "2 + "),
    ],
)
async def test_offered_and_taken(typed: str, shown: str, taken: str) -> None:
    app = LineApp()
    async with app.run_test() as pilot:
        line = app.query_one(ExpressionInput)
        line.focus()
        line.insert_text_at_cursor(typed)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert line._suggestion == shown
        await pilot.press("right")
        assert line.value == taken
