"""The .gradtui file: a Snapshot on disk. This text is the format's documentation.

    file    = MAGIC version stream
    MAGIC   = 12 bytes: 89 "gradtui" 0d 0a 1a 0a; a transfer that changes the ends of lines changes them
    version = 1 byte: 3 (2 is that of a whole run: see `gradtui.file.run_format`; in 1 the nodes are rows)
    stream  = gzip (RFC 1952) of one head and then any number of pieces, each in a frame; its checksum ends the file
    frame   = length payload
    length  = 4 bytes, unsigned, big-endian: the bytes of the payload, at most FRAME
    payload = one MessagePack map

The head has the fields of `gradtui.snapshot.model.Snapshot` by name, but for `parameters` and the nodes of all graphs. The
pieces hold those, as columns and rows that point into tables, so that what occurs often is there once: see
`gradtui.file.pieces`. A field left out has its default. A field that a reader does not know is passed over: new
fields need no new version. A version that it does not know is refused.

Nothing in a file is run, and a file is checked before anything is made of it: every reference leads somewhere, the graph
has no cycle, no tensor has more numbers than elements. Its texts hold nothing that a terminal would obey: what would be
so is read as a character that is seen. Whatever the file, reading it takes less than LIMIT of memory.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from struct import Struct as Layout
from typing import IO, BinaryIO

from msgspec import DecodeError, msgpack
from msgspec.structs import replace

from gradtui.file.compressed import MoreError, inflated
from gradtui.file.header import CUT_OFF, IN_ROWS, MAGIC, VERSION, BrokenError, FileError, check_start
from gradtui.file.pieces import DAMAGED, SAME_NAMES, TOO_LARGE, Piece, Reader, Writer
from gradtui.file.plain_file import opened
from gradtui.file.soundness import flaw
from gradtui.file.texts import SameNamesError, with_harmless_texts
from gradtui.file.writing import replacing
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.snapshot.uncollected import uncollected

LIMIT = 2**30
"""Bytes of memory that reading any file stays below."""
FRAME = 8 * 2**20
"""Bytes in a payload. Decoded it takes 45 times as much at the very most."""
KEPT = 512 * 2**20
"""Bytes of memory that what has been read may take: some two million nodes without their gradients, 700,000 with."""
WHOLE = 512 * 2**20
"""Bytes of all frames, and of a file: a limit to the time that is spent on it."""
LEAST_PIECE = 2**14
"""Bytes that a frame counts for at least, as each takes time."""
BYTE = 32
"""Bytes of memory that a byte of the head may take: a small number written as a float."""
LEVEL = 3
"""Of compression: 1 is hardly faster, 6 is four times slower for 5 % less."""

LENGTH = Layout(">I")

HALF = "the text holds half of a character"


def save(snapshot: Snapshot, path: str | os.PathLike[str]) -> None:
    """Write `snapshot` to `path`, whole or not at all. Raises FileError for what no file can hold, and OSError."""
    try:
        with replacing(path) as file:
            file.write(MAGIC + bytes([VERSION]))
            write(snapshot, file)
    except BrokenError as error:
        raise FileError(path, error) from None


def load(path: str | os.PathLike[str]) -> Snapshot:
    """The Snapshot that was saved at `path`; torch is not needed. Raises FileError for another file, and OSError."""
    try:
        with opened(path) as file, uncollected():
            check_start(file, VERSION, IN_ROWS)
            return read(file)
    except BrokenError as error:
        raise FileError(path, error) from None


def write(snapshot: Snapshot, file: IO[bytes]) -> None:
    """The stream alone. Raises BrokenError for what no file can hold."""
    try:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=LEVEL, mtime=0) as stream:
            for payload in _payloads(snapshot):
                if len(payload) > FRAME:
                    raise BrokenError(TOO_LARGE)
                stream.write(LENGTH.pack(len(payload)))
                stream.write(payload)
    except UnicodeEncodeError:
        raise BrokenError(HALF) from None


def _payloads(snapshot: Snapshot) -> Iterator[bytes]:
    orders = snapshot.orders
    if orders is not None:
        orders = replace(
            orders, orders=tuple(replace(one, graph=replace(one.graph, nodes=())) for one in orders.orders)
        )
    yield msgpack.encode(replace(snapshot, graph=Graph((), snapshot.graph.roots), parameters={}, orders=orders))
    yield from map(msgpack.encode, Writer().pieces(snapshot))


def read(file: BinaryIO) -> Snapshot:
    """What such a stream holds. Raises BrokenError."""
    try:
        frames = _frames(file)
        first = next(frames, None)
        if first is None:
            raise BrokenError(CUT_OFF)
        if len(first) * BYTE > KEPT:
            raise BrokenError(TOO_LARGE)
        head = with_harmless_texts(msgpack.decode(first, type=Snapshot))
        reader = Reader(head, KEPT - len(first) * BYTE)
        for payload in frames:
            reader.add(with_harmless_texts(msgpack.decode(payload, type=Piece)))
    except EOFError:
        raise BrokenError(CUT_OFF) from None
    except SameNamesError:
        raise BrokenError(f"{DAMAGED}: {SAME_NAMES}") from None
    except zlib.error:
        raise BrokenError(f"{DAMAGED}: its checksum is wrong") from None
    except MoreError:
        raise BrokenError(f"{DAMAGED}: there is more in it than a snapshot") from None
    except (DecodeError, RecursionError, UnicodeDecodeError, IndexError) as error:
        raise BrokenError(f"{DAMAGED}: {_short(error)}") from None
    snapshot = reader.snapshot()
    found = flaw(snapshot)
    if found:
        raise BrokenError(f"{DAMAGED}: {found}")
    return snapshot


def _frames(file: BinaryIO) -> Iterator[bytes]:
    """The payloads, each of which is read only when it is wanted."""
    stream = inflated(file, WHOLE)
    whole = 0
    while header := stream.read(LENGTH.size):
        if len(header) < LENGTH.size:
            raise EOFError
        (length,) = LENGTH.unpack(header)
        whole += max(length, LEAST_PIECE)
        if length > FRAME or whole > WHOLE:
            raise BrokenError(TOO_LARGE)
        payload = stream.read(length)
        if len(payload) < length:
            raise EOFError
        yield payload


def _short(error: Exception) -> str:
    """msgspec's own sentence tells the place; a part of the file that it quotes might be long."""
    return "a reference leads nowhere" if isinstance(error, IndexError) else str(error)[:200]
