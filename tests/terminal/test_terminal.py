"""The installed program on a real terminal: what a Pilot cannot show."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from gradtui.file.snapshot_format import save
from tests import examples, warm
from tests.terminal.driver import Terminal, alive, assert_restored
from tests.terminal.light import light

pytestmark = pytest.mark.child


@pytest.mark.long
def test_session() -> None:
    """Start, step x, type another function, quit: each answer is PyTorch's, and the terminal comes back whole.

    Between them the workers are killed: their death costs one sentence; the picture stays, and the next step is answered.
    """
    with Terminal(warm.gradtui()) as terminal:
        terminal.wait_for("x^2 + 3x + 1", "29", "11", "AddBackward0", "AccumulateGrad", "2*x + 3")
        children = terminal.children()
        assert children, "the evaluation runs in processes of its own"
        terminal.press("right", "right", "right")
        terminal.wait_for("4.3", "32.39", "11.6")
        for child in children:
            os.kill(child, signal.SIGKILL)
        terminal.press("right")
        terminal.wait_for("4.4", "33.56", "AccumulateGrad")
        terminal.press("/", "ctrl+u", "sin(x) * 3", "enter")
        terminal.wait_for("SinBackward0", "MulBackward0")
        children += terminal.children()
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert not any(alive(child) for child in children)


def test_bad_input_keeps_everything() -> None:
    """A half-typed function gets its sentence; the last picture and the text stay.

    What a person types is never markup, and a control character is made visible.
    """
    with Terminal(light("x^2", "--at", "3")) as terminal:
        terminal.wait_for("PowBackward0")
        terminal.press("/", " + (")
        terminal.wait_for("x^2 + (", "PowBackward0")
        terminal.press("x)")
        terminal.wait_for("x^2 + (x)", "AddBackward0")
        terminal.press("ctrl+u", "[@click=app.quit]x[/]")
        terminal.wait_for("[@click=app.quit]x[/]", "esc leave")
        terminal.press("escape")
        terminal.wait_for("q quit")  # ESC and q at once would be alt+q
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_keys_that_are_there_at_once() -> None:
    """What follows the key that leaves a line is none of that line's."""
    with Terminal(light("x^2", "--at", "3", "--dtype", "float64")) as terminal:
        terminal.wait_for("PowBackward0")
        terminal.press("x", "7", "enter", "right", "/", "ctrl+u", "2x", "enter", "right", "?", "q", "right")
        terminal.wait_for("x = 7.3", "14.6", "MulBackward0")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_small_terminal() -> None:
    with Terminal(light(), columns=80, rows=24) as terminal:
        terminal.wait_for("29", "11", "AddBackward0", "AccumulateGrad")
        terminal.resize(20, 5)
        terminal.wait_for("small")
        terminal.resize(80, 24)
        terminal.wait_for("29", "AccumulateGrad")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_without_a_mouse() -> None:
    """As it is asked for the terminal keeps the mouse, and gives and takes it back live."""
    with Terminal(light("--no-mouse")) as terminal:
        terminal.wait_for("29", "AccumulateGrad")
        assert b"?1000h" not in terminal.raw
        terminal.press("ctrl+p", "mouse on")
        terminal.wait_for("Clicks and the wheel work")
        terminal.press("enter")
        terminal.wait(lambda: b"?1000h" in terminal.raw, "the mouse")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_what_is_typed_while_a_saved_snapshot_is_opened_live(tmp_path: Path) -> None:
    save(examples.quadratic(), tmp_path / "saved.gradtui")
    with Terminal(warm.gradtui(str(tmp_path / "saved.gradtui"))) as terminal:
        terminal.wait_for("f'(x) = 11", "saved")
        terminal.press("ctrl+p", "live", "enter", "/", "+x", "enter")
        terminal.wait_for("x^2 + 3*x + 1 + x")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.raw.count(b"?1049l") == 1
        assert_restored(terminal)
