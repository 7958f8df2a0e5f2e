"""All keys of the screen on a run, and what its words and signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.keys import format_key
from textual.screen import ModalScreen
from textual.widgets import Static

from gradtui.tui.run.keys import GLOSSARY
from gradtui.tui.textual_fixes import Sized


class HelpScreen(Sized, ModalScreen[None]):
    """Any of the keys that one would try closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter,f1", "dismiss", "close", key_display="esc"),
    ]

    def __init__(self, keys: Sequence[Binding]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content.styled("keys", "bold $text-primary"))
            for key in self._keys:
                yield from _entry(shown(key), key.tooltip)
            yield Static(Content.styled("words and signs", "bold $text-primary"), classes="heading")
            for term, means in GLOSSARY:
                yield from _entry(term, means)


def shown(binding: Binding) -> str:
    """The first key of it, as the footer writes it."""
    modifiers, key = Binding(binding.key.partition(",")[0], "").parse_key()
    return binding.key_display or f"{'^' if 'ctrl' in modifiers else ''}{format_key(key)}"


def _entry(term: str, means: str) -> ComposeResult:
    with Horizontal(classes="entry"):
        yield Static(Content.styled(term, "$text-accent"), classes="term")
        yield Static(Content(means))
