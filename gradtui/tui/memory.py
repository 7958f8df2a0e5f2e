"""What is remembered from one time to the next: theme, vocabulary and the functions that were typed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

MOST = 200
"""Functions that are kept."""
LARGEST = 1_000_000
"""Bytes of a file that is read."""


class Remembered(Struct):
    """theme: Textual's name of one. plain: whether nodes have plain names. history: functions, the oldest first."""

    theme: str | None = None
    plain: bool = False
    history: list[str] = []


class Memory:
    """A file under the platform's folders. One that cannot be read or written is no fault: then nothing is remembered."""

    def __init__(self, path: Path | None = None) -> None:
        """path: elsewhere than where the platform keeps a program's state."""
        self._path = path
        self.known = Remembered()

    @property
    def path(self) -> Path:
        if self._path is None:
            import platformdirs

            self._path = Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / "remembered.json"
        return self._path

    def load(self) -> Remembered:
        with suppress(OSError, RuntimeError, msgspec.MsgspecError, UnicodeError, ValueError):
            if self.path.stat().st_size <= LARGEST:
                self.known = msgspec.json.decode(self.path.read_bytes(), type=Remembered)
        return self.known

    def save(self, theme: str | None, plain: bool, history: list[str]) -> None:
        """Written whole or not at all; two programs at once leave what the last of them knew."""
        known = Remembered(theme, plain, history[-MOST:])
        if known == self.known:
            return
        with suppress(OSError, RuntimeError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(known))
            new.replace(self.path)
            self.known = known
