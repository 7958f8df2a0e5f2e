"""The lines of a batch, in whatever way they were written down."""

from __future__ import annotations

import codecs
import io
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.command.stream_lines import LONGEST_LINE, lines_of
from tests.command.here import run

TEXT = "x^2\nπ·x + 😀\n\n{}\n"


def read(raw: bytes) -> list[bytes]:
    return list(lines_of(io.BufferedReader(io.BytesIO(raw))))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-be"])
def test_every_encoding(encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding.endswith("be") else ""
    raw = (mark + TEXT.replace("\n", end)).encode(encoding)
    assert read(raw) == TEXT.encode().split(b"\n")[:-1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_last_line_without_an_end(encoding: str) -> None:
    assert read("x\ny".encode(encoding)) == [b"x", b"y"]
    assert read("x".encode(encoding)) == [b"x"]


def test_files_that_were_joined() -> None:
    assert read("x\n".encode("utf-8-sig") * 2) == [b"x", b"x"]


@pytest.mark.parametrize("raw", [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\xff", b"\x00"])
def test_next_to_nothing(raw: bytes) -> None:
    assert len(read(raw)) == (1 if raw else 0)


def test_half_a_character_at_the_end() -> None:
    (line,) = read("x^2".encode("utf-16") + b"\n")
    assert line.decode() == "x^2\ufffd"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_line_that_is_too_long_is_cut(encoding: str) -> None:
    lines = read(f"{'x' * 3 * LONGEST_LINE}\ny\n{'z' * LONGEST_LINE}\n".encode(encoding))
    assert [len(line) > LONGEST_LINE for line in lines] == [True, False, False]
    assert max(map(len, lines)) <= LONGEST_LINE + 4
    assert lines[1] == b"y"


@settings(max_examples=25)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"]), max_size=20), max_size=9
    )
)
def test_what_is_written_is_read(texts: list[str]) -> None:
    texts = ["x", *texts]
    whole = "".join(f"{text}\n" for text in texts)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert read(whole.encode(encoding)) == [text.encode() for text in texts]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_line_is_read_as_soon_as_it_is_there(encoding: str) -> None:
    """Not only when the next one comes: whoever asks waits for the answer."""
    start, end = os.pipe()
    writer = codecs.getincrementalencoder(encoding)()
    os.set_blocking(start, False)
    with open(start, "rb") as stream:
        lines = lines_of(stream)
        os.write(end, writer.encode("\ufeffx\ny" if encoding == "utf-16-be" else "x\ny"))
        assert next(lines) == b"x"
        os.write(end, writer.encode("z\n"))
        assert next(lines) == b"yz"
        os.close(end)
        assert list(lines) == []


BATCHES = {
    "a mark": (b"\xef\xbb\xbfx^2\nx + 1\n", [16.0, 5.0]),
    "a mark before JSON": (b'\xef\xbb\xbf{"expression": "x^2"}\n', [16.0]),
    "UTF-16": ("\ufeffx^2\r\nx + 1\r\n".encode("utf-16-le"), [16.0, 5.0]),
    "UTF-16 without its mark": ("x^2\n".encode("utf-16-le"), [None, None]),
    "a zero byte": (b"x^2\x00\nx + 1\n", [None, 5.0]),
    "ends of an old Macintosh": (b"x^2\rx + 1\r", [None]),
    "no end": (b"x^2\nx + 1", [16.0, 5.0]),
}


@pytest.mark.parametrize("name", BATCHES)
def test_each_line_is_answered(name: str) -> None:
    """With its value or with an error; the language has no invisible characters."""
    raw, expected = BATCHES[name]
    ended = run("-", "--json", input=raw)
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [answer.get("value") for answer in answers] == expected
    assert [bool(answer.get("error")) for answer in answers] == [value is None for value in expected]
    assert (ended.exit_code, ended.stderr) == (int(None in expected), "")
