"""`config.toml`: where it is, what stands in it, and on which line."""

from __future__ import annotations

import codecs
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

VARIABLE = "GRADTUI_CONFIG"
"""Names another file; an empty one, or the system's file that is always empty, names none."""
LARGEST = 1_000_000
"""Bytes of a file that is read."""

NAME = r"""((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^=#\[\]"'])+?)"""
TABLE = re.compile(rf"\s*\[\[?\s*{NAME}\s*\]")
KEY = re.compile(rf"\s*{NAME}\s*=")
BARE = re.compile(r"[A-Za-z0-9_-]+")


class UnreadableError(ValueError):
    """Why a file cannot be read, in a sentence with its line."""


def path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """In the platform's folder of settings, or where the environment says; None for no file at all. Raises UnreadableError."""
    named = environ.get(VARIABLE)
    if named in ("", os.devnull):
        return None
    try:
        if named is not None:
            return Path(named).expanduser()
        import platformdirs

        return Path(platformdirs.user_config_dir("gradtui", appauthor=False)) / "config.toml"
    except RuntimeError:
        raise UnreadableError(
            f"{named or 'config.toml'}: its home folder is not known; {VARIABLE} names a file"
        ) from None


def read(file: Path) -> dict[str, Any]:
    """What stands there, numbers with a point as they are written; nothing where there is no file. Raises UnreadableError."""
    try:
        if not file.exists():
            return {}
        if not file.is_file():  # a pipe or a device might never end
            raise UnreadableError(f"{file} is no file")
        if file.stat().st_size > LARGEST:
            raise UnreadableError(f"{file} has more than {LARGEST:,} bytes: it is not read")
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror}") from None
    except UnicodeError:
        raise UnreadableError(f"{file} is no text in UTF-8") from None
    import tomllib

    try:
        return tomllib.loads(text, parse_float=str)
    except RecursionError:
        raise UnreadableError(f"{file} cannot be read: it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{file} cannot be read: {error}") from None
    except ValueError:  # what Python itself refuses
        raise UnreadableError(f"{file} cannot be read: a number in it has too many digits") from None


def lines(file: Path) -> dict[str, int]:
    """The lines on which entries and tables begin, the first 1, by dotted names; without those whose line is not known."""
    import tomllib

    found: dict[str, int] = {}
    table: list[str] = []
    with suppress(OSError, UnicodeError):
        for number, text in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
            if heading := TABLE.match(text):
                names = table = _names(heading[1], tomllib.loads)
            elif key := KEY.match(text):
                names = table + _names(key[1], tomllib.loads)
            else:
                continue
            for length in range(1, len(names) + 1):
                found.setdefault(".".join(names[:length]), number)
    return found


def _names(key: str, loads: Any) -> list[str]:
    """`"a".b` -> a, b, as TOML reads a key; the text itself where it is none."""
    if BARE.fullmatch(key):
        return [key]
    try:
        read: Any = loads(f"{key} = 0")
    except (ValueError, RecursionError):
        return [key]
    names = []
    while isinstance(read, dict):
        ((name, read),) = read.items()
        names.append(name)
    return names


def write(file: Path, changes: Mapping[str, str | None]) -> None:
    """Put the texts of some entries there, take away those that are None; all else stays, comments too.

    Written whole or not at all; a link stays a link. Raises OSError, and UnreadableError for a file that is no TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = file.resolve()
    read(file)  # tomlkit takes some files that are none
    there, encoding = file.exists(), "utf-8"
    content = file.read_bytes() if there else b""
    if content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        document = tomlkit.parse(content.decode(encoding))
    except (TOMLKitError, RecursionError) as error:
        raise UnreadableError(f"{file} cannot be read: {error}") from None
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_bytes(tomlkit.dumps(document).encode(encoding))
    if there:
        shutil.copymode(file, new)
    new.replace(file)
