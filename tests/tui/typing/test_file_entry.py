"""Files that are there before one is written from the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fakes import make_app
from tests.tui.test_app import press, text_of, until

OWN = "# a person's own"


async def test_a_file_that_is_there_is_not_written_over_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "model.py"
    file.write_text(OWN)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(2):  # leaving the line, and what is typed anew, is no answer
            await press(pilot, "ctrl+s", "ctrl+u", "ctrl+k", *"model.py", "enter")
            await until(pilot, lambda: "model.py is there" in text_of(app), "what is asked")
            assert file.read_text() == OWN
            await press(pilot, "backspace", "y", "enter")
            await until(pilot, lambda: "model.py is there" in text_of(app), "what is asked")
            assert file.read_text() == OWN
            await press(pilot, "escape")
        await press(pilot, "ctrl+s", "ctrl+u", "ctrl+k", *"model.py", "enter", "enter")
        await until(pilot, lambda: not app.picture.file.display, "the end of the line")
        assert "torch" in file.read_text()


async def test_a_file_that_was_written_from_here_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for point in ("4.1", "4.2"):
            await press(pilot, "right", "ctrl+s", "ctrl+u", "ctrl+k", *"now.py", "enter")
            await until(pilot, lambda: not app.picture.file.display, "the end of the line")
            assert point in (tmp_path / "now.py").read_text()
