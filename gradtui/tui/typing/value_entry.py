"""The line in which a value is typed: `x = ` and, where it is no value, the sentence that says so."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from gradtui.expression.point import Point, PointError, read_assigned
from gradtui.snapshot.visible import visible
from gradtui.tui.typing.entry import Entry
from gradtui.tui.typing.line_input import LineInput


class ValueInput(LineInput):
    """Holds one value while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "set the value", id="value.accept", tooltip="Go to this value"),
        Binding("escape", "leave", "leave", id="value.leave", tooltip="Leave the value as it was"),
    ]

    def joined(self, text: str) -> str:
        """Lines are the elements of a vector, as a column of a table is copied."""
        return ", ".join(filter(None, (line.strip(" \t,;") for line in text.splitlines())))

    def action_leave(self) -> None:
        self.post_message(ValueEntry.Left(None))


class ValueEntry(Entry):
    """Posts `Left` with what was typed, or with None where it was given up. A bad value stays to be mended."""

    class Left(Message):
        def __init__(self, points: dict[str, Point] | None) -> None:
            super().__init__()
            self.points = points

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._variable = ""
        self._variables: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="value-name")
        yield ValueInput(compact=True, id="value", classes="-value")
        yield Static(id="value-problem")

    def open(self, name: str, text: str, variables: tuple[str, ...]) -> None:
        """Ask for a value of `name`, with `text` there and selected, to be replaced or mended."""
        self._variable, self._variables = name, variables
        self.query_one("#value-name", Static).update(Content(visible(f"{name} = ")))
        self.ask(text)
        self.say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(event.value)

    def finish(self) -> None:
        """One goes on: the value counts where it is one."""
        if not self._take(self.query_one(ValueInput).value):
            self.post_message(self.Left(None))

    def _take(self, text: str) -> bool:
        """Whether `text` is a value."""
        try:
            points = read_assigned(text, self._variables, self._variable)
        except PointError as error:
            self.refuse(str(error))
            return False
        self.post_message(self.Left(points))
        return True
