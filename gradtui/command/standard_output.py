"""Standard output that takes all of what is written there, or says why it does not.

Unbuffered, as many containers run it (PYTHONUNBUFFERED), Python loses what the system does not take at once: the rest of a line
when the disk fills up or ctrl+z interrupts the write.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

ERRORS = "gradtui.signs"
"""How what an encoding lacks is written, as `str.encode` takes it: a code page of Windows has no ✓, say."""


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    from gradtui.command.plain_signs import sign  # wanted of few outputs

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(sign, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _in_plain_signs)


def encoded(text: str) -> bytes:
    """As standard output takes it: with the signs that it has, and no other ends of lines."""
    return text.encode(sys.stdout.encoding, ERRORS)


def put(pieces: Iterable[bytes]) -> None:
    """Write them, and hold nothing back."""
    sys.stdout.buffer.writelines(pieces)
    sys.stdout.buffer.flush()


def make_whole() -> None:
    """Of this process, from now on. A full disk, say, is told in one line; a closed pipe stays a BrokenPipeError."""
    text = sys.stdout
    if isinstance(text, io.TextIOWrapper):
        encoding, line_buffering = text.encoding, text.line_buffering or text.write_through
        raw: Any = text.detach()
        sys.stdout = io.TextIOWrapper(
            _Output(raw.detach() if isinstance(raw, io.BufferedWriter) else raw),
            encoding=encoding,
            errors=ERRORS,
            line_buffering=line_buffering,
        )
        vars(sys)["__stdout__"] = sys.stdout  # there Textual prints


def forgive_errors() -> None:
    """What cannot be said on standard error, as its disk is full or nobody listens, changes no exit status."""
    text = sys.stderr
    if isinstance(text, io.TextIOWrapper):
        buffer: Any = text.buffer
        sys.stderr = io.TextIOWrapper(
            _Unheard(getattr(buffer, "raw", buffer)), text.encoding, text.errors, line_buffering=True
        )


def write(descriptor: int, data: bytes) -> None:
    """All of it, however little of it the system takes at a time. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # another program has left the terminal so
            select.select([], [descriptor], [])


class _Output(io.BufferedWriter):
    """What is written to the system, and noted as written, in one: a signal between the two would have it written twice."""

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        with self._refused():
            while rest:
                try:
                    rest = rest[super().write(rest) :]
                except BlockingIOError as error:
                    rest = rest[error.characters_written :]
                    self._wait()
        return len(data)

    def flush(self) -> None:
        with self._refused():
            while True:
                try:
                    return super().flush()
                except BlockingIOError:
                    self._wait()

    def _wait(self) -> None:
        """For room, where another program has left the terminal so that a write does not."""
        select.select([], [self], [])

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())  # Python flushes once more at its end
            raise click.ClickException(f"standard output: {error.strerror}") from None


class _Unheard(_Output):
    @contextmanager
    def _refused(self) -> Iterator[None]:
        with suppress(OSError):
            yield
