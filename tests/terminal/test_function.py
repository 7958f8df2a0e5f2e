"""`gradtui model.py:loss` on a terminal: steps, saving the file, an exception, and the way back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal, alive, assert_restored

pytestmark = pytest.mark.child

GRADTUI = str(Path(sys.executable).with_name("gradtui"))
GOOD = "def loss(x: float = 4.0):\n    square = x**2\n    return square + 3 * x + 1\n"


@pytest.mark.long
@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36)])
def test_session(tmp_path: Path, columns: int, rows: int) -> None:
    model = tmp_path / "model.py"
    model.write_text(GOOD)
    with Terminal([GRADTUI, f"{model}:loss"], columns=columns, rows=rows) as terminal:
        terminal.wait_for("29", "11", "AddBackward0", "square = x**2", "AccumulateGrad")
        terminal.press("right")
        terminal.wait_for("4.1", "30.11", "11.2")
        model.write_text(GOOD.replace("+ 1", "+ 100"))
        terminal.wait_for("129.11", "+ 100")
        model.write_text(GOOD.replace("x**2", "missing * x"))
        terminal.wait_for("'missing' is not defined")
        model.write_text(GOOD.replace("+ 1", "+ (1"))
        terminal.wait_for("never closed")
        model.write_text(GOOD)
        terminal.wait_for("30.11")
        children = terminal.children()
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
        assert not any(map(alive, children))


@pytest.mark.long
def test_a_function_that_hangs_leaves_the_keys_alive(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text("def loss(x: float = 4.0):\n    while True:\n        pass\n")
    with Terminal([GRADTUI, f"{model}:loss"], columns=120, rows=36) as terminal:
        terminal.wait_for("model.py:loss")
        terminal.press("?")
        terminal.wait_for("step, ten steps")
        terminal.press("escape")
        model.write_text(GOOD)
        terminal.wait_for("29", "AddBackward0")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
