"""Standard output that takes all of what is written there, or says why it does not.

Where Python does not buffer it, as PYTHONUNBUFFERED asks for in many a container, Python loses what the system does not take at
once: the rest of a line before a disk was full, or of one that ctrl+z came into.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any

import click


def make_whole() -> None:
    """Of this process, from now on. A full disk, say, is told in one line; a closed pipe stays a BrokenPipeError."""
    text = sys.stdout
    if isinstance(text, io.TextIOWrapper):
        buffer: Any = text.buffer
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Whole(getattr(buffer, "raw", buffer))),
            encoding=text.encoding,
            errors="replace",  # a code page of Windows that has no ², say
            line_buffering=text.line_buffering or text.write_through,
        )


def write(descriptor: int, data: bytes) -> None:
    """All of it, however little of it the system takes at a time. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # another program has left the terminal so
            select.select([], [descriptor], [])


class _Whole(io.RawIOBase):
    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            while (taken := self._raw.write(data)) is None:  # another program has left the terminal so
                select.select([], [self._raw], [])
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())  # Python flushes once more at its end
            raise click.ClickException(f"standard output: {error.strerror}") from None
        return taken

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()
