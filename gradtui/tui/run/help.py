"""All keys of the screen on a run, and what its words and signs mean."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.keys import format_key
from textual.widgets import Static

from gradtui.tui.dialogs.overlay import KeysHelp, entry, glossary, heading
from gradtui.tui.run.keys import GLOSSARY


class HelpScreen(KeysHelp):
    def told(self) -> ComposeResult:
        yield Static(heading("keys"))
        for key in self.keys:
            yield from entry(shown(key), key.tooltip)
        yield from glossary(GLOSSARY)


def shown(binding: Binding) -> str:
    """The first key of it, as the footer writes it."""
    modifiers, key = Binding(binding.key.partition(",")[0], "").parse_key()
    return binding.key_display or f"{'^' if 'ctrl' in modifiers else ''}{format_key(key)}"
