"""`gradtui model.py:loss` on a terminal: steps, saving the file, an exception, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import warm
from tests.terminal.driver import Terminal, alive, assert_restored

pytestmark = pytest.mark.child

GOOD = "def loss(x: float = 4.0):\n    square = x**2\n    return square + 3 * x + 1\n"


@pytest.mark.long
def test_session(tmp_path: Path) -> None:
    """A function that hangs leaves the keys alive, and a better version ends it. Then, in two sizes, steps and versions."""
    model = tmp_path / "model.py"
    model.write_text("def loss(x: float = 4.0):\n    while True:\n        pass\n")
    with Terminal(warm.gradtui(f"{model}:loss"), columns=120, rows=36) as terminal:
        terminal.wait_for("model.py:loss")
        terminal.press("?")
        terminal.wait_for("step, ten steps")
        terminal.press("escape")
        model.write_text(GOOD)
        terminal.wait_for("29", "11", "AddBackward0", "square = x**2", "AccumulateGrad")
        for columns, rows, x, f, slope in ((80, 24, "4.1", "30.11", "11.2"), (120, 36, "4.2", "31.24", "11.4")):
            terminal.resize(columns, rows)
            terminal.press("right")
            terminal.wait_for(x, f, slope, "AddBackward0", "square = x**2", "AccumulateGrad")
            model.write_text(GOOD.replace("+ 1", "+ 100"))
            terminal.wait_for(f"{float(f) + 99:.2f}", "+ 100")
            model.write_text(GOOD.replace("x**2", "missing * x"))
            terminal.wait_for("'missing' is not defined")
            model.write_text(GOOD.replace("+ 1", "+ (1"))
            terminal.wait_for("never closed")
            model.write_text(GOOD)
            terminal.wait_for(f)
            terminal.wait(lambda: "never closed" not in terminal.text, "the end of the complaint")
        children = terminal.children()
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert not any(map(alive, children))
