"""A file that is written from the screen: the line in which its name is typed, the writing, and what came of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static

from gradtui.snapshot.visible import visible
from gradtui.tui.typing.entry import Entry
from gradtui.tui.typing.line_input import LineInput


class FileInput(LineInput):
    """Holds the name while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "write", id="file.accept", tooltip="Write the file; its ending says in which form"),
        Binding("escape", "leave", "leave", id="file.leave", tooltip="Write nothing"),
    ]

    def action_leave(self) -> None:
        self.post_message(FileEntry.Left(None))


class FileEntry(Entry):
    """Posts `Left` with the name, or with None where nothing is to be written.

    A file that is there, and was not written from here, is only written over where enter is pressed once more.
    """

    class Left(Message):
        def __init__(self, path: str | None) -> None:
            super().__init__()
            self.path = path

    def __init__(self, suffixes: Sequence[str] = (), *, id: str) -> None:
        """suffixes: of what can be written; those of a Snapshot, unless others are named."""
        super().__init__(id=id)
        self._suffixes = suffixes
        self._asked = ""
        self._agreed: set[str] = set()

    def compose(self) -> ComposeResult:
        yield Static("write to ", id="file-name")
        yield FileInput(compact=True, id="file-text")
        yield Static(id="file-said")

    def open(self, path: str) -> None:
        """Ask, with a name there that can be mended."""
        self.ask(path)
        self.typed(path)
        self.query_one(FileInput).cursor_position = 0

    def typed(self, text: str) -> None:
        self._asked = ""
        self.say(f"enter writes it · {' '.join(self._suffixes or _forms())}")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        path = event.value.strip()
        if not path:
            self.refuse("a name is wanted")
        elif path not in {*self._agreed, self._asked} and os.path.isfile(os.path.expanduser(path)):
            self._asked = path
            self.refuse(f"{path} is there already: enter once more writes over it")
        else:
            self._agreed.add(path)
            self.post_message(self.Left(path))


def _forms() -> tuple[str, ...]:
    from gradtui.report.export import SUFFIXES  # not wanted before the first paint

    return SUFFIXES


async def write(export: Callable[[str], None], path: str) -> str:
    """Write a file, in a thread; what is wrong, in a sentence, or nothing. export: takes the path."""
    from gradtui.report.export import ExportError  # not wanted before the first paint

    try:
        await asyncio.to_thread(export, os.path.expanduser(path))
    except ExportError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def written(path: str) -> str:
    """What is said of a file that is there now."""
    return f"written: {visible(os.path.abspath(os.path.expanduser(path)))}"
