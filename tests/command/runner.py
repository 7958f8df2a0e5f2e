"""The command without a process, its answers and its errors told apart."""

from __future__ import annotations

import inspect
from typing import Any

from click.testing import CliRunner

APART: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
"""What click before 8.2 must be told."""


def runner() -> CliRunner:
    return CliRunner(**APART)
