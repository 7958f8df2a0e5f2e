"""The keys that work now, as many as fit whole: half a key tells nothing."""

from __future__ import annotations

from itertools import chain

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterLabel

ALWAYS = ("help", "quit", "line.help", "app.explain")
"""Actions that are never left out, beside the palette."""


class KeyFooter(Footer):
    """A Footer that leaves out what would be cut at its right end; the help has all keys."""

    def compose(self) -> ComposeResult:
        self.mutate_reactive(Footer.compact)  # only then does Textual let go of the keys that it showed before
        yield from super().compose()

    async def recompose(self) -> None:
        await super().recompose()
        self.call_after_refresh(self._leave_out)

    def on_resize(self) -> None:
        self.call_after_refresh(self._leave_out)

    def _leave_out(self) -> None:
        """From the end on what does not fit, but never the ways to help, to every action and out."""
        room = self.size.width - 1
        units: list[list[Widget]] = []
        for key in self.children:
            if isinstance(key, FooterLabel) and units:
                units[-1].append(key)  # of the keys before it
            else:
                units.append([key])
        always = [unit for unit in units if _is_kept(unit[0])]
        room -= sum(map(_cells, chain(*always)))
        for unit in units:
            if unit not in always:
                room -= sum(map(_cells, unit))
                for key in unit:
                    key.display = room >= 0
                room = room if room >= 0 else -1


def _is_kept(key: Widget) -> bool:
    return key.has_class("-command-palette") or getattr(key, "action", "") in ALWAYS


def _cells(key: Widget) -> int:
    """What it takes in the line, also while it is left out."""
    return key.get_content_width(key.app.size, key.app.size) + key.styles.gutter.width + key.styles.margin.width
