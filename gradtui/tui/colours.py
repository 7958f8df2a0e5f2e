"""The colours of all themes made readable, those for terminals that have few, and none for people who want none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES, Theme

CHART = """
        .chart--f { color: $text-primary; }
        .chart--derivative { color: $text-success; }
        .chart--second { color: $text-accent; }
        .chart--third { color: $text-secondary; }
        .chart--fourth { color: $text-error; }
        .chart--other { color: $text-secondary; }
        .chart--tangent { color: $text-warning; }
        .chart--point { color: $foreground; text-style: bold; }
        .chart--variable { color: $text-accent; }
        .chart--trouble { color: $text-error; }
        .chart--label { color: $text-muted; }
        .chart--axis, .chart--zero { color: $text-disabled; }
"""
"""Rules for what is drawn in a chart, by its role; they stand inside those of a widget."""

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

WHITE, BLACK = Color(255, 255, 255), Color(0, 0, 0)
LEAST_TEXT, LEAST_BORDER = 4.5, 3.0
"""Contrast of a text to what it stands on, and of a line, as WCAG 2 has it."""

TEXTS = (
    *("text-primary", "text-secondary", "text-accent", "text-success", "text-warning", "text-error"),
    *(
        "text-muted",
        "text-disabled",
        "foreground-muted",
        "foreground",
        "footer-key-foreground",
        "footer-description-foreground",
    ),
)
GROUNDS = ("background", "surface", "panel", "footer-background", "block-cursor-blurred-background", "primary-muted")
"""What a text may stand on: the screen, the help, the footer, the selected row, the lit piece."""
MUTED = {"text-muted": 0.72, "text-disabled": 0.65, "foreground-muted": 0.68}
"""How much of the foreground the quiet texts have."""


def readable(variables: dict[str, str], dark: bool) -> dict[str, str]:
    """The variables of a theme with its texts and lines as far from their grounds as one needs to read them.

    A theme of the terminal's own colours is left as it is: nobody knows what they are.
    """
    if variables.get("background", "ansi").startswith("ansi"):
        return variables | {"line": variables["foreground"]}
    base = Color.parse(variables["background"])
    grounds = [_over(base, variables[name]) for name in GROUNDS if name in variables]
    strong = WHITE if dark else BLACK
    foreground = _over(base, variables["foreground"])
    found = dict(variables)
    for name in TEXTS:
        if name in MUTED:
            wanted = base.blend(foreground, MUTED[name])
        elif name in variables and not variables[name].startswith("auto"):
            wanted = _over(base, variables[name])
        else:
            wanted = foreground
        if name.startswith("footer") and "footer-background" in variables:
            footer = _over(base, variables["footer-background"])
            away = max((WHITE, BLACK), key=lambda end: contrast(end, footer))
            found[name] = _until(wanted, away, [footer], LEAST_TEXT).hex
        else:
            found[name] = _until(wanted, strong, grounds, LEAST_TEXT).hex
    found["line"] = _until(base.blend(foreground, 0.35), strong, grounds[:1], LEAST_BORDER).hex
    found["border"] = _until(
        _over(base, variables.get("border", foreground.hex)), strong, grounds[:1], LEAST_BORDER
    ).hex
    return found


def contrast(one: Color, other: Color) -> float:
    """As WCAG 2 has it: 1 for the same, 21 for black on white."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def _over(base: Color, written: str) -> Color:
    """A colour as a theme writes it, perhaps with a part of transparency, on the background."""
    name, _, percent = written.partition(" ")
    colour = Color.parse(name)
    if percent:
        colour = colour.multiply_alpha(float(percent.rstrip("%")) / 100)
    return base + colour


def _until(wanted: Color, strong: Color, grounds: Sequence[Color], least: float) -> Color:
    """The colour nearest to the one wanted, on the way to black or white, that is far enough from all grounds."""
    tries = (wanted.blend(strong, step / 20) for step in range(21))
    return next((one for one in tries if min(contrast(one, ground) for ground in grounds) >= least), strong)


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
