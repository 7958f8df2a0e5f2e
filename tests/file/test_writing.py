"""A file is written whole or not at all, also where its writer is killed; and nothing is left beside it."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui.file import writing
from gradtui.file.writing import replacing

posix = pytest.mark.skipif(os.name != "posix", reason="signals and permissions are others there")
WRITER = """
import sys
from gradtui.file import writing
if sys.argv[2] == "named":
    writing._unnamed = lambda folder: None
with writing.replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["without a name", "named"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """How the file comes into being: as this system can, and as all can."""
    if request.param == "named":
        monkeypatch.setattr(writing, "_unnamed", lambda folder: None)
    elif (file := writing._unnamed(tmp_path)) is None:
        pytest.skip("every file has a name here")
    else:
        file.close()
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "run.gradtui").write_bytes(b"before")
    return tmp_path / "run.gradtui"


def write(path: Path, what: bytes = b"after") -> None:
    with replacing(path) as file:
        file.write(what)


def writer(path: Path, way: str) -> subprocess.Popen[bytes]:
    """A process in the middle of writing."""
    command = [sys.executable, "-c", WRITER, str(path), way]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process: subprocess.Popen[bytes], by: signal.Signals | None = None) -> int:
    if by is not None:
        process.send_signal(by)
    process.communicate()
    return process.returncode


def others(path: Path) -> list[str]:
    """What else is in its folder."""
    return sorted(found.name for found in path.parent.iterdir() if found != path)


def test_it_takes_the_place_at_the_end(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert others(path) == []
    write(path.with_name("new"))
    assert others(path) == ["new"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(kind: type[BaseException], path: Path) -> None:
    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise kind

    with pytest.raises(kind):
        fail()
    assert path.read_bytes() == b"before"
    assert others(path) == []


@pytest.mark.child
@posix
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_a_killed_writer_leaves_the_file(by: signal.Signals, path: Path, way: str) -> None:
    """And nothing beside it; where it had to have a name, nothing that stays."""
    assert end(writer(path, way), by) != 0
    assert path.read_bytes() == b"before"
    if way != "named":
        assert others(path) == []
    write(path)
    assert path.read_bytes() == b"after"
    assert others(path) == []


@pytest.mark.child
def test_what_others_are_writing_stays(path: Path, way: str) -> None:
    process = writer(path, way)
    write(path)
    with replacing(path) as file:
        write(path, b"between")
        file.write(b"last but one")
    assert path.read_bytes() == b"last but one"
    assert end(process) == 0
    assert path.read_bytes() == b"half"
    assert others(path) == []


def test_what_is_not_ours_stays(path: Path) -> None:
    """Files whose names are nearly those of our own."""
    hexadecimal = "0123456789abcdef"
    names = [
        "run.gradtui.part",
        "run.gradtui.1.part",
        f"run.gradtui.{hexadecimal}.part.txt",
        f"other.{hexadecimal}.part",
    ]
    for name in names:
        path.with_name(name).touch()
    path.with_name(f"run.gradtui.{hexadecimal}.part").mkdir()
    write(path)
    assert others(path) == sorted([*names, f"run.gradtui.{hexadecimal}.part"])


def test_it_is_on_the_disk_before_it_takes_the_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def settle(file: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file"
        done.append(f"{kind} of {os.fstat(file).st_size}" if kind == "file" else kind)
        fsync(file)

    def take_the_place(one: Path, other: Path) -> None:
        done.append("replace")
        replace(one, other)

    monkeypatch.setattr(os, "fsync", settle)
    monkeypatch.setattr(os, "replace", take_the_place)
    write(path)
    assert done == ["file of 5", "replace", *(["folder"] if os.name == "posix" else [])]


def test_a_disk_that_fails_at_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write(path)
    assert path.read_bytes() == b"before"
    assert others(path) == []


def test_a_file_system_that_makes_certain_of_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(file: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", cannot)
    write(path)
    assert path.read_bytes() == b"after"


@posix
def test_permissions_stay(path: Path) -> None:
    path.chmod(0o600)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = os.umask(0o027)
    try:
        write(path.with_name("new"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.with_name("new").stat().st_mode) == 0o640


@posix
def test_a_link_stays_a_link(path: Path) -> None:
    path.with_name("link").symlink_to(path)
    write(path.with_name("link"))
    assert path.with_name("link").is_symlink()
    assert path.read_bytes() == b"after"


@pytest.mark.child
@posix
def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    write(tmp_path / "pipe")
    assert reading.communicate()[0] == b"after"
    assert [found.name for found in tmp_path.iterdir()] == ["pipe"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "no" / "run.gradtui")
