"""Makes the pictures of this folder from the running program: `python screenshots/make.py`.

Each is the app itself with its real evaluation service, driven by keys, at a size and in a theme.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from gradtui.tui.app import GradtuiApp

HERE = Path(__file__).parent
SIZES = {"120x36": (120, 36), "80x24": (80, 24)}
THEMES = {"dark": "textual-dark", "light": "textual-light"}


@dataclass(frozen=True)
class Picture:
    """A state worth showing: what is on the command line, then which keys are pressed."""

    name: str
    expression: str
    at: dict[str, str | tuple[str, ...]]
    keys: tuple[str, ...] = ()


PICTURES = (
    Picture("explorer", "x^2 + 3x + 1", {"x": "4.0"}),
    Picture("backward", "sin(x^2)*exp(-x)", {"x": "1.2"}, ("plus", "plus", "N", "p", "p", "p")),
    Picture("ledger", "sin(x^2)*exp(-x)", {"x": "1.2"}, ("plus", "plus", "N", "p", "p", "p", "l")),
    Picture("what-if", "x^2 + 3x + 1", {"x": "4.0"}, ("down", "down", "k")),
    Picture("why", "where(x > 0, sqrt(x), 0)", {"x": "0"}, ("w",)),
    Picture("variables", "(w*x + b - y)^2", {"x": "2", "w": "0.5", "b": "0", "y": "3"}),
    Picture("poles", "tan(x)", {"x": "0.5"}),
)


def complete(app: GradtuiApp) -> bool:
    """Whether the newest answer is shown, with its symbolic derivative and its curve."""
    answers = app.answers
    if answers.shown is None or app.outdated or answers.underived:
        return False
    return answers.curve is not None and all(worker.is_finished for worker in app.workers)


async def settled(pilot: Pilot[Any], app: GradtuiApp) -> None:
    """Until everything asked for is shown; TimeoutError where that takes a minute."""
    async with asyncio.timeout(60):
        await pilot.pause()
        while not complete(app):
            await pilot.pause(0.05)
        await pilot.pause()


async def take(picture: Picture, theme: str, size: tuple[int, int]) -> str:
    """The screen as SVG."""
    app = GradtuiApp(expression=picture.expression, at=picture.at, theme=theme)
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press(*picture.keys)
        await settled(pilot, app)
        return app.export_screenshot(title="gradtui", simplify=True)


async def main() -> None:
    for picture in PICTURES:
        for theme_name, theme in THEMES.items():
            for size_name, size in SIZES.items():
                svg = await take(picture, theme, size)
                (HERE / f"{picture.name}-{theme_name}-{size_name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
