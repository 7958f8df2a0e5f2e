"""A file's own parameters under one's hands: each update is torch's, its graph is there, and it is gone back to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from rich.cells import cell_len
from textual.pilot import Pilot

from gradtui.snapshot.start import Start
from gradtui.snapshot.training import Norms, Optimizer, Training, Update
from gradtui.training.optimizer_text import read_optimizer
from gradtui.tui.app import GradtuiApp
from gradtui.tui.configured_keys import key_names
from gradtui.tui.evaluator import FileSaved
from gradtui.tui.session import Session
from gradtui.tui.training.lines import norm_lines
from tests.tui.training.engine import Engine
from tests.tui.training.test_trainer import told, until

CODE = """
import torch

torch.manual_seed(1)
first, second = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)

def loss():
    return (second(first(torch.randn(4, 2)).tanh()) - 1).pow(2).mean()

def without():
    return torch.ones(2, requires_grad=True).sum()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def opened(path: Path, name: str = "loss", optimizer: str | None = "Adam(lr=0.1)") -> GradtuiApp:
    start = Start(f"{path}:{name}", origin="function", optimizer=read_optimizer(optimizer) if optimizer else None)
    return GradtuiApp(Session(start), Engine, start.theme, training=start)


def by_torch(rates: list[float]) -> list[float]:
    torch.manual_seed(0)
    code: dict[str, Any] = {}
    exec(CODE, code)  # noqa: S102
    real = torch.optim.Adam([*code["first"].parameters(), *code["second"].parameters()], lr=rates[0])
    losses = []
    for rate in rates:
        real.param_groups[0]["lr"] = rate
        real.zero_grad()
        loss = code["loss"]()
        loss.backward()
        losses.append(loss.item())
        real.step()
    return losses


def shown(app: GradtuiApp) -> float:
    assert app.answers.shown is not None
    assert app.answers.shown.value is not None
    return app.answers.shown.value.numbers[0]


async def press(pilot: Pilot[Any], key: str, update: int) -> None:
    await pilot.press(key)
    await until(pilot, update)


async def test_updates_back_and_another_rate(path: Path) -> None:
    app = opened(path)
    expected = by_torch([0.1] * 5)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        assert app.board.charts.kind == "updates"
        assert app.picture.chart.display
        for update in range(4):
            assert shown(app) == expected[update]
            await press(pilot, "g", update + 1)
        assert shown(app) == expected[4]
        assert [*app.board.trainer.history.values] == expected[:4]
        said = told(app)
        for word in ("update 3", "first", "second", "gradient", "√v"):
            assert word in said
        for update in (3, 2):
            await press(pilot, "z", update)
            assert shown(app) == expected[update]
        await press(pilot, "left_curly_bracket", 2)
        await press(pilot, "g", 3)
        await press(pilot, "g", 4)
        assert shown(app) == by_torch([0.1, 0.1, 0.05, 0.05, 0.05])[4]
        await press(pilot, "Z", 0)
        assert shown(app) == expected[0]


async def test_a_saved_file_begins_anew(path: Path) -> None:
    app = opened(path)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await press(pilot, "g", 1)
        path.write_text(CODE.replace("- 1", "- 2"), encoding="utf-8")
        app.post_message(FileSaved())
        await pilot.pause()
        await until(pilot, 0)
        assert shown(app) != by_torch([0.1])[0]


async def test_one_parameter_is_held(path: Path) -> None:
    app = opened(path, optimizer=None)
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(3_000):
            if app.answers.shown is not None:
                break
            await pilot.pause(0.01)
        await press(pilot, "g", 1)
        every = ["first.weight", "first.bias", "second.weight", "second.bias"]
        assert [*app.board.trainer.trained] == every
        app.backward.select(next(node.id for node in app.answers.shown.graph.nodes if node.variable == "first.bias"))  # type: ignore[union-attr]
        await press(pilot, "A", 0)
        assert [*app.board.trainer.trained] == [name for name in every if name != "first.bias"]


async def test_a_file_of_which_nothing_moves_is_seen_without_training(path: Path) -> None:
    path.write_text("import torch\ndef loss():\n    return torch.ones(4).pow(2).sum() * 4\n", encoding="utf-8")
    app = opened(path)
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(3_000):
            if app.answers.shown is not None and app.answers.problem is None:
                break
            await pilot.pause(0.01)
        assert shown(app) == 16
        assert not app.board.trainer.active
        assert app._notifications


async def test_the_arguments_of_a_function_move(path: Path) -> None:
    """Back, on from an edited place, and anew where the file is saved; the path on the contour."""
    code = "def loss(x: float, w: float = 0.5):\n    return (w * x - 3) ** 2\n"
    path.write_text(code, encoding="utf-8")
    app = opened(path, optimizer="SGD(lr=0.01)")

    def stands() -> tuple[Any, Any]:
        return app.session.points["x"].value, app.session.points["w"].value

    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        x, w = (torch.tensor(value, requires_grad=True) for value in (4.0, 0.5))
        real = torch.optim.SGD([x, w], lr=0.01)
        places = [stands()]
        for number in range(1, 5):
            if number == 3:
                await pilot.press("right")
                with torch.no_grad():
                    x += 0.1
            real.zero_grad()
            (w * x - 3).pow(2).backward()  # type: ignore[no-untyped-call]
            real.step()
            await press(pilot, "g", number)
            assert stands() == pytest.approx((x.item(), w.item()), rel=1e-6)
            places.append(stands())
        assert "w ← w − lr·ḡ" in told(app) or "x ← x − lr·ḡ" in told(app)
        assert "contour" in app.board.charts.kinds
        for number in (3, 2, 1, 0):
            await press(pilot, "z", number)
            assert number == 2 or stands() == places[number]
        await press(pilot, "g", 1)
        path.write_text(code.replace("0.5", "0.75"), encoding="utf-8")
        app.post_message(FileSaved())
        await pilot.pause()
        await until(pilot, 0)
        assert stands() == (4.0, 0.75)


def test_the_rule_of_a_large_parameter_is_that_of_a_run_that_goes_on() -> None:
    moved = Update(4, 1.0, {}, norms=(Norms(2.0, 4.0, 0.5),))
    optimizer = Optimizer("SGD", {"lr": 0.1, "momentum": 0.9})
    made = Training(optimizer, ("0.weight",), {"lr": 0.1, "momentum": 0.9}, (moved,))
    lines = norm_lines("0.weight", moved, {}, made, ("0.weight",), ("SGD", made.settings), keys=key_names())
    said = ["".join(text for text, _ in line) for line in lines]
    assert "b ← μ·b + ḡ" in said
    assert any("12.5 %" in line for line in said)


NARROW = 43
"""Cells of the node pane's lines at 120x36."""


@pytest.mark.parametrize(
    "modules", [("0", "2"), ("head", "层"), ("encoder.layers.0.self_attn.out_proj", "head"), ("变量的编码器", "b")]
)
def test_the_table_of_modules_has_its_columns_in_a_narrow_pane_too(modules: tuple[str, ...]) -> None:
    """No line of it is broken, no name cut, and the numbers of a column end below its head."""
    norms = (Norms(1.2345e-7, 4.5e10, 1.2345e-9), Norms(None, 0.0, 0.0))
    names = tuple(f"{module}.weight" for module in modules)
    update = Update(4, 1.0, {}, norms=norms)
    lines = [
        "".join(text for text, _ in line) for line in norm_lines(None, update, {}, None, names, None, keys=key_names())
    ]
    begins = next(place for place, line in enumerate(lines) if "gradient" in line)
    table = lines[begins:]
    assert all(cell_len(line) <= NARROW for line in table)
    assert all(any(line.startswith(module) for line in table) for module in modules)
    told = [line for line in table if any(number in line for number in ("1.23e-7", "–"))]
    assert len(told) == len(modules)
    assert {cell_len(line) for line in told} == {cell_len(table[0])}
