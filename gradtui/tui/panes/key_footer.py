"""The keys that work now, as many as fit whole: half a key tells nothing."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer


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
        docked = [key for key in self.children if key.has_class("-command-palette") and key.display]
        room = min((key.virtual_region.x for key in docked), default=self.size.width)
        for key in self.children:
            key.visible = key in docked or key.virtual_region.right <= room
