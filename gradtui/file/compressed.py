"""One gzip stream (RFC 1952), read as far as is wanted: nothing may stand behind it, and nothing is read for ever."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO

GZIP = 16 + zlib.MAX_WBITS
CHUNK = 2**18


class MoreError(Exception):
    """Something stands behind the end of the stream, or it is longer than it may be."""


def inflated(file: BinaryIO, most: int) -> BinaryIO:
    """The bytes that were compressed. most: bytes that may be read of `file`, in which a stream of nothing could be endless.

    Its `read` raises EOFError where the file ends before the stream, zlib.error where the bytes or their checksum are wrong,
    and MoreError.
    """
    return io.BufferedReader(_Inflated(file, most), 2**16)


class _Inflated(io.RawIOBase):
    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._left = file, most
        self._inflating = zlib.decompressobj(GZIP)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._inflating.eof:
            piece = self._inflating.decompress(self._inflating.unconsumed_tail or self._compressed(), len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
        if self._inflating.unused_data or self._file.read(1):
            raise MoreError
        return 0

    def _compressed(self) -> bytes:
        piece = self._file.read(CHUNK)
        if not piece:
            raise EOFError
        self._left -= len(piece)
        if self._left < 0:
            raise MoreError
        return piece
