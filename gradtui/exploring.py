"""`gradtui.explore`: the screen on what a script, a notebook or a debugger has at hand.

The screen runs in a process of its own, on the same terminal, on a .gradtui file that is gone afterwards. In this one it
could not run in a thread, nor while an event loop runs, nor at a debugger's prompt; and what this process prints, or its
torch does, would stand in its way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gradtui.file import run_writing, snapshot_format
from gradtui.runs.run import Run
from gradtui.snapshot.model import Snapshot

if TYPE_CHECKING:
    import torch

NO_TERMINAL = (
    "explore opens a screen, and there is no terminal here: save the snapshot or run (.save('run.gradtui')) and open it in one "
    "(gradtui run.gradtui), or print it"
)


def explore(
    output: object,
    *,
    names: Mapping[str, torch.Tensor] | None = None,
    model: torch.nn.Module | None = None,
) -> None:
    """Open the screen until it is left: on a Snapshot or a Run, on the Run of a Watch as far as it has come, or on what
    `gradtui.capture` makes of the `output`.

    names, model: as for `capture`. It may be called in a running event loop, which then waits. Raises RuntimeError where
    there is no terminal, and what `capture` raises.
    """
    if not _has_terminal():
        raise RuntimeError(NO_TERMINAL)
    if isinstance(so_far := getattr(output, "run", None), Run):  # of a Watch
        output = so_far
    if isinstance(output, Snapshot | Run):
        found = output
    else:
        from gradtui.engine.capture.capture import capture
        from gradtui.engine.capture.leaf_names import local_variables

        found = capture(output, names, model, None, local_variables(sys._getframe(1)))
    with tempfile.TemporaryDirectory(prefix="gradtui-") as folder:
        path = Path(folder) / "explored.gradtui"
        if isinstance(found, Run):
            run_writing.save(found, path)
        else:
            snapshot_format.save(found, path)
        status = subprocess.run([sys.executable, "-P", "-m", "gradtui", path], check=False).returncode
    if status:
        raise RuntimeError(f"the screen ended with status {status}; what it said stands above")


def _has_terminal() -> bool:
    """Of the process itself, which the screen's process inherits: a notebook puts its own streams in place of it."""
    try:
        return os.isatty(0) and os.isatty(1)
    except OSError:
        return False
