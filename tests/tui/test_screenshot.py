"""The picture of the screen that the palette saves: where it is, and one sentence where it can be nowhere."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.color import ColorSystem
from rich.text import Text
from textual.app import App
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.tui.fakes import make_app
from tests.tui.test_app import press, until


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Of downloads, which is not there yet, and the current one."""
    here, downloads = tmp_path / "here", tmp_path / "downloads"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(downloads))
    return downloads, here


async def shoot(pilot: Pilot[None]) -> str:
    """By the palette, as a person does; what it says."""
    app: App[None] = pilot.app
    await press(pilot, "ctrl+p", *"screenshot")
    await until(pilot, lambda: app.screen.query_one(Input).value == "screenshot", "the text")
    await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1, "the command")
    await press(pilot, "enter")
    if not app._notifications:
        await press(pilot, "enter")
    await until(pilot, lambda: len(app._notifications) > 0, "a notice")
    (notice,) = app._notifications
    return notice.message


def is_picture(path: Path) -> bool:
    return ElementTree.parse(path).getroot().tag.endswith("svg")


async def test_downloads(folders: tuple[Path, Path]) -> None:
    downloads, here = folders
    downloads.mkdir()
    async with make_app().run_test(size=(100, 30)) as pilot:
        said = await shoot(pilot)
    (picture,) = downloads.iterdir()
    assert is_picture(picture)
    assert str(picture) in said
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("downloads_is", ["not there", "a file"])
async def test_the_current_folder(folders: tuple[Path, Path], downloads_is: str) -> None:
    downloads, here = folders
    if downloads_is == "a file":
        downloads.touch()
    async with make_app().run_test(size=(100, 30)) as pilot:
        said = await shoot(pilot)
    (picture,) = here.iterdir()
    assert is_picture(picture)
    assert str(picture) in said


async def test_nowhere(folders: tuple[Path, Path]) -> None:
    """The person that owns all files may write to a folder that is read-only; nobody to one that has gone."""
    _, here = folders
    async with make_app().run_test(size=(100, 30)) as pilot:
        here.rmdir()
        said = await shoot(pilot)
        assert "not saved" in said
        assert "No such file or directory" in said
        assert pilot.app.is_running


async def test_a_folder_with_a_strange_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is not markup."""
    folder = tmp_path / "[red]\x1b[31m"
    folder.mkdir()
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(folder))
    async with make_app().run_test(size=(100, 30)) as pilot:
        assert "[red]␛[31m" in await shoot(pilot)


async def test_the_terminal_gets_its_own_colours_after_it() -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        await pilot.app.mount(Static(Text("of no other test", "#12c457"), id="own"))
        await pilot.pause()
        assert "#12c457" in pilot.app.export_screenshot()
        (style,) = {part.style for part in pilot.app.query_one("#own").render_line(0) if "other" in part.text}
        assert style is not None
        assert "38;2;" not in style.render("text", color_system=ColorSystem.EIGHT_BIT)
