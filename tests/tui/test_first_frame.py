"""What the first frame does not need is not imported for it, and not on the screen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal

LATER = {
    *("gradtui.calculus", "gradtui.chart", "gradtui.engine", "gradtui.file", "gradtui.findings", "gradtui.grad_fns"),
    *("gradtui.graph", "gradtui.outline", "gradtui.report", "gradtui.runs", "gradtui.service", "gradtui.training"),
    *("gradtui.tui.views", "gradtui.tui.graph", "gradtui.tui.node", "gradtui.tui.dialogs", "gradtui.tui.saved"),
    *("gradtui.tui.run.app", "plotext", "sympy", "mpmath", "torch", "numpy", "tomlkit", "watchfiles"),
}
MOST_MODULES = 85
"""Of gradtui: each takes some tenths of a millisecond."""

MOST_WIDGETS = 8

PROGRAM = """
import sys
from gradtui.command import cli
from gradtui.tui.app import GradtuiApp

async def tell(app):
    with open(sys.argv.pop(), "w") as told:
        print(len(app.screen.query("*")), *sys.modules, file=told)
    app.exit()

GradtuiApp.open = tell
cli.command.main(sys.argv[1:-1])
"""
"""The whole program, which tells how it stands when its first frame is out, and ends."""


@pytest.mark.child
def test_what_the_first_frame_needs(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with Terminal([sys.executable, "-c", PROGRAM, str(told)]) as terminal:
        terminal.wait_for("x^2 + 3x + 1")
        terminal.wait_exit()
    widgets, *imported = told.read_text().split()
    assert "gradtui.tui.typing.formula_line" in imported
    assert not LATER.intersection(imported)
    assert sum(name.split(".")[0] == "gradtui" for name in imported) <= MOST_MODULES
    assert int(widgets) <= MOST_WIDGETS
