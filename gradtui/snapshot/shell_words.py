"""Words of a command as the shell of a system takes them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence

PLAIN = re.compile(r"[\w@+=:,./\\-]+", re.ASCII)
"""What no shell of Windows reads as anything else."""


def shell_line(words: Sequence[str], windows: bool = os.name == "nt") -> str:
    """One line of them. On Windows double quotes alone quote, and keep `^` and `|` from cmd."""
    return " ".join(map(_quoted, words)) if windows else shlex.join(words)


def _quoted(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    line = subprocess.list2cmdline([word])
    return line if line.startswith('"') else f'"{line}"'
