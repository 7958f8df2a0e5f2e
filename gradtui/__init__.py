"""gradtui: a terminal explorer for PyTorch autograd."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradtui.engine.capture.capture import capture
    from gradtui.engine.capture.trace import trace
    from gradtui.exploring import explore
    from gradtui.file.format import FileError, load
    from gradtui.snapshot.model import Snapshot

__version__ = "0.1.0"
__all__ = ["FileError", "Snapshot", "capture", "explore", "load", "trace"]

HOMES = {
    "FileError": "gradtui.file.format",
    "Snapshot": "gradtui.snapshot.model",
    "capture": "gradtui.engine.capture.capture",
    "explore": "gradtui.exploring",
    "load": "gradtui.file.format",
    "trace": "gradtui.engine.capture.trace",
}
"""Imported at first use: `import gradtui` alone loads neither torch nor textual."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
