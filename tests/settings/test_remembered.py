"""What is remembered, where it can be, and that nothing else breaks where it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradtui.settings.config_file import VARIABLE
from gradtui.settings.read_settings import Settings, read
from gradtui.settings.remembered import MOST, Memory
from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.session import Session
from tests.tui.fakes import FakeService
from tests.tui.test_app import press, retype

SIZE = (80, 24)


def app_with(memory: Memory) -> GradtuiApp:
    return GradtuiApp(Session(Start("x^2 + 3x + 1")), FakeService, None, memory)


async def test_theme_names_and_history_come_back(tmp_path: Path) -> None:
    """Settings stand in the file of settings, where a person's own lines stay."""
    place, config = tmp_path / "state" / "gradtui.json", tmp_path / "config.toml"
    config.write_text("# my own\nstep = 0.5\n")
    environ = {VARIABLE: str(config)}
    app = app_with(Memory(place, read(environ)))
    async with app.run_test(size=SIZE) as pilot:
        app.theme = "textual-light"
        await press(pilot, "a")
        await retype(pilot, "3 + 1")
        await press(pilot, "enter")
    assert config.read_text().startswith("# my own\nstep = 0.5\n")
    settings = read(environ)
    again = GradtuiApp(Session(Start("x^2 + 3x + 1")), FakeService, settings.theme, Memory(place, settings))
    async with again.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert again.theme == "textual-light"
        assert again.picture.graph.plain
        await press(pilot, "slash", "up")
        assert again.picture.formula.value == "3 + 1"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"history": 3}', b"\xff\xfe"])
async def test_a_file_that_cannot_be_read_is_no_fault(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "remembered.json"
    place.write_bytes(content)
    app = app_with(Memory(place, Settings()))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        assert app.session.place == 4.1


@pytest.mark.parametrize("under", ["a file", "a folder"])
async def test_a_place_that_cannot_be_written_is_no_fault(tmp_path: Path, under: str) -> None:
    (tmp_path / "a file").write_text("")
    (tmp_path / "a folder").mkdir()
    place = tmp_path / under / "x.json" if under == "a file" else tmp_path / under
    app = app_with(Memory(place, Settings()))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "a")
        assert app.picture.graph.plain


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(Path, "mkdir", _refuse)
    memory = Memory()
    memory.load()
    memory.save(["x"], {"theme": "dark"}, {"theme": "nord"})


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_not_more_than_so_many(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "remembered.json")
    memory.save([f"x + {number}" for number in range(2 * MOST)], {}, {})
    again = Memory(tmp_path / "remembered.json")
    assert again.load()[0] == f"x + {MOST}"
    assert [path.name for path in tmp_path.iterdir()] == ["remembered.json"]
