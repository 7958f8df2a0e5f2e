"""The .gradtui file of a Run, which grows while the training runs. This text is the format's documentation.

    file    = MAGIC version record*
    MAGIC   = as in `gradtui.file.snapshot_format`
    version = 1 byte: 2
    record  = kind length sum check payload
    kind    = 1 byte, below; a record of a kind that a reader does not know is passed over
    length  = 4 bytes, unsigned, big-endian: the bytes of the payload
    sum     = 4 bytes: CRC-32 of the payload
    check   = 4 bytes: CRC-32 of the nine bytes before it

A record is appended whole, by one write, and nothing that was written is written again. A file that ends within a record
holds all those before: it is that of a run that goes on, or was killed. So is one whose rest is zeros, which some file
systems leave after a loss of power. A wrong checksum before that is damage, and the file is refused.

The payload is one MessagePack value of the type that is named below, compressed by zlib (RFC 1950) to at most FRAME bytes
once it is inflated; of a Snapshot it is `SNAPSHOT_OF`, then its stream as in `gradtui.file.snapshot_format`. What holds for that
file holds here too: a field left out has its default, one that a reader does not know is passed over, nothing is run,
everything is checked, and reading takes less than LIMIT of memory.

    HEAD        Head       first of all, once
    OPTIMIZER   str        its name; the first is optimizer 0
    NAMES       list[str]  of parameters; the first is 0, and what `Norms` names stands before it
    UPDATE      Step       in the order of their numbers
    NORMS       Norms      of an update before, in a run that is thinned
    FINDING     Finding    in place of one before of the same kind, parameter and place
    PRINTED     str        what the script wrote since the last such record
    ROWS        a Snapshot as in version 1 of its format
    END         End        the run is over; after it there may be findings
    SHARDS      list[str]  further names of parameters of which this process holds a part
    SNAPSHOT
    WATCH_ENDED str        why it is not watched any more: of what comes after, nothing is here
"""

from __future__ import annotations

import zlib
from struct import Struct as Layout

from msgspec import Struct

from gradtui.file.header import BrokenError
from gradtui.file.pieces import DAMAGED, TOO_LARGE
from gradtui.file.snapshot_format import FRAME
from gradtui.runs.packed_updates import Norms, Scalars

HEAD, OPTIMIZER, NAMES, UPDATE, NORMS, FINDING, PRINTED, ROWS, END, SHARDS, SNAPSHOT, WATCH_ENDED = range(1, 13)

HEADER = Layout(">BIII")
CHECKED = 9
"""Bytes of it that `check` is of."""
SNAPSHOT_OF = Layout(">Q")
"""The number of the update."""
MOST_OF_A_SNAPSHOT = 128 * 2**20
LEVEL = 1
"""Of compression: it is done between two steps of a training."""


class Head(Struct, frozen=True):
    what: str = ""
    arguments: tuple[str, ...] = ()
    rank: int | None = None
    ranks: int | None = None
    started: float | None = None


class Step(Struct, frozen=True, array_like=True, gc=False):
    """An update, with those of its parameters that are known at once."""

    scalars: Scalars
    norms: Norms | None = None


class End(Struct, frozen=True):
    exit: int | None = None


def record(kind: int, payload: bytes) -> bytes:
    header = HEADER.pack(kind, len(payload), zlib.crc32(payload), 0)[:CHECKED]
    return header + zlib.crc32(header).to_bytes(4, "big") + payload


def deflated(payload: bytes) -> bytes:
    """Raises BrokenError for more than a record may hold."""
    if len(payload) > FRAME:
        raise BrokenError(TOO_LARGE)
    return zlib.compress(payload, LEVEL)


def inflated(payload: bytes) -> bytes:
    """Raises BrokenError for what is no such stream, or inflates to more than a record may hold."""
    inflating = zlib.decompressobj()
    try:
        found = inflating.decompress(payload, FRAME)
    except zlib.error:
        raise BrokenError(f"{DAMAGED}: its checksum is wrong") from None
    if inflating.unconsumed_tail:
        raise BrokenError(TOO_LARGE)
    if not inflating.eof or inflating.unused_data:
        raise BrokenError(f"{DAMAGED}: a record is not what it says")
    return found
