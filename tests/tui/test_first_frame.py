"""What the first frame does not need is not imported for it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

LATER = {
    *(
        "gradtui.findings.findings",
        "gradtui.report",
        "gradtui.calculus",
        "gradtui.engine",
        "gradtui.file",
        "gradtui.runs",
    ),
    *(
        "gradtui.chart.contour",
        "gradtui.chart.data_fit",
        "gradtui.grad_fns.rule_of_node",
        "gradtui.grad_fns.tensor_rules",
    ),
    *("gradtui.tui.dialogs.command_palette", "gradtui.tui.dialogs.help", "gradtui.tui.dialogs.in_full"),
    *("gradtui.tui.run.app", "gradtui.tui.saved", "plotext", "textual_plotext", "sympy", "mpmath", "torch", "numpy"),
    *("tomlkit", "watchfiles"),
}
MOST = 175
"""Modules of gradtui: each takes some tenths of a millisecond."""


@pytest.mark.child
def test_what_the_first_frame_imports() -> None:
    """By Python's own account of what it imports, and from where."""
    code = "import gradtui.command.cli, gradtui.tui.app"
    run = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    imported = set(re.findall(r"^import time:.*\|\s*(\S+)$", run.stderr, re.MULTILINE))
    assert "gradtui.tui.panes.chart" in imported
    assert not imported & LATER
    assert sum(name.split(".")[0] == "gradtui" for name in imported) <= MOST
