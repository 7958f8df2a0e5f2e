"""Every text can be read, in every theme: 4.5 to 1, lines 3 to 1, measured on what is painted."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from gradtui.tui.colours import LEAST_BORDER, LEAST_TEXT
from gradtui.tui.colours import contrast as ours
from tests.tui.fakes import make_app
from tests.tui.test_colours import look, luminance
from tests.tui.training.engine import trained_app
from tests.tui.training.test_trainer import until

STATES = {
    "panes": (),
    "stepped": ("n", "n", "n"),
    "ledger": ("l",),
    "typing": ("slash", ")"),
    "help": ("question_mark",),
    "experiment": ("down", "c"),
    "plain": ("a", "j", "j"),
    "focus": ("tab", "tab", "down"),
    "focus of the graph": ("tab", "tab", "tab", "down"),
}
LINES = set("╭╮╰╯─│┏┓┗┛━┃")
FULL = {name for name, theme in BUILTIN_THEMES.items() if not theme.ansi}


def ratio(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_ours_is_that_of_wcag() -> None:
    """Black on white is 21; #777777 on white 4.48, as the standard's examples have it."""
    assert ours(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
    assert ours(Color(0x77, 0x77, 0x77), Color(255, 255, 255)) == pytest.approx(4.48, abs=0.005)


def faint(seen: list[tuple[str, Style]], marks: frozenset[str] = frozenset()) -> dict[str, float]:
    """Texts and lines that are too near to what they stand on. marks: of drawings, which need what a line needs."""
    found = {}
    for text, style in seen:
        if style.color is None or style.bgcolor is None or not text.strip():
            continue
        colours = style.color.get_truecolor(), style.bgcolor.get_truecolor(foreground=False)
        here = ratio(*colours)
        is_text = any(map(str.isalnum, text))
        if here < (LEAST_TEXT if is_text else LEAST_BORDER) and (is_text or (LINES | marks).intersection(text)):
            found[text.strip()] = round(here, 2)
    return found


@pytest.mark.parametrize("state", STATES)
async def test_what_is_painted(state: str) -> None:
    app = make_app(theme="textual-light")
    async with app.run_test(size=(100, 30)) as pilot:
        light = await look(pilot, *STATES[state])
        app.theme = "textual-dark"
        dark = await look(pilot)
    assert light != dark
    assert (faint(light), faint(dark)) == ({}, {})


PATHS = frozenset("●○┊╍·→←↑↓↗↘↖↙×+◆■□" + "".join(map(chr, range(0x2801, 0x2900))))
"""What paths, curves, points and arrows are drawn with."""


async def test_training() -> None:
    """The trail on f, f by update beside a kept run, the contour with its paths, data with their fit, and the rule's numbers."""
    data = {"x": (0.0, 1.0, 2.0, 3.0), "y": (1.0, 3.0, 5.5, 7.0)}
    app = trained_app("p = w*x + b; (p - y)^2", {"w": "0.5", "b": "0"}, "Adam(lr=0.1)", data=data)
    seen = {}
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, 0)
        for number in range(1, 4):
            await pilot.press("g")
            await until(pilot, number)
        await pilot.press("R", "escape")
        await until(pilot, 0)
        await pilot.press("g")
        await until(pilot, 1)
        for _ in range(4):
            for theme in ("textual-light", "textual-dark"):
                app.theme = theme
                seen[theme, app.board.charts.kind] = faint(await look(pilot), PATHS)
            await pilot.press("h")
            await until(pilot, 1)
    assert seen.keys() >= {("textual-light", kind) for kind in ("fit", "curve", "updates", "contour")}
    assert {state: found for state, found in seen.items() if found} == {}


async def test_every_theme() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await look(pilot, "n", "n")
        for theme in sorted(FULL):
            app.theme = theme
            assert (theme, faint(await look(pilot))) == (theme, {})
