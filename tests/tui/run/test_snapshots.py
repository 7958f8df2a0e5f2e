"""Pictures of the screen on a run: `tests.tui.test_snapshots` says how they are made and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gradtui.file.run_writing import save
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from tests.runs import made
from tests.tui.run.test_run import of, shown, until
from tests.tui.test_snapshots import Compare, Run, Size


def after(*keys: str) -> Run:
    async def run(pilot: Pilot[Any]) -> None:
        await shown(pilot)
        await pilot.press(*keys)
        await shown(pilot)
        await until(pilot, lambda: of(pilot).look.count == 60)

    return run


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
def test_gone_wrong(snap_compare: Compare, size: Size, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(made.run(), path)
    assert snap_compare(RunApp(Source(str(path))), terminal_size=size, run_before=after())


def test_changes_of_a_healthy_run(snap_compare: Compare, tmp_path: Path) -> None:
    """From near, by what moved."""
    path = tmp_path / "run.gradtui"
    save(made.run(60, 60), path)
    app = RunApp(Source(str(path)), theme="textual-light")
    assert snap_compare(app, terminal_size=(120, 36), run_before=after("home", "c", "plus", "plus", "right"))
