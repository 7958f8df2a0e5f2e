"""A large saved file while it is read, and what becomes of it. The read is held: nothing here waits for a clock."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Size

from gradtui.command import cli
from gradtui.file.header import FileError
from gradtui.file.snapshot_format import load, save
from gradtui.snapshot.model import Snapshot
from gradtui.tui.saved import SavedFileApp
from tests import examples, synthetic
from tests.terminal.driver import Terminal, assert_restored
from tests.tui.test_app import text_of

NEVER_READ = """
import threading
from gradtui.file import snapshot_format
from gradtui.command import cli
cli.LARGE_FILE = 0
snapshot_format.load = lambda path: threading.Event().wait()
cli.main()
"""
"""The whole program, to which reading a file takes for ever."""


class Held:
    """Reads `answer`, or fails with it, once it is let `go_on`."""

    def __init__(self, answer: Snapshot | Exception) -> None:
        self._answer, self.go_on = answer, threading.Event()

    def __call__(self, path: str) -> Snapshot:
        self.go_on.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def shown(app: SavedFileApp) -> str:
    with app._context():
        return text_of(app) if app.screen_stack else ""


async def until(app: SavedFileApp, *texts: str) -> None:
    async with asyncio.timeout(30):
        while not all(text in shown(app) for text in texts):
            await asyncio.sleep(0.01)


@asynccontextmanager
async def reading(answer: Snapshot | Exception) -> AsyncIterator[tuple[SavedFileApp, Held, asyncio.Task[None]]]:
    """The app with its first frame out, and nothing read."""
    held = Held(answer)
    app = SavedFileApp("some/where/large.gradtui", load=held)
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 36)))
    try:
        await until(app, "large.gradtui")
        yield app, held, running
    finally:
        held.go_on.set()
        app.exit()
        await running


async def test_the_first_frame_names_the_file_and_then_all_of_it_is_there() -> None:
    async with reading(examples.quadratic()) as (app, held, _):
        assert "quit" in shown(app)
        assert "float32" not in shown(app), "nothing is known of it yet"
        held.go_on.set()
        await until(app, "x^2 + 3x + 1", "29", "11", "AccumulateGrad", "saved · float32 · cpu")
        assert "large.gradtui" not in shown(app)


async def test_the_groups_of_a_large_graph_are_found_where_it_is_read() -> None:
    snapshot = synthetic.bert(12)
    async with reading(snapshot) as (app, held, _):
        held.go_on.set()
        await until(app, "NllLossBackward0", "bert")
        assert app.picture.graph.arrangement.outline is app._outline
        assert app._outline.graph is snapshot.graph


async def test_keys_meanwhile_are_heard_in_their_order() -> None:
    async with reading(examples.quadratic()) as (app, held, _):
        for key in ("n", "n", "p", "n"):
            app.post_message(events.Key(key, key))
        held.go_on.set()
        async with asyncio.timeout(30):
            while not hasattr(app, "backward") or app.backward.cursor.steps_done != 2:
                await asyncio.sleep(0.01)


async def test_a_key_that_others_wait_before_may_be_a_letter() -> None:
    async with reading(examples.quadratic()) as (app, held, running):
        for key, character in (("ctrl+f", None), ("q", "q")):
            app.post_message(events.Key(key, character))
        held.go_on.set()
        async with asyncio.timeout(30):
            while not hasattr(app, "picture") or app.picture.graph.query_text != "q":
                await asyncio.sleep(0.01)
        assert not running.done()


@pytest.mark.parametrize("keys", [("q",), ("ctrl+q",), ("ctrl+c",), ("n", "m", "ctrl+q")])
async def test_a_key_that_quits_does_so_meanwhile(keys: tuple[str, ...]) -> None:
    async with reading(examples.quadratic()) as (app, held, running):
        for key in keys:
            app.post_message(events.Key(key, None))
        async with asyncio.timeout(30):
            await running
        assert not held.go_on.is_set()
        assert (app.return_code, app.refused) == (0, None)


async def test_another_size_is_seen_meanwhile() -> None:
    async with reading(examples.quadratic()) as (app, held, _):
        for size in (app.size, Size(60, 20)):  # the first is what a terminal tells at the start
            app.post_message(events.Resize(size, size))
        async with asyncio.timeout(30):
            while app.screen.size != Size(60, 20) or app.query_one("KeyFooter").region.y != 19:
                await asyncio.sleep(0.01)
        held.go_on.set()
        await until(app, "x^2 + 3x + 1", "AccumulateGrad")
        async with asyncio.timeout(30):
            while app.message_queue_size or app._resize_timer is not None or app.picture.size.width != 60:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("error", [FileError("large.gradtui", "it is damaged"), PermissionError(13, "denied")])
async def test_what_cannot_be_read_is_told_once_the_screen_is_left(error: Exception) -> None:
    async with reading(error) as (app, held, running):
        app.post_message(events.Key("n", "n"))
        held.go_on.set()
        async with asyncio.timeout(30):
            await running
        assert app.refused is error


@pytest.mark.child
@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
def test_the_program_ends_while_it_reads_for_ever(key: str, tmp_path: Path) -> None:
    path = tmp_path / "large.gradtui"
    save(examples.quadratic(), path)
    with Terminal([sys.executable, "-c", NEVER_READ, str(path)]) as terminal:
        terminal.wait_for("large.gradtui", "quit")
        terminal.press(key)
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.child
def test_a_signal_ends_it_while_it_reads_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "large.gradtui"
    save(examples.quadratic(), path)
    with Terminal([sys.executable, "-c", NEVER_READ, str(path)]) as terminal:
        terminal.wait_for("large.gradtui", "quit")
        terminal.press("n")
        terminal.process.terminate()
        assert terminal.wait_exit() == 128 + 15
        assert_restored(terminal)


@pytest.mark.child
@pytest.mark.parametrize("damage", ["cut off", "too new", "bits"])
def test_a_damaged_file_ends_as_it_does_without_a_screen(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "large.gradtui"
    save(synthetic.bert(100), path)
    whole = path.read_bytes()
    assert len(whole) > cli.LARGE_FILE
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut off": whole[:-100],
            "too new": whole[:12] + b"\x7f" + whole[13:],
            "bits": whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 9]) + whole[middle + 9 :],
        }[damage]
    )
    with pytest.raises(FileError) as told:
        load(path)
    with Terminal([sys.executable, "-m", "gradtui", str(path)], columns=300) as terminal:
        assert terminal.wait_exit() == 2
        assert f"error: {told.value}" in terminal.text
        assert_restored(terminal)


@pytest.mark.child
def test_a_small_file_is_there_with_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "small.gradtui"
    save(examples.quadratic(), path)
    with Terminal([sys.executable, "-m", "gradtui", str(path)]) as terminal:
        terminal.wait_for("x^2 + 3x + 1", "29", "AccumulateGrad")
        assert b"reading" not in terminal.raw
        terminal.press("q")
        assert terminal.wait_exit() == 0
