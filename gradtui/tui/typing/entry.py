"""What every line that one types into has: its name before it, and behind it what there is to say of what is typed."""

from __future__ import annotations

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from gradtui.snapshot.visible import visible
from gradtui.tui.typing.line_input import LineInput


class Entry(Horizontal):
    """A name, a LineInput and a sentence, in this order."""

    def ask(self, text: str) -> None:
        """With `text` there and selected, to be replaced or mended."""
        line = self.query_one(LineInput)
        line.value = text
        self.screen.set_focus(line)  # at once, as for the expression

    def typed(self, text: str) -> None:
        """What is said as long as one types: nothing."""
        self.say("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.typed(event.value)

    def say(self, sentence: str) -> None:
        said = self.query(Static).last()
        said.update(Content(visible(sentence)))
        said.set_class(not sentence, "-silent")

    def refuse(self, sentence: str) -> None:
        """The line stays, to be mended."""
        self.say(sentence)
        self.query_one(LineInput).decided()
