"""What is no plain file is told at once: nothing is waited for, and nothing is read for ever."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradtui.file import snapshot_format
from gradtui.file.header import MAGIC, FileError
from gradtui.file.plain_file import opened, whole
from gradtui.file.snapshot_format import load, save
from tests import examples

posix = pytest.mark.skipif(os.name != "posix", reason="no pipes, devices or sockets by name")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))  # a long path is too long for it


def folder(path: Path) -> None:
    path.mkdir()


def circle(path: Path) -> None:
    path.symlink_to(path)


NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (pipe, "it is a pipe, not a file"),
    "an endless device": (endless, "it is a device, not a file"),
    "a terminal": (terminal, "it is a device, not a file"),
    "a socket": (listening, "it is a socket, not a file"),
    "a folder": (folder, "Is a directory"),
    "a link to itself": (circle, "Too many levels of symbolic links"),
}


@posix
@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / "one"
    make, told = NO_FILES[name]
    make(path)
    for read in (opened, lambda path: whole(path, 100)):
        with pytest.raises(OSError, match=re.escape(told)) as caught:
            read(path)
        assert caught.value.filename == str(path)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.touch(mode=0)
    with pytest.raises(PermissionError):
        opened(path)


def test_a_file_that_says_nothing_of_its_size(tmp_path: Path) -> None:
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("no such files here")
    assert path.stat().st_size == 0
    assert b"VmSize" in whole(path, 10**6)
    with pytest.raises(OSError, match="more than 10 bytes"):
        whole(path, 10)


def test_no_more_than_wanted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(OSError, match="more than 1,000 bytes"):
        whole(path, 1000)
    path.write_bytes(b"x" * 1000)
    assert whole(path, 1000) == b"x" * 1000


# A .gradtui file of which there is no end


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save(examples.quadratic(), tmp_path / "run.gradtui")
    return tmp_path / "run.gradtui"


def in_time(path: Path) -> str:
    """What is said of a file, by a process of its own, for which more than a few seconds are a failure."""
    code = "import sys; from gradtui.file.snapshot_format import *\ntry: load(sys.argv[1])\nexcept FileError as e: print(e)"
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=True)
    return run.stdout


def members() -> Iterator[bytes]:
    """A file may be made of many gzip members, of which each may be empty."""
    empty = gzip.compress(b"", mtime=0)
    while True:
        yield empty * 10_000


def test_empty_members_behind_the_end(saved: Path) -> None:
    with saved.open("ab") as file:
        for _, piece in zip(range(100), members(), strict=False):
            file.write(piece)
    start = time.perf_counter()
    with pytest.raises(FileError, match="there is more in it than a snapshot"):
        load(saved)
    assert time.perf_counter() - start < 5


@pytest.mark.child
def test_nothing_but_empty_members(saved: Path) -> None:
    with saved.open("r+b") as file:
        file.seek(len(MAGIC) + 1)
        for _, piece in zip(range(100), members(), strict=False):
            file.write(piece)
    assert "damaged" in in_time(saved)


@pytest.mark.child
def test_zeros_behind_the_end(saved: Path) -> None:
    """gzip reads over them, a byte at a time."""
    os.truncate(saved, 2**38)
    assert "there is more in it than a snapshot" in in_time(saved)


def test_a_stream_that_holds_nothing(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of no bytes, again and again: there is always something to be read, and never anything in it."""
    monkeypatch.setattr(snapshot_format, "WHOLE", 2**20)
    header, block = gzip.compress(b"", mtime=0)[:10], b"\x00\x00\x00\xff\xff"
    with saved.open("r+b") as file:
        file.seek(len(MAGIC) + 1)
        file.write(header + block * 10**6)
    with pytest.raises(FileError, match="there is more in it than a snapshot"):
        load(saved)


def test_very_many_frames(saved: Path) -> None:
    """Each of one byte, and no memory at all."""
    stream = snapshot_format.LENGTH.pack(1) + b"\x80"
    head = snapshot_format.LENGTH.pack(18) + b"\x82\xa2id\x01\xaaexpression\xa1x"
    saved.write_bytes(MAGIC + b"\x01" + gzip.compress(head + stream * 200_000, 1))
    with pytest.raises(FileError, match=r"more in it than a \.gradtui file may hold"):
        load(saved)
