"""The line in which one types what to search in the graph, with the number of nodes that fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from gradtui.tui.typing.entry import Entry
from gradtui.tui.typing.line_input import LineInput


class SearchInput(LineInput):
    """Holds the text while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "leave", "done", id="search.leave", tooltip="Back to the graph"),
    ]

    def action_leave(self) -> None:
        self.post_message(SearchEntry.Left())


class SearchEntry(Entry):
    """Posts `Typed` with each change, and `Left` when one has done."""

    class Typed(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Back to the graph."""

    def __init__(self, keys: Mapping[str, str], *, id: str | None = None) -> None:
        """keys: how those of the actions are called."""
        super().__init__(id=id)
        self.next, self.previous = keys["search.next"], keys["search.previous"]

    def compose(self) -> ComposeResult:
        yield Static("search ", id="search-name")
        yield SearchInput(compact=True, id="search-text")
        yield Static(id="search-count")

    def open(self, text: str) -> None:
        """Ask, with the text of the last search there and selected."""
        self.ask(text)

    def typed(self, text: str) -> None:
        self.post_message(self.Typed(text))

    def tell(self, text: str, count: int) -> None:
        """How many nodes fit."""
        nothing = "operation, parameter, module or source" if not text.strip() else "no node"
        fits = f"{count:,} node{'s' if count > 1 else ''} · {self.next} next · {self.previous} before"
        self.say(fits if count else nothing)
