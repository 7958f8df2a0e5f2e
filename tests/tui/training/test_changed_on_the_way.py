"""A run whose f, values, optimizer or variables are changed on its way, and keys that come before its updates are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Static

from gradtui.snapshot.model import Request, Snapshot
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui.app import GradtuiApp
from gradtui.tui.saved import explorer
from gradtui.tui.training.charts import TITLES
from gradtui.tui.training.summary import CHANGED, summary
from gradtui.tui.typing.file_entry import FileEntry
from tests.tui.test_app import until as holds
from tests.tui.training.engine import Engine, trained_app
from tests.tui.training.test_trainer import AT, LINE, by_torch, places, until


class HeldEngine(Engine):
    """Answers once it is told to."""

    def __init__(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        super().__init__(on_snapshot)
        self.held: list[Request] = []
        self.slow = False

    def submit(self, request: Request) -> None:
        if self.slow:
            self.held.append(request)
        else:
            super().submit(request)

    def answer(self) -> None:
        self.slow, held, self.held = False, self.held, []
        for request in held:
            super().submit(request)


def engine(app: GradtuiApp) -> HeldEngine:
    found = app.asking.service
    assert isinstance(found, HeldEngine)
    return found


async def pressed(app: GradtuiApp, pilot: Pilot[Any], *keys: str) -> None:
    """All of them while the answer to the first is on its way."""
    engine(app).slow = True
    await pilot.press(*keys)
    engine(app).answer()


def slow_app(optimizer: str, **more: Any) -> GradtuiApp:
    app = trained_app(LINE, AT, optimizer, **more)
    app._service = HeldEngine
    return app


def by_rates(*rates: float) -> tuple[float, float]:
    """Where w and b stand after an update with each of these."""
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 0.0))
    real = torch.optim.SGD([w, b], lr=0.1)
    for rate in rates:
        real.param_groups[0]["lr"] = rate
        real.zero_grad()
        ((w * 2 + b - 3) ** 2).backward()  # type: ignore[no-untyped-call]
        real.step()
    return w.item(), b.item()


@pytest.mark.parametrize(
    ("keys", "count", "rate"),
    [
        (("g", "g", "g"), 3, 0.1),
        (("g", "g", "g", "z"), 2, 0.1),
        (("g", "g", "g", "z", "g"), 3, 0.1),
        (("g", "g", "g", "U", "1", "enter"), 1, 0.1),
        (("g", "g", "Z", "g"), 1, 0.1),
        (("g", "g", "Z", "g", "g", "g", "z", "g"), 3, 0.1),
    ],
    ids=str,
)
async def test_a_key_waits_for_the_updates_asked_for_before_it(keys: tuple[str, ...], count: int, rate: float) -> None:
    app = slow_app("SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    expected = by_torch(4, lr=rate, momentum=0.9)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pressed(app, pilot, *keys)
        await until(pilot, count)
        assert places(app) == expected[count]


async def test_a_value_waits_for_them_too() -> None:
    app = slow_app("SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pressed(app, pilot, "g", "g", "g", "x", "ctrl+u", "7", "enter")
        await until(pilot, 3)
        await holds(pilot, lambda: places(app)[0] == 7.0, "the value")
        assert places(app)[1] == by_torch(3, lr=0.1)[3][1]


async def test_a_rate_waits_for_them_too() -> None:
    app = slow_app("SGD(lr=0.1)", trained=("w", "b"))
    w, b = by_rates(0.1, 0.1, 0.2)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pressed(app, pilot, "g", "g", "right_curly_bracket", "g")
        await until(pilot, 3)
        assert places(app) == (w, b)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("SGD(lr=0.1, momentum=0.9)", "Adagrad(lr=0.5)"),
        ("RMSprop(lr=0.05)", "RMSprop(lr=0.05, centered=True)"),
        ("LBFGS(lr=1, max_iter=5)", "Adam(lr=0.1)"),
        ("Adam(lr=0.3)", "AdamW(lr=0.1)"),
    ],
)
async def test_back_past_another_optimizer(first: str, other: str) -> None:
    """Which begins anew wherever it begins."""
    app = trained_app(LINE, AT, first, trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(3):
            await pilot.press("g")
            await until(pilot, number + 1)
        before = places(app)
        app.board.trainer.choose(read_optimizer(other))
        await until(pilot, 3)
        await pilot.press("g")
        await until(pilot, 4)
        after = places(app)
        await pilot.press("z", "z")
        await until(pilot, 2)
        w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in places(app))
        chosen = read_optimizer(other)
        real = getattr(torch.optim, chosen.name)([w, b], **chosen.settings)
        ((w * 2 + b - 3) ** 2).backward()  # type: ignore[no-untyped-call]
        real.step()
        await pilot.press("U", "3", "enter")
        await until(pilot, 3)
        assert places(app) == before
        await pilot.press("g")
        await until(pilot, 4)
        assert places(app) == after
        await pilot.press("z", "z", "g")
        await until(pilot, 3)
        assert places(app) == (w.item(), b.item())


async def test_back_to_where_what_is_held_stood() -> None:
    app = trained_app(LINE, AT, "Adam(lr=0.3)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g", "g")
        await until(pilot, 2)
        app.session.choose("x")
        await pilot.press("x", "ctrl+u", "5", "enter")
        await until(pilot, 2)
        await pilot.press("g")
        await until(pilot, 3)
        assert CHANGED in summary(app.board.trainer, app.session)
        stood = []
        for number in (2, 1, 0):
            await pilot.press("z")
            await until(pilot, number)
            assert app.answers.shown is not None
            stood.append(app.answers.shown.variables["x"].value.numbers)
        assert stood == [(5.0,), (2.0,), (2.0,)]
        assert places(app) == (0.5, 0.0)
        assert CHANGED not in summary(app.board.trainer, app.session)


@pytest.mark.parametrize("change", ["held", "f", "rate", "dtype"])
async def test_no_script_of_what_was_changed(change: str, tmp_path: Path) -> None:
    """It would make other numbers than are seen."""
    app = trained_app(LINE, AT, "SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g", "g")
        await until(pilot, 2)
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / "before.py")))
        assert (tmp_path / "before.py").exists()
        if change == "held":
            app.session.choose("x")
            await pilot.press("x", "ctrl+u", "5", "enter")
        elif change == "f":
            await pilot.press("slash", "end", *"+w^2", "enter")
        elif change == "rate":
            await pilot.press("left_curly_bracket")
        else:
            app.action_dtype("float32")
        await until(pilot, 2)
        await holds(pilot, lambda: not app.asking.outdated, "the answer")
        for count in (2, 3):
            await until(pilot, count)
            await app.on_file_entry_left(FileEntry.Left(str(tmp_path / "run.py")))
            assert not (tmp_path / "run.py").exists()
            await pilot.press("g")
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / "run.csv")))
        assert (tmp_path / "run.csv").exists()


async def test_undo_is_of_what_a_person_changed() -> None:
    """Updates that came after it stay."""
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g", "g")
        await until(pilot, 2)
        app.session.choose("x")
        await pilot.press("x", "ctrl+u", "5", "enter")
        await until(pilot, 2)
        await pilot.press("g")
        await until(pilot, 3)
        led = places(app)
        await pilot.press("u")
        await until(pilot, 3)
        assert places(app) == led
        assert app.session.points["x"].value == 2.0


async def test_a_run_stays_in_the_charts_where_others_are_trained() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g", "g")
        await until(pilot, 2)
        values = [*app.board.trainer.history.values]
        app.session.choose("w")
        await pilot.press("A")
        await until(pilot, 0)
        ((kept, _),) = app.board.charts._kept
        assert [*kept.values][:2] == values
        assert app.board.trainer.trained == ("b",)


async def test_a_vector_that_was_made_data_comes_back() -> None:
    start = {"x": ("1", "2", "3"), "y": ("2", "4", "6"), "w": "0", "b": "0"}
    app = trained_app("mean((w*x + b - y)^2)", start, None)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await holds(pilot, lambda: app.answers.shown is not None, "the answer")
        app.session.choose("y")
        await pilot.press("A", "A")
        await pilot.pause()
        assert (app.session.data, "y" in app.session.variables) == ({"y": (2.0, 4.0, 6.0)}, False)
        await pilot.press("u")
        await pilot.pause()
        assert (app.session.data, "y" in app.session.variables) == ({}, True)


async def test_a_saved_run_tells_of_its_updates() -> None:
    """Its picture stays; the chart of its updates is a key away."""
    live = trained_app(LINE, AT, "SGD(lr=0.05)", trained=("w", "b"))
    async with live.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(3):
            await pilot.press("g")
            await until(pilot, number + 1)
        whole, told = live.board.whole, summary(live.board.trainer, live.session)
    assert whole is not None
    app = explorer(whole)
    async with app.run_test(size=(120, 36)) as pilot:
        await holds(pilot, lambda: app.answers.shown is not None, "the answer")
        assert summary(app.board.trainer, app.session) == told
        before = app.picture.chart.border_title
        await pilot.press("h")
        await pilot.pause()
        assert (before, app.picture.chart.border_title) == (TITLES["curve"], TITLES["updates"])
        await pilot.press("g")
        await pilot.pause()
        assert app.board.trainer.history.here == 3


async def test_what_looks_like_a_number_is_told_as_one() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for typed in ("-1", "+5", "1e3", "1.5"):
            await pilot.press("U", "ctrl+u", *typed, "enter")
            await pilot.pause()
            assert "numbered" in str(app.query_one("#optimizer-problem", Static).visual)
            await pilot.press("escape")


async def test_keys_in_between_keep_their_order() -> None:
    """An update, a rate, updates, a value: each acts on what the one before it led to."""
    app = slow_app("SGD(lr=0.1)", trained=("w", "b"))
    _, b = by_rates(0.1, 0.2, 0.2)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pressed(app, pilot, "g", "right_curly_bracket", "g", "g", "x", "ctrl+u", "7", "enter")
        await until(pilot, 3)
        await holds(pilot, lambda: places(app) == (7.0, b), "the value")
