"""By whatever way one comes to an update of a run, its frame is the same; who comes back finds what was left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.pilot import Pilot

from gradtui.file.run_writing import save
from gradtui.settings.read_settings import Settings
from gradtui.tui.run import opened
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from gradtui.tui.run.opened import UpdateApp
from gradtui.tui.run.ranks import RanksApp
from tests.runs import made
from tests.tui.run.test_run import WIDE, screen, until

RANKS = 3


@pytest.fixture
def run(tmp_path: Path) -> Path:
    save(made.run(), tmp_path / "run.gradtui")
    return tmp_path / "run.gradtui"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for rank in range(RANKS):
        save(replace(made.run(), rank=rank), tmp_path / f"{rank}.gradtui")
    return tmp_path


async def at_rest(app: App[Any], pilot: Pilot[Any]) -> None:
    if isinstance(app, RunApp):
        await until(pilot, lambda: app.look.count > 0 and app.loss.settled)
    if isinstance(app, RanksApp):
        await until(pilot, lambda: len(app.ranks) == RANKS and app.loss.settled)
    if isinstance(app, UpdateApp):
        await until(pilot, lambda: app.answers.shown is not None)
    await pilot.pause()


Step = Callable[[App[Any]], Any]


def through(monkeypatch: pytest.MonkeyPatch, path: Path, *visits: Sequence[str | Step]) -> None:
    """Each screen that comes is given the next of `visits`: its keys, and what is to be done or looked at in it; all come."""
    coming = iter(visits)

    async def visit(app: App[Any]) -> None:
        async with app.run_test(size=WIDE) as pilot:
            for step in next(coming):
                await at_rest(app, pilot)
                if isinstance(step, str):
                    await pilot.press(step)
                else:
                    step(app)
            while app.is_running:
                await pilot.pause(0.01)

    for kind in (RunApp, UpdateApp):
        monkeypatch.setattr(kind, "run", lambda app, **_: asyncio.run(visit(app)))
    opened.run(str(path), "textual-dark", Settings())
    assert next(coming, None) is None


def frames() -> Iterator[Step]:
    """The first looks at the frame, the second compares."""
    seen: list[list[str]] = []
    yield lambda app: seen.append(screen(app))

    def compare(app: App[Any]) -> None:
        assert screen(app) == seen[0]

    yield compare


@pytest.mark.parametrize("keys", ["m", "mm", "o", ["home", "plus", "plus"], "c", ["home", "down", "down"]])
def test_back_from_an_update_all_is_as_it_was(monkeypatch: pytest.MonkeyPatch, run: Path, keys: Sequence[str]) -> None:
    before, after = frames()
    through(monkeypatch, run, [*keys, before, "enter"], ["n", "escape"], [after, "q"])


@pytest.mark.parametrize("keys", [["r"], ["r", "r", "home", "full_stop"], ["home", "plus"], ["r", "space"]])
def test_back_to_the_rank_that_was_seen(monkeypatch: pytest.MonkeyPatch, folder: Path, keys: Sequence[str]) -> None:
    before, after = frames()
    through(monkeypatch, folder, [*keys, before, "enter"], ["escape"], [after, "q"])


def test_colours_and_names_hold_for_the_screens_that_follow(monkeypatch: pytest.MonkeyPatch, run: Path) -> None:
    def light(app: App[Any]) -> None:
        app.theme = "textual-light"

    def is_light(app: App[Any]) -> None:
        assert app.theme == "textual-light"

    def is_plain(app: App[Any]) -> None:
        assert isinstance(app, UpdateApp)
        assert app.plain

    through(
        monkeypatch, run, ["enter"], ["a", light, "escape"], [is_light, "enter"], [is_light, is_plain, "escape"], ["q"]
    )


@pytest.mark.parametrize("rank", range(RANKS))
async def test_there_and_back_between_ranks(folder: Path, rank: int) -> None:
    app = RanksApp([Source(str(folder / f"{one}.gradtui")) for one in range(RANKS)])
    async with app.run_test(size=WIDE) as pilot:
        await at_rest(app, pilot)
        await pilot.press("home", "full_stop", "plus", "plus", "up", "up", "space", *["r"] * rank)
        await at_rest(app, pilot)
        before = screen(app)
        await pilot.press("r", "R")
        await at_rest(app, pilot)
        assert screen(app) == before


async def test_the_loss_has_the_room_that_is_there(run: Path) -> None:
    """Also where what is over it takes more of it than before."""
    app = RunApp(Source(str(run)))
    async with app.run_test(size=(120, 30)) as pilot:
        await at_rest(app, pilot)
        height = app.loss.size.height

        def is_lower() -> bool:
            app.findings.styles.height = 3  # as findings between ranks have it; the screen, shown anew, takes it back
            return app.loss.size.height < height

        await until(pilot, is_lower)
        await until(pilot, lambda: app.loss.settled)


@pytest.mark.parametrize("ways", [[(200, 60)], [(60, 20), (1, 1), (80, 24), (200, 60)], [(80, 24)], [(48, 12)]])
@pytest.mark.parametrize("keys", ["", "m", "mm", "o"])
async def test_by_way_of_other_sizes(run: Path, ways: list[tuple[int, int]], keys: str) -> None:
    app = RunApp(Source(str(run)))
    async with app.run_test(size=WIDE) as pilot:
        await at_rest(app, pilot)
        await pilot.press(*keys)
        await at_rest(app, pilot)
        before = screen(app)
        for size in (*ways, WIDE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await at_rest(app, pilot)
        assert screen(app) == before
