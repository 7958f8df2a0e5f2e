"""A file that a person named, opened without waiting for what is none: a pipe, a device, a folder."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """A plain file, open for reading. Raises OSError, whose `strerror` says why not.

    `read` gives None where a file of the system's own, such as /proc/kmsg, would be waited for.
    """
    return open(path, "rb", opener=_open)


def whole(path: str | os.PathLike[str], most: int) -> bytes:
    """All bytes of a plain file, if there are not more than `most`, whatever its size says. Raises OSError."""
    with opened(path) as file:
        found = file.read(most + 1) or b""
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", os.fspath(path))
    return found


def _open(path: str, flags: int) -> int:
    """What is seen to be no file is not opened; what has taken a file's place since then is not waited for."""
    _check(path, os.stat(path).st_mode)
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        _check(path, os.fstat(file).st_mode)
    except OSError:
        os.close(file)
        raise
    return file


def _check(path: str, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"it is {KINDS.get(kind, 'something else')}, not a file", path)
