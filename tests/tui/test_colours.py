"""Terminals of 16 colours, and NO_COLOR: all can be read, and what stands out does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.app import App
from textual.command import CommandList
from textual.pilot import Pilot

from gradtui.tui.app import GradtuiApp
from gradtui.tui.colours import theme_for
from tests.tui.fakes import make_app
from tests.tui.test_snapshots import settle

ANSI = ["ansi-dark", "ansi-light"]
VGA = [
    *((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)),
    *((85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255)),
    (255, 255, 255),
]
"""What a PC shows on a text console; its own text is the 8th on the 1st."""

SCREENS = {
    "panes": (),
    "graph in focus": ("tab", "tab"),
    "line being typed": ("slash", "end", "shift+left"),
    "value": ("x",),
    "palette": ("ctrl+p", "down"),
    "help": ("question_mark",),
    "bad input": ("slash", ")"),
    "experiment": ("n", "c"),
}


def test_a_theme_of_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """As TEXTUAL_THEME has it for every program: this one begins with its own."""
    monkeypatch.setattr(App.theme, "_default", "of-another")
    assert make_app().theme == "textual-dark"


def segments(app: GradtuiApp) -> Iterator[tuple[str, Style]]:
    """What is seen, and how."""
    for strip in app.screen._compositor.render_strips():
        yield from ((text, style or Style.null()) for text, style, _ in strip)


async def look(pilot: Pilot[Any], *keys: str) -> list[tuple[str, Style]]:
    await settle(pilot)
    await pilot.press(*keys)
    await settle(pilot)
    assert isinstance(pilot.app, GradtuiApp)
    return list(segments(pilot.app))


def reversed_text(seen: list[tuple[str, Style]]) -> str:
    return "".join(text for text, style in seen if style.reverse)


@pytest.mark.parametrize("name", SCREENS)
async def test_no_colour_at_all(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(theme=ANSI[0])
    async with app.run_test(size=(100, 30)) as pilot:
        await look(pilot, *SCREENS[name])
        for theme in ANSI:
            app.theme = theme
            for _, style in await look(pilot):
                assert style.color is None or style.color.is_default
                assert style.bgcolor is None or style.bgcolor.is_default


@pytest.mark.long
@pytest.mark.parametrize("theme", ANSI)
async def test_what_stands_out_by_its_background(monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(theme=theme)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.set_focus(app.picture.graph)
        assert "PowBackward0" in reversed_text(await look(pilot, "down", "down"))
        assert "+" in reversed_text(await look(pilot, "slash", "end", "left", "left", "left")), "the cursor"
        value = reversed_text(await look(pilot, "escape", "x"))
        assert value.count("4.0") == 2, "the active variable, and what is selected in the line where it is typed"
        palette = await look(pilot, "escape", "ctrl+p", "down", "down")
        assert app.screen.query_one(CommandList).highlighted == 2
        chosen = app.screen.query_one(CommandList).options[2].prompt
        assert str(chosen).partition("\n")[0] in reversed_text(palette)
        track = [style for text, style in palette if text == "  " and not style.reverse]
        assert track, "the bar along the palette is not all thumb"


@pytest.mark.parametrize("value", ["", None])
async def test_no_color_that_is_empty(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", value)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        seen = [style.color.triplet for _, style in await look(pilot) if style.color and style.color.triplet]
        assert any(len({*triplet}) > 1 for triplet in seen), "all grey"


def test_the_theme_to_begin_with() -> None:
    assert theme_for("truecolor", no_color=False) is None
    assert theme_for("256", no_color=False) is None
    for few in (theme_for("standard", no_color=False), theme_for("truecolor", no_color=True)):
        assert few is not None
        assert few.ansi


@pytest.mark.parametrize("name", SCREENS)
async def test_sixteen_colours_are_readable(name: str) -> None:
    """On a text console, in the theme that it begins with; the lines around panes and palette may fade."""
    theme = theme_for("standard", no_color=False)
    assert theme is not None
    app = make_app(theme=theme.name)
    async with app.run_test(size=(100, 30)) as pilot:
        seen = await look(pilot, *SCREENS[name])
        texts = [(text, style) for text, style in seen if any(map(str.isalnum, text))]
        dull = {text: contrast(style) for text, style in texts if contrast(style) < 4.5}
        assert dull == {}


async def test_sixteen_colours_differ() -> None:
    """f, f', the tangent and what is wrong: in the colours of other themes two of them are the same grey."""
    theme = theme_for("standard", no_color=False)
    assert theme is not None
    app = make_app(theme=theme.name)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        styles = [
            app.picture.chart.get_component_rich_style(f"chart--{role}")
            for role in ("f", "derivative", "tangent", "trouble")
        ]
        assert len({shown(style)[0] for style in styles}) == len(styles)


def shown(style: Style) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Text and background as the console has them."""
    colours = []
    for colour, usual in ((style.color, VGA[7]), (style.bgcolor, VGA[0])):
        number = None if colour is None or colour.is_default else colour.downgrade(ColorSystem.STANDARD).number
        colours.append(usual if number is None else VGA[number])
    text, ground = reversed(colours) if style.reverse else colours
    return text, ground


def contrast(style: Style) -> float:
    """As WCAG 2 has it."""
    high, low = sorted(map(luminance, shown(style)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[int, int, int]) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
