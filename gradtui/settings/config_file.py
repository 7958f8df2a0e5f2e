"""`config.toml`: where it is, what stands in it, and on which line."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

VARIABLE = "GRADTUI_CONFIG"
"""Names another file; an empty one names none."""
LARGEST = 1_000_000
"""Bytes of a file that is read."""

TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
KEY = re.compile(r"\s*([^=#\[\]]+?)\s*=")


class UnreadableError(ValueError):
    """Why a file cannot be read, in a sentence with its line."""


def path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """In the platform's folder of settings, or where the environment says; None for no file at all."""
    if VARIABLE in environ:
        return Path(environ[VARIABLE]).expanduser() if environ[VARIABLE] else None
    import platformdirs

    return Path(platformdirs.user_config_dir("gradtui", appauthor=False)) / "config.toml"


def read(file: Path) -> dict[str, Any]:
    """What stands there, numbers with a point as they are written; nothing where there is no file. Raises UnreadableError."""
    try:
        if not file.exists():
            return {}
        if file.stat().st_size > LARGEST:
            raise UnreadableError(f"{file} has more than {LARGEST:,} bytes: it is not read")
        text = file.read_bytes().decode()
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror}") from None
    except UnicodeError:
        raise UnreadableError(f"{file} is no text in UTF-8") from None
    import tomllib

    try:
        return tomllib.loads(text, parse_float=str)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableError(f"{file} cannot be read: {error}") from None


def line_of(file: Path, *names: str) -> int | None:
    """The line on which an entry begins, the first 1; None where that is not known."""
    import tomllib

    wanted = ".".join(names)
    table = ""
    with suppress(OSError, UnicodeError):
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            heading = TABLE.match(text)
            key = KEY.match(text)
            if heading is not None:
                table = f"{_dotted(heading[1], tomllib.loads)}."
                if wanted == table[:-1]:
                    return number
            elif key is not None and wanted == table + _dotted(key[1], tomllib.loads):
                return number
    return None


def _dotted(key: str, loads: Any) -> str:
    """`"a".b` -> `a.b`, as TOML reads a key; the text itself where it is none."""
    try:
        read: Any = loads(f"{key} = 0")
    except ValueError:
        return key
    names = []
    while isinstance(read, dict):
        ((name, read),) = read.items()
        names.append(name)
    return ".".join(names)


def write(file: Path, changes: Mapping[str, str | None]) -> None:
    """Put the texts of some entries there, take away those that are None; all else stays, comments too.

    Written whole or not at all; a link stays a link. Raises OSError, and UnreadableError for a file that is no TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = file.resolve()
    there = file.exists()
    try:
        document = tomlkit.parse(file.read_bytes() if there else b"")
    except (TOMLKitError, UnicodeError) as error:
        raise UnreadableError(f"{file} cannot be read: {error}") from None
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_bytes(tomlkit.dumps(document).encode())
    if there:
        shutil.copymode(file, new)
    new.replace(file)
