"""The folder that a person stands in: the one that the program was started in, wherever its code goes then."""

from __future__ import annotations

import os


def _now() -> str:
    try:
        return os.getcwd()
    except OSError:  # it has been removed meanwhile
        return ""


HERE = _now()
"""Relative paths are read, and shown, from there. Empty where it is gone."""


def shown(filename: str) -> str:
    """A file under it by its path from there."""
    return filename.removeprefix(HERE + os.sep) if HERE else filename
