"""The start of every .gradtui file: what it is, and of which version; and how a file is refused."""

from __future__ import annotations

import os
from typing import BinaryIO

from gradtui.file.plain_file import opened
from gradtui.snapshot.visible import visible

MAGIC = b"\x89gradtui\r\n\x1a\n"
VERSION = 3
RUN = 2
IN_ROWS = 1
HOLDS = {IN_ROWS: "a snapshot", RUN: "a whole run", VERSION: "a snapshot"}

NOT_OURS = "this is not a .gradtui file"
CUT_OFF = "this .gradtui file is cut off: its end is missing"


class BrokenError(Exception):
    """What is wrong with a file, in one sentence."""


class FileError(Exception):
    """What is wrong with a .gradtui file, in one sentence that begins with its path, and that a terminal may show.

    problem: the same without the path.
    """

    def __init__(self, path: str | os.PathLike[str], problem: object) -> None:
        self.problem = visible(str(problem))
        super().__init__(f"{visible(os.fspath(path))}: {self.problem}")


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that it holds a Run. Raises OSError."""
    with opened(path) as file:
        return (file.read(len(MAGIC) + 1) or b"") == MAGIC + bytes([RUN])


def check_start(file: BinaryIO, *versions: int) -> None:
    """Reads MAGIC and the version. Raises BrokenError where it is none of these, which hold the same."""
    start = file.read(len(MAGIC) + 1) or b""
    if not start.startswith(MAGIC):
        raise BrokenError(CUT_OFF if start and MAGIC.startswith(start) else NOT_OURS)
    if len(start) == len(MAGIC):
        raise BrokenError(CUT_OFF)
    if start[-1] not in versions and start[-1] in HOLDS:
        raise BrokenError(f"it holds {HOLDS[start[-1]]}, not {HOLDS[versions[0]]}")
    if start[-1] not in versions:
        newer = f"this file has version {start[-1]} of the format, and this gradtui reads version {max(HOLDS)}"
        raise BrokenError(f"{newer}: a newer one may read it")
