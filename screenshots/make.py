"""Makes the pictures of this folder from the running program: `python screenshots/make.py`.

Each is the app itself with its real evaluation service, driven by keys, at a size and in a theme.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace
from textual.pilot import Pilot

import gradtui
from gradtui.snapshot.start import Start
from gradtui.training.csv_data import read_data
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui import saved
from gradtui.tui.app import GradtuiApp, explorer

HERE = Path(__file__).parent
SIZES = {"120x36": (120, 36), "80x24": (80, 24)}
THEMES = {"dark": "textual-dark", "light": "textual-light"}


Make = Callable[[str], GradtuiApp]
"""The app in a theme."""


@dataclass(frozen=True)
class Picture:
    """A state worth showing: the app as it is started, then which keys are pressed."""

    name: str
    make: Make
    keys: tuple[str, ...] = ()


def formula(text: str, **at: str) -> Make:
    return lambda theme: explorer(Start(text, dict(at), theme=theme))


def trained(text: str, optimizer: str, updates: int, data: str | None = None, **at: str) -> Make:
    """After so many updates. data: a file of this folder."""
    columns = read_data((HERE / data).read_bytes()).columns if data is not None else {}
    names = (*at, *columns)
    start = Start(text, dict(at), names=names, optimizer=read_optimizer(optimizer), updates=updates, data=columns)
    return lambda theme: explorer(replace(start, theme=theme))


def function(target: str) -> Make:
    return lambda theme: explorer(Start(target, origin="function", theme=theme))


def transformer(theme: str) -> GradtuiApp:
    """The loss of a small encoder of six layers, captured."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    model = torch.nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
    x = torch.randn(2, 5, 16)
    with gradtui.trace(model) as trace:
        loss = model(x).pow(3).mean()
    return saved.explorer(trace.capture(loss), theme)


LOGISTIC = "p = sigmoid(w*x + v*z + b); binary_cross_entropy(p, y)"
LEAF = ("g",)
STEPPED = ("plus", "plus", "N", "p", "p", "p")
PICTURES = (
    Picture("explorer", formula("x^2 + 3x + 1", x="4.0")),
    Picture("backward", formula("sin(x^2)*exp(-x)", x="1.2"), STEPPED),
    Picture("ledger", formula("sin(x^2)*exp(-x)", x="1.2"), (*STEPPED, "l")),
    Picture("what-if", formula("x^2 + 3x + 1", x="4.0"), ("down", "down", "c")),
    Picture("why", formula("where(x > 0, sqrt(x), 0)", x="0"), ("w",)),
    Picture("variables", formula("(w*x + b - y)^2", x="2", w="0.5", b="0", y="3")),
    Picture("contour", trained("(1 - x)^2 + 5*(y - x^2)^2", "Adam(lr=0.2)", 40, x="-1.5", y="2.5"), ("minus",)),
    Picture("fit", trained("p = w*x + b; (p - y)^2", "SGD(lr=0.02, momentum=0.9)", 12, "points.csv", w="-0.5", b="4"), LEAF),
    Picture("decision", trained(LOGISTIC, "Adam(lr=0.3)", 40, "classes.csv", w="0.1", v="-0.5", b="0"), LEAF),
    Picture("poles", formula("tan(x)", x="0.5")),
    Picture("function", function("model.py:wave"), ("down", "down")),
    Picture("why-none", function("model.py:loss"), ("w",)),
    Picture("modules", transformer, ("down", "down", "enter", "down", "enter")),
    Picture("lanes", transformer, ("T", *["down"] * 9)),
    Picture("parameters", transformer, ("T", "T")),
)


def complete(app: GradtuiApp) -> bool:
    """Whether the newest answer is shown, with its symbolic derivative and its curve."""
    answers = app.answers
    if answers.shown is None or app.asking.outdated or answers.underived:
        return False
    if app.board.trainer.active and (app.board.trainer.next is None or app.board.trainer.makes):
        return False
    drawn = answers.curve is not None or app.session.active is None
    return drawn and all(worker.is_finished for worker in app.workers)


async def settled(pilot: Pilot[Any], app: GradtuiApp) -> None:
    """Until everything asked for is shown; TimeoutError where that takes a minute."""
    async with asyncio.timeout(60):
        await pilot.pause()
        while not complete(app):
            await pilot.pause(0.05)
        await pilot.pause()


async def take(picture: Picture, theme: str, size: tuple[int, int]) -> str:
    """The screen as SVG."""
    app = picture.make(theme)
    async with app.run_test(size=size) as pilot:
        await settled(pilot, app)
        await pilot.press(*picture.keys)
        await settled(pilot, app)
        return app.export_screenshot(title="gradtui", simplify=True)


async def main() -> None:
    os.chdir(HERE)  # the functions are named from here
    wanted = sys.argv[1:]
    for picture in PICTURES:
        if wanted and picture.name not in wanted:
            continue
        for theme_name, theme in THEMES.items():
            for size_name, size in SIZES.items():
                svg = await take(picture, theme, size)
                (HERE / f"{picture.name}-{theme_name}-{size_name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
