"""What is kept from one time to the next: the functions that were typed, and the settings that were changed on the screen."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gradtui.settings import config_file
from gradtui.settings.read_settings import Settings, read

MOST = 200
"""Functions that are kept."""
LARGEST = 1_000_000
"""Bytes of a file that is read."""


class Remembered(Struct):
    """history: functions, the oldest first."""

    history: list[str] = []


class Memory:
    """Settings are kept where a person keeps them, in `config.toml`; functions beside it, in the platform's folder of states.
    What cannot be read or written is no fault: then nothing is remembered."""

    def __init__(self, path: Path | None = None, settings: Settings | None = None) -> None:
        """path: of the functions, elsewhere than where the platform keeps a program's state. settings: that were read already."""
        self._path = path
        self.known = Remembered()
        self.settings = read() if settings is None else settings

    @property
    def path(self) -> Path:
        if self._path is None:
            import platformdirs

            self._path = Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / "remembered.json"
        return self._path

    def load(self) -> list[str]:
        """The functions, the oldest first."""
        with suppress(OSError, RuntimeError, msgspec.MsgspecError, UnicodeError, ValueError):
            if self.path.is_file() and self.path.stat().st_size <= LARGEST:
                self.known = msgspec.json.decode(self.path.read_bytes(), type=Remembered)
        return self.known.history

    def save(self, history: list[str], before: dict[str, str], now: dict[str, str]) -> None:
        """before, now: settings when the screen came, and as they are; those that have changed are written, and hold for the
        next screen of this program too.

        Each file is written whole or not at all; two programs at once leave what the last of them knew.
        """
        changes = {name: value for name, value in now.items() if value != before[name]}
        self.settings = replace(self.settings, values=self.settings.values | changes)
        with suppress(OSError, RuntimeError, config_file.UnreadableError):
            if changes and self.settings.file is not None:
                config_file.write(self.settings.file, changes)
        known = Remembered(history[-MOST:])
        if known == self.known:
            return
        with suppress(OSError, RuntimeError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(known))
            new.replace(self.path)
            self.known = known
