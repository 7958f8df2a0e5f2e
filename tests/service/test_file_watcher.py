"""Files that are really written."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from gradtui.service.file_watcher import Watch

PATIENCE = 10.0


class Watched:
    """A Watch that counts, on model.py of a folder."""

    def __init__(self, folder: Path) -> None:
        self.calls = 0
        self.folder, self.file = folder, folder / "model.py"
        self.file.write_text("first")
        self.watch = Watch(self.count)
        self.watch.follow([self.file])

    def count(self) -> None:
        self.calls += 1

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.005)

    async def tells(self, change: Callable[[], object]) -> None:
        """Exactly one call, for this change."""
        before = self.calls
        change()
        await self.until(lambda: self.calls > before)
        assert self.calls == before + 1


@pytest_asyncio.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    await watched.watch.close()


async def test_a_save_is_told(watched: Watched) -> None:
    await watched.tells(lambda: watched.file.write_text("second"))
    await watched.tells(lambda: watched.file.write_text("third one"))


async def test_a_file_that_is_replaced(watched: Watched) -> None:
    """As many editors save: another file, renamed."""
    for text in ("second", "and third"):
        new = watched.folder / "model.py~"
        new.write_text(text)
        await watched.tells(lambda: os.replace(watched.folder / "model.py~", watched.file))


async def test_the_same_size(watched: Watched) -> None:
    await watched.tells(lambda: watched.file.write_text("tsrif"))


async def test_other_files_are_not_told(watched: Watched) -> None:
    (watched.folder / "notes.txt").write_text("a note")
    await watched.tells(lambda: watched.file.write_text("second"))


async def test_a_file_that_is_away_for_a_while(watched: Watched) -> None:
    watched.file.unlink()
    await watched.tells(lambda: watched.file.write_text("back again"))


async def test_the_very_file_that_comes_back(watched: Watched) -> None:
    """Whoever asked meanwhile was told that there is none, and would be for ever."""
    away = watched.folder / "away.py"
    watched.file.rename(away)
    await watched.until(lambda: bool(watched.watch._gone))
    await watched.tells(lambda: away.rename(watched.file))


async def test_files_in_other_folders_can_be_added(watched: Watched) -> None:
    other = watched.folder / "parts"
    other.mkdir()
    (other / "layer.py").write_text("first")
    watched.watch.follow([watched.file, other / "layer.py"])
    await watched.tells(lambda: (other / "layer.py").write_text("second"))
    await watched.tells(lambda: watched.file.write_text("second"))


async def test_a_folder_that_goes_and_comes_back(watched: Watched) -> None:
    other = watched.folder / "parts"
    watched.watch.follow([other / "layer.py"])
    other.mkdir()
    await watched.tells(lambda: (other / "layer.py").write_text("first"))
    shutil.rmtree(other)
    other.mkdir()
    await watched.tells(lambda: (other / "layer.py").write_text("and second"))


async def test_relative_paths(watched: Watched) -> None:
    watched.watch.follow([os.path.relpath(watched.file)])
    await watched.tells(lambda: watched.file.write_text("second"))


async def test_it_ends_at_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    await asyncio.sleep(0)
    async with asyncio.timeout(0.9):  # the next look would be later
        await watched.watch.close()
    watched.file.write_text("second")
    assert watched.calls == 0
