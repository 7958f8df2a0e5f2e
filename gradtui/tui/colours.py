"""Colours for terminals that have few, and for people who want none."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES, Theme

ANSI_DARK = replace(
    BUILTIN_THEMES["ansi-dark"],
    primary="ansi_cyan",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "footer-key-foreground": "ansi_bright_magenta",
        "input-selection-background": "ansi_cyan",
    },
)
"""Textual's has blue, red, brown and magenta, which are hard to read on black: 1.6 to 4 to 1 in the colours of VGA."""

ANSI_BACKGROUND = {True: 0, False: 7}
"""What an ansi theme, dark or light, lays under what is no more than a plain background: black or white."""

PLAIN = Style.parse("default on default")
REVERSED = Style(reverse=True)


class Colourless(LineFilter):
    """Leaves colours out, for NO_COLOR in an ansi theme. What stands out by its background does so in reverse."""

    def __init__(self, dark: bool) -> None:
        super().__init__()
        self._background = ANSI_BACKGROUND[dark]

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, None if style is None else _colourless(style, self._background), control)
            for text, style, control in segments
        ]


COLOURLESS = {dark: Colourless(dark) for dark in (True, False)}


def theme_for(terminal_has: str | None, *, no_color: bool) -> Theme | None:
    """The one to begin with where none was chosen, None for Textual's own. `terminal_has`: as rich names colour systems.

    Of the colours of other themes a terminal of 16 makes greys, and not all of them can be told apart.
    """
    return ANSI_DARK if no_color or terminal_has in (None, "standard") else None


@lru_cache(1024)
def _colourless(style: Style, background: int) -> Style:
    stands_out = style.bgcolor is not None and not style.bgcolor.is_default and style.bgcolor.number != background
    return style + PLAIN + REVERSED if stands_out else style + PLAIN
