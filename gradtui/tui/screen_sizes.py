"""Sizes of the screen, in cells, and for what there is room from each on."""

from __future__ import annotations

from textual.events import Hide
from textual.widget import Widget

WIDTHS = [(0, "-no-width"), (40, "-narrow"), (64, "-medium"), (100, "-wide")]
HEIGHTS = [(0, "-no-height"), (10, "-flat"), (18, "-low"), (30, "-tall")]
"""Classes of the screen, by which the stylesheets give room."""

NO_ROOM = (WIDTHS[0][1], HEIGHTS[0][1])
TOO_SMALL = "too small:\n40 x 10 at least"
"""The classes of a screen without room for either, on which nothing is shown but this."""

ONE_BELOW = (64, 18)
"""Columns and rows below which the panes are shown one at a time, as tabs."""


class KeepsFocus(Widget):
    """Has the keys also while nothing can be shown. Textual takes them from what is hidden: what is typed would be commands,
    and a line would be left open for good."""

    def _on_hide(self, event: Hide) -> None:
        if any(map(self.screen.has_class, NO_ROOM)):
            event.prevent_default()
