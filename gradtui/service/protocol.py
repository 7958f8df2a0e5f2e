"""What the evaluation service speaks on its pipes: length-prefixed MessagePack.

    frame   = length payload
    length  = 4 bytes, unsigned, big-endian: the bytes of the payload, at most LIMIT
    payload = one MessagePack map

    python -m gradtui.service               evaluates with torch
    python -m gradtui.service --calculus    differentiates with sympy

The child first writes one Ready: it can answer now, or, where `problem` is set, it cannot and ends. Then, for each
Request on its standard input, it writes exactly one Snapshot with the same `id` on its standard output, in order. It
ends at the end of its input. The torch worker leaves `derivative` and `truth` out; the calculus worker fills in these and
nothing else. The maps have the fields of the classes in gradtui.snapshot.model, by name; a field left out has its
default. The first frames of a torch worker:

    <- {"worker": "torch", "protocol": 1, "problem": null}
    -> {"id": 1, "expression": "x^2 + 3x + 1", "at": {"x": 4.0}}
    <- {"id": 1, "expression": "x^2 + 3x + 1", "value": {"shape": [], "numbers": [29.0], "summary": null}, ...}

What else the child prints goes to its standard error.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import Any, BinaryIO, Literal, TypeVar

from msgspec import DecodeError, Struct, convert, msgpack, to_builtins

from gradtui.snapshot.exception_text import unbroken
from gradtui.snapshot.model import Problem

VERSION = 1
LIMIT = 128 * 2**20
"""Bytes in a payload. Four bytes of printed text, read as a length, are always more: a stray print is seen at once."""

HEADER = Layout(">I")

T = TypeVar("T")


class Ready(Struct, frozen=True):
    """The first frame from a child. `problem` says why it cannot answer: torch is missing, say."""

    worker: Literal["torch", "calculus"]
    protocol: int = VERSION
    problem: Problem | None = None


class ProtocolError(Exception):
    """Bytes that are not a frame, or a frame that is not what should come."""


class BrokenTextError(ProtocolError):
    """A text that holds half of a character, which no bytes stand for."""


def whole(message: T) -> T:
    """The same with all its texts in whole characters."""
    return convert(_whole(to_builtins(message)), type(message))


def _whole(data: Any) -> Any:
    if isinstance(data, str):
        return unbroken(data)
    if isinstance(data, list | tuple):
        return [_whole(item) for item in data]
    if isinstance(data, dict):
        return {_whole(key): _whole(value) for key, value in data.items()}
    return data


def frame(message: Struct) -> bytes:
    """The bytes of one frame. Raises ProtocolError for what cannot be sent: broken Unicode, or too much."""
    try:
        payload = msgpack.encode(message)
    except UnicodeEncodeError as error:
        raise BrokenTextError("the text holds half of a character") from error
    if len(payload) > LIMIT:
        raise ProtocolError(f"a message of {len(payload):,} bytes is more than {LIMIT:,}")
    return HEADER.pack(len(payload)) + payload


def payload_length(header: bytes) -> int:
    """The length that four bytes announce. Raises ProtocolError where no frame is that long."""
    length: int = HEADER.unpack(header)[0]
    if length > LIMIT:
        raise ProtocolError(f"not a frame: it starts with {header!r}")
    return length


def message(payload: bytes, kind: type[T]) -> T:
    """The payload as a `kind`. Raises ProtocolError where it is none."""
    try:
        return msgpack.decode(payload, type=kind)
    except (DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ProtocolError(f"not a {kind.__name__}: {error}") from error


def read(stream: BinaryIO, kind: type[T]) -> T | None:
    """The next message of a blocking stream; None at its end. Raises ProtocolError, also for an end in a frame."""
    header = stream.read(HEADER.size)
    if not header:
        return None
    if len(header) == HEADER.size:
        length = payload_length(header)
        payload = stream.read(length)
        if len(payload) == length:
            return message(payload, kind)
    raise ProtocolError("the stream ended within a frame")


def write(stream: BinaryIO, what: Struct) -> None:
    stream.write(frame(what))
    stream.flush()
