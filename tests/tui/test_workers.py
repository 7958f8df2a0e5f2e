"""What is to run beside the screen is given as a function: Python complains of a coroutine that never begins."""

from __future__ import annotations

import ast
import gc
import warnings
from pathlib import Path

import pytest

import gradtui.tui
from gradtui.file.run_writing import save
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from tests.runs import made

TUI = Path(gradtui.tui.__file__).parent


async def test_what_never_begins_is_not_complained_of(tmp_path: Path) -> None:
    save(made.run(), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        async with app.run_test() as pilot:
            while not (app.look.run.ended and app.loss.settled):
                await pilot.pause(0.01)
            app.loss.show(3, 7)
            assert not app.loss.settled
            app.workers.cancel_all()
        gc.collect()
    assert [str(one.message) for one in complaints if "never awaited" in str(one.message)] == []


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: str(path.relative_to(TUI)))
def test_workers_are_given_functions(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run_worker":
            given = node.args[0]
            assert not isinstance(given, ast.Call) or ast.unparse(given.func) in ("partial", "cast")
