"""gradtui: a terminal explorer for PyTorch autograd. Here stand the public names alone, each loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradtui.api import Run, Snapshot, capture, load, trace, watch
    from gradtui.exploring import explore
    from gradtui.file.header import FileError

__version__ = "0.1.0"
__all__ = ["FileError", "Run", "Snapshot", "capture", "explore", "load", "trace", "watch"]

HOMES = {
    "FileError": "gradtui.file.snapshot_format",
    "Run": "gradtui.api",
    "Snapshot": "gradtui.api",
    "capture": "gradtui.api",
    "explore": "gradtui.exploring",
    "load": "gradtui.api",
    "trace": "gradtui.api",
    "watch": "gradtui.api",
}
"""Imported at first use: `import gradtui` alone loads neither torch nor textual."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
