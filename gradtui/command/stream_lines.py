"""The lines of a stream of text, as bytes of UTF-8: also where it begins with a byte order mark, or is UTF-16."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

LONGEST_LINE = 2**20
MARK = codecs.BOM_UTF8
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",  # it begins with that of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""What text that PowerShell wrote begins with, say, and how it is read."""
CHUNK = 2**16


def lines_of(stream: io.BufferedIOBase) -> Iterator[bytes]:
    """Each line without its end and without a mark, as soon as it is there; of one that is too long a little too much."""
    most = LONGEST_LINE + len(MARK) + 1
    text = stream.readline(most)
    # a zero byte: in that encoding any line has one that this language has a use for
    encoding = next((name for mark, name in WIDE.items() if text.startswith(mark) and 0 in text), None)
    if encoding is not None:
        stream = io.BufferedReader(_Recoded(text, stream, encoding), CHUNK)
        text = stream.readline(most)
    while text:
        rest = text
        while len(rest) == most and not rest.endswith(b"\n"):  # so that no line fills the memory
            rest = stream.readline(most)
        yield text.removeprefix(MARK).rstrip(b"\r\n")
        text = stream.readline(most)


class _Recoded(io.RawIOBase):
    """What stands in `stream`, and stood before it in `first`, as UTF-8."""

    def __init__(self, first: bytes, stream: io.BufferedIOBase, encoding: str) -> None:
        self._first, self._stream = first, stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._decoded = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._decoded:
            raw, self._first = self._first or self._stream.read1(CHUNK), b""
            self._decoded = self._decoder.decode(raw, final=not raw).encode()
            if not raw:
                break
        piece, self._decoded = self._decoded[: len(buffer)], self._decoded[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
