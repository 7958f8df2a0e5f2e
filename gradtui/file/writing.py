"""A file that is written whole or not at all, whatever ends the process or the power meanwhile.

It has no name while it is written, where the system can do that: a process that is killed leaves nothing behind. Elsewhere it
stands beside the other under a name of its own, and what a killed process has left so, the next one takes away.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

BESIDE = re.compile(r"\.[0-9a-f]{16}\.part")
"""What stands behind the name of a file while another is to take its place."""
OWN_FILES = "/proc/self/fd"
CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
"""What a file system says that has no way to make certain of a file."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of `path` when all went well. Links are followed, permissions stay.

    What is no plain file is written to. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as file:
            yield file
        return
    _sweep(target)
    beside = target.with_name(f"{target.name}.{secrets.token_hex(8)}.part")
    try:
        with _unnamed(target.parent) or _named(beside) as file:
            yield file
            file.flush()
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            _settle(file.fileno())
            if not beside.exists():
                _name(file.fileno(), beside)
            if os.name == "nt":
                file.close()  # it moves no file that is open
            os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _settle_folder(target.parent)


def try_folder(path: str | os.PathLike[str]) -> None:
    """Before what takes long: raises OSError where `replacing` could not even begin."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.is_file() or not target.exists():
        with tempfile.TemporaryFile(dir=target.parent):
            pass


def _unnamed(folder: Path) -> IO[bytes] | None:
    """A new file in no folder, on the file system of `folder`; None where that has none, or could not name it later."""
    if not (hasattr(os, "O_TMPFILE") and os.path.exists(OWN_FILES)):
        return None
    try:
        file = os.fdopen(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb")
    except OSError:
        return None  # what else is wrong, a file with a name tells
    _lock(file.fileno())
    return file


def _name(file: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # without a folder Python would make a link to the link
        os.link(f"{OWN_FILES}/{file}", path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _named(path: Path) -> IO[bytes]:
    while True:
        file = path.open("xb")
        if _lock(file.fileno()):
            return file
        file.close()  # swept away before it was locked


def _lock(file: int) -> bool:
    """So that no other process takes it for one that was left; whether it is still there."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return os.name == "nt" or os.fstat(file).st_nlink > 0


def _sweep(target: Path) -> None:
    """Take away what processes that were killed while they wrote to `target` have left: what no one has locked."""
    with suppress(OSError), os.scandir(target.parent) as beside:
        for found in beside:
            if found.name.startswith(target.name) and BESIDE.fullmatch(found.name, len(target.name)):
                with suppress(OSError):
                    _take_away(found.path)


def _take_away(path: str) -> None:
    if fcntl is None:
        os.unlink(path)  # Windows removes no file that is open
        return
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    finally:
        os.close(file)


def _settle(file: int) -> None:
    """Have what was written on the disk, not in a cache, before it takes the place of what is there."""
    try:
        os.fsync(file)
        if hasattr(fcntl, "F_FULLFSYNC"):
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)  # on macOS the disk has a cache too
    except OSError as error:
        if error.errno not in CANNOT:
            raise


def _settle_folder(path: Path) -> None:
    """The same of the new name, where a folder can be opened."""
    if os.name == "nt":
        return
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
