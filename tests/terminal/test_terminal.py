"""The installed program on a real terminal: what a Pilot cannot show."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal, alive, assert_restored

pytestmark = pytest.mark.child

GRADTUI = str(Path(sys.executable).with_name("gradtui"))


@pytest.mark.long
def test_session() -> None:
    """Start, step x, type another function, quit: each answer is PyTorch's, and the terminal comes back whole."""
    with Terminal([GRADTUI]) as terminal:
        terminal.wait_for("x^2 + 3x + 1", "29", "11", "AddBackward0", "AccumulateGrad", "2*x + 3")
        children = terminal.children()
        assert children, "the evaluation runs in processes of its own"
        terminal.press("right", "right", "right")
        terminal.wait_for("4.3", "32.39", "11.6")
        terminal.press("/", "ctrl+u", "sin(x) * 3", "enter")
        terminal.wait_for("SinBackward0", "MulBackward0")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert not any(alive(child) for child in children)


@pytest.mark.long
def test_bad_input_keeps_everything() -> None:
    """A half-typed function gets its sentence; the last picture and the text stay."""
    with Terminal([GRADTUI, "x^2", "--at", "3"]) as terminal:
        terminal.wait_for("PowBackward0")
        terminal.press("/", " + (")
        terminal.wait_for("x^2 + (", "PowBackward0")
        terminal.press("x)")
        terminal.wait_for("x^2 + (x)", "AddBackward0")
        terminal.wait_for("esc leave")
        terminal.press("escape")
        terminal.wait_for("q quit")  # ESC and q at once would be alt+q
        terminal.press("q")
        assert terminal.wait_exit() == 0


@pytest.mark.long
def test_killed_worker_comes_back() -> None:
    """Its death costs one sentence; the picture stays, and the next step is answered."""
    with Terminal([GRADTUI]) as terminal:
        terminal.wait_for("29", "AccumulateGrad", "2*x + 3")
        for child in terminal.children():
            os.kill(child, signal.SIGKILL)
        terminal.press("right")
        terminal.wait_for("30.11", "AccumulateGrad")
        terminal.press("q")
        assert terminal.wait_exit() == 0


@pytest.mark.long
def test_small_terminal() -> None:
    with Terminal([GRADTUI], columns=80, rows=24) as terminal:
        terminal.wait_for("29", "11", "AddBackward0", "AccumulateGrad")
        terminal.resize(20, 5)
        terminal.wait_for("small")
        terminal.resize(80, 24)
        terminal.wait_for("29", "AccumulateGrad")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.long
def test_markup_is_text() -> None:
    """What a person types is never markup, and a control character is made visible."""
    with Terminal([GRADTUI]) as terminal:
        terminal.wait_for("AccumulateGrad")
        terminal.press("/", "ctrl+u", "[@click=app.quit]x[/]")
        terminal.wait_for("[@click=app.quit]x[/]")
        terminal.wait_for("esc leave")
        terminal.press("escape")
        terminal.wait_for("q quit")  # ESC and q at once would be alt+q
        terminal.press("q")
        assert terminal.wait_exit() == 0


@pytest.mark.long
def test_without_a_mouse() -> None:
    """As it is asked for the terminal keeps the mouse, and gives and takes it back live."""
    with Terminal([GRADTUI, "--no-mouse"]) as terminal:
        terminal.wait_for("29", "AccumulateGrad")
        assert b"?1000h" not in terminal.raw
        terminal.press("ctrl+p", "mouse on")
        terminal.wait_for("Clicks and the wheel work")
        terminal.press("enter")
        terminal.wait(lambda: b"?1000h" in terminal.raw, "the mouse")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
