"""Pictures of training, with the real engine, against those that a person has looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.test_snapshots import BOTH_SIZES, Compare, Run, Size, after, of, settle
from tests.tui.training.engine import trained_app

LINE, AT = "(w*x + b - y)^2", {"x": "2", "y": "3", "w": "0.5", "b": "0"}


def updates(count: int, then: Callable[[Pilot[Any]], Any] | None = None) -> Run:
    """Make so many, each when the one before is there."""

    async def run(pilot: Pilot[Any]) -> None:
        for number in range(count):
            while of(pilot).board.trainer.next is None or of(pilot).board.trainer.history.here < number:
                await pilot.pause(0.01)
            await pilot.press("g")
        await settle(pilot)
        if then is not None:
            await then(pilot)

    return after(then=run)


@BOTH_SIZES
def test_three_updates(snap_compare: Compare, size: Size) -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    assert snap_compare(app, terminal_size=size, run_before=updates(3))


@BOTH_SIZES
def test_a_run_that_diverges(snap_compare: Compare, size: Size) -> None:
    app = trained_app("x^2", {"x": "2"}, "SGD(lr=1.1)")
    assert snap_compare(app, terminal_size=size, run_before=updates(6))


@pytest.mark.parametrize("text", ["Adam(lr=0.1, amsgrad=True)", "LBFGS(max_iter=3)"])
def test_rules(snap_compare: Compare, text: str) -> None:
    app = trained_app("x^4 - 3x^2 + x", {"x": "2"}, text)
    assert snap_compare(app, terminal_size=(120, 36), run_before=updates(2))


@BOTH_SIZES
def test_data_and_fit(snap_compare: Compare, size: Size) -> None:
    data = {"x": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), "y": (0.0, 0.0, 1.0, 0.0, 1.0, 1.0)}
    text = "p = sigmoid(w*x + b); -(y*log(p) + (1 - y)*log(1 - p))"
    app = trained_app(text, {"w": "1", "b": "-2"}, "Adam(lr=0.5)", data=data, names=("w", "b", "x", "y"))
    assert snap_compare(app, terminal_size=size, run_before=updates(3))
