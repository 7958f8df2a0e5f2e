"""Sizes of the screen, in cells, and for what there is room from each on."""

from __future__ import annotations

WIDTHS = [(0, "-no-width"), (40, "-narrow"), (64, "-medium"), (100, "-wide")]
HEIGHTS = [(0, "-no-height"), (10, "-flat"), (18, "-low"), (30, "-tall")]
"""Classes of the screen, by which the stylesheets give room."""

NO_ROOM = (WIDTHS[0][1], HEIGHTS[0][1])
TOO_SMALL = "too small:\n40 x 10 at least"
"""The classes of a screen without room for either, on which nothing is shown but this."""

ONE_BELOW = (64, 18)
"""Columns and rows below which the panes are shown one at a time, as tabs."""
