"""The table of a training in a notebook, made anew while it goes on."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gradtui.file.run_writing import RunWriter
from gradtui.runs.run import Update
from gradtui.snapshot.finding import Finding

SECONDS = 0.5
"""Between two tables, at least; and no more than one part in SHARE of the time goes into them."""
SHARE = 20


def in_notebook() -> bool:
    """Whether what is displayed can be displayed anew: IPython is there, and with a kernel, not at a prompt."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class Table:
    """made: what the notebook is to show now. What goes wrong in showing it does no harm to the training."""

    def __init__(self, made: Callable[[], Mapping[str, str]]) -> None:
        display = importlib.import_module(
            "IPython.display"
        ).display  # not a dependency: it is there, or there is no notebook
        self._made = made
        self._next = 0.0
        self._handle: Any = None
        with suppress(Exception):
            self._handle = display(made(), raw=True, display_id=True)

    def changed(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._handle is None or (now < self._next and not at_once):
            return
        with suppress(Exception):
            self._handle.update(self._made(), raw=True)
        end = time.monotonic()
        self._next = end + max(SECONDS, SHARE * (end - now))


class ShownWriter(RunWriter):
    """A RunWriter whose `table`, once there is one, is told of each thing that is written."""

    table: Table | None = None

    def update(self, update: Update) -> None:
        super().update(update)
        if self.table is not None:
            self.table.changed()

    def finding(self, finding: Finding) -> None:
        super().finding(finding)
        if self.table is not None:
            self.table.changed(at_once=True)
