"""The runs of a folder: one file for each process of a training."""

from __future__ import annotations

import os
from pathlib import Path

from gradtui.file.header import FileError, is_run
from gradtui.file.run_reading import load
from gradtui.runs.run import Run

MOST = 512
"""Files."""


def files(folder: str | os.PathLike[str]) -> list[str]:
    """The .gradtui files of runs in it, by their names. Raises OSError, and FileError where there is none, or too many."""
    found = [str(path) for path in sorted(Path(folder).iterdir()) if path.suffix == ".gradtui" and _is_run(path)]
    if not found:
        raise FileError(folder, "there is no run in this folder: each rank writes a .gradtui file of its own")
    if len(found) > MOST:
        raise FileError(folder, f"{len(found):,} runs are more than can stand side by side ({MOST} at most)")
    return found


def ordered(runs: list[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """By their ranks; those that say none stand behind, by their names."""
    return sorted(runs, key=lambda one: (one[1].rank is None, one[1].rank or 0, one[0]))


def load_folder(folder: str | os.PathLike[str]) -> list[Run]:
    """All runs, in the order of their ranks. Raises what `files` and `load` raise."""
    return [run for _, run in ordered([(path, load(path)) for path in files(folder)])]


def _is_run(path: Path) -> bool:
    try:
        return path.is_file() and is_run(path)
    except OSError:
        return False
