"""The keys stay where they are while the terminal is too small to show anything."""

from __future__ import annotations

from textual.events import Hide
from textual.widget import Widget

from gradtui.tui.panes.screen_sizes import NO_ROOM


class KeepsFocus(Widget):
    """Textual takes the keys from what is hidden: what is typed would be commands, and a line would be left open for good."""

    def _on_hide(self, event: Hide) -> None:
        if any(map(self.screen.has_class, NO_ROOM)):
            event.prevent_default()
