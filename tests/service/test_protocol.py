from __future__ import annotations

import contextlib
import io
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.service.protocol import LIMIT, ProtocolError, Ready, frame, payload_length, read, write
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Problem, Request, Snapshot, Values


def test_round_trip() -> None:
    request = Request(
        id=7,
        expression="sum(x^2) · é\x1b",
        at={"x": (1.0, -math.inf), "y": 2.5},
        dtype="float64",
        curve=CurveRequest("y", (-1.0, 1.0)),
        names=("Volt",),
    )
    pipe = io.BytesIO()
    write(pipe, request)
    write(pipe, Ready("torch"))
    pipe.seek(0)
    assert read(pipe, Request) == request
    assert read(pipe, Ready) == Ready("torch")
    assert read(pipe, Request) is None


def test_non_finite_numbers_survive() -> None:
    pipe = io.BytesIO(frame(Snapshot(1, "x", value=Values((3,), (math.nan, math.inf, -math.inf)))))
    snapshot = read(pipe, Snapshot)
    assert snapshot is not None
    assert snapshot.value is not None
    assert math.isnan(snapshot.value.numbers[0])
    assert snapshot.value.numbers[1:] == (math.inf, -math.inf)


def test_a_frame_by_hand() -> None:
    """What someone who reads the documentation would write: four bytes, big-endian, and a MessagePack map."""
    payload = b"\x82\xa2id\x05\xaaexpression\xa1x"
    assert read(io.BytesIO(struct.pack(">I", len(payload)) + payload), Request) == Request(id=5, expression="x")


@pytest.mark.parametrize(
    "printed", [b"hello", b"\n\n\n\n", b"    ", b"\t\t\t\t", b"Trac", b"\x1b[31m", b"\xff\xff\xff\xff"]
)
def test_printed_text_is_no_length(printed: bytes) -> None:
    with pytest.raises(ProtocolError):
        payload_length(printed[:4])


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\5abc", b"\0\0\0\0", b"\0\0\0\1\xc1", frame(Problem("crash", "no"))])
def test_broken_frames(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(io.BytesIO(data), Request)


def test_what_cannot_be_sent() -> None:
    with pytest.raises(ProtocolError):
        frame(Request(id=1, expression="\ud800"))
    with pytest.raises(ProtocolError):
        frame(Request(id=1, expression="x" * (LIMIT + 1)))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(payload: bytes) -> None:
    """Whatever comes is a Request or a ProtocolError."""
    with contextlib.suppress(ProtocolError):
        read(io.BytesIO(struct.pack(">I", len(payload)) + payload), Request)
