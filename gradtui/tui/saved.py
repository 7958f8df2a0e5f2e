"""One Snapshot, of a file or a capture, as a source of answers: everything can be looked at, and nothing is evaluated.

A large file is read in a thread, behind a first frame that names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec.structs import replace
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from gradtui.expression.parser import ExpressionError, parse
from gradtui.file.header import FileError
from gradtui.settings.read_settings import Settings
from gradtui.settings.remembered import Memory
from gradtui.snapshot.model import Device, Dtype, Request, Snapshot
from gradtui.snapshot.start import Start
from gradtui.snapshot.visible import visible
from gradtui.tui.app import GradtuiApp
from gradtui.tui.app import explorer as live_explorer
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import run_beside
from gradtui.tui.typing.key_order import one_after_the_other

if TYPE_CHECKING:
    from gradtui.outline.outline import Outline

T = TypeVar("T")

QUITTING = ("ctrl+q", "ctrl+c")
"""Keys that end the program while a file is read, whatever was pressed before them."""


class SavedAnswer:
    """Stands in for the evaluation service: the Snapshot is the answer to every Request."""

    def __init__(self, snapshot: Snapshot, arrived: Callable[[Snapshot], None]) -> None:
        self._snapshot, self._arrived = snapshot, arrived

    async def start(self) -> None: ...

    def interrupt(self) -> None:
        """Nothing runs."""

    async def close(self) -> None: ...

    def foresee(self, request: Request) -> None:
        """There is but one answer."""

    def submit(self, request: Request) -> None:
        curve = self._snapshot.curve
        if curve is not None and request.curve is not None:
            curve = replace(curve, key=request.curve.key)
        derivative = self._snapshot.derivative or {}
        self._arrived(replace(self._snapshot, id=request.id, curve=curve, derivative=derivative))


def session_of(snapshot: Snapshot) -> Session:
    """What a Snapshot was asked for. It stays at that, but for the variable that is looked at."""
    start = Start(
        snapshot.expression,
        dtype=cast(Dtype, snapshot.dtype),
        device=cast(Device, snapshot.device),
        window=snapshot.curve.window if snapshot.curve is not None else None,
        names=tuple(snapshot.variables),
        origin=snapshot.origin,
    )
    session = Session(start, live=False)
    session.most = max(1, len(snapshot.orders.orders)) if snapshot.orders is not None else 1
    if (told := snapshot.orders) is not None:
        session.order = session.most
        session.degree = None if told.degree == session.order else len(told.taylor) - 1
    session.adopt(snapshot)
    session.reads_as, session.experiments = snapshot.reads_as, snapshot.experiments
    if snapshot.origin == "expression":
        _take_name(session, snapshot)
    if snapshot.curve is not None:
        session.choose(snapshot.curve.variable, snapshot.curve.element)
    return session


class SavedFileApp(GradtuiApp):
    """refused: why the file could not be read; the screen is left then."""

    CSS_PATH = "opening.tcss"

    def __init__(
        self,
        path: str,
        theme: str | None = None,
        memory: Memory | None = None,
        load: Callable[[str], Snapshot] | None = None,
    ) -> None:
        unread = Snapshot(0, "")
        super().__init__(Session(Start("", origin="capture"), live=False), partial(SavedAnswer, unread), theme, memory)
        self.refused: FileError | OSError | None = None
        self._path, self._load = path, load
        self._waiting = False

    def first_line(self) -> Widget:
        return Static(Content(f"reading {visible(Path(self._path).name)} …"), id="formula")

    async def begin(self) -> None:
        """In a worker: the screen hears of other sizes meanwhile."""
        run_beside(self.screen, self._read)

    async def _read(self) -> None:
        try:
            snapshot, self._outline = await _in_thread(self._read_and_outlined)
        except (FileError, OSError) as error:
            self.refused = error
            self.exit()
            return
        self.session, self._service = session_of(snapshot), partial(SavedAnswer, snapshot)
        with self.batch_update():
            await self.query_one("#formula").remove()
            await self.mount(super().first_line(), before=0)
            await super().begin()
        self.post_message(events.Resize(self.size, self.size))  # behind an older one that has waited

    def _read_and_outlined(self) -> tuple[Snapshot, Outline]:
        from gradtui.file.snapshot_format import load  # not wanted before the first paint
        from gradtui.outline.outline import Outline

        snapshot = (self._load or load)(self._path)
        return snapshot, Outline(snapshot.graph, snapshot.modules)

    async def open(self) -> None:
        await super().open()
        self.picture.graph.arrangement.prepared = self._outline

    def post_message(self, message: Message) -> bool:
        """Keys wait for the picture, but for one that quits: as long as nothing else waits that might have it for a letter."""
        if self._is_opened:
            return super().post_message(message)
        if isinstance(message, events.Key):
            quits = [key.key for key in self.keys if key.action == "quit"]
            if message.key in QUITTING or (message.key in quits and not self._waiting):
                self.exit()
                return True
            self._waiting = True
        elif isinstance(message, events.Resize) and self.screen_stack and message.size != self.size:
            self._size = message.size
            self.screen.post_message(message)
            return True
        return super().post_message(message)


def explorer(snapshot: Snapshot, theme: str | None = None, memory: Memory | None = None) -> GradtuiApp:
    """The screen on `snapshot`."""
    return GradtuiApp(session_of(snapshot), partial(SavedAnswer, snapshot), theme, memory)


def run(snapshot: Snapshot, theme: str | None = None, settings: Settings | None = None) -> int:
    """Show `snapshot` until the screen is left; the exit status. theme, settings: as for `app.run`."""
    memory = Memory(settings=settings)
    return _shown(explorer(snapshot, theme, memory), theme, memory)


def run_file(path: str, theme: str | None = None, settings: Settings | None = None) -> int:
    """Show the Snapshot of the file until the screen is left; the exit status. theme, settings: as for `app.run`.

    Raises FileError for another file, and OSError, once the screen is left.
    """
    memory = Memory(settings=settings)
    app = SavedFileApp(path, theme, memory)
    status = _shown(app, theme, memory)
    if app.refused is not None:
        raise app.refused
    return status


def _shown(app: GradtuiApp, theme: str | None, memory: Memory) -> int:
    """Stay in `app`, and in what is opened from there, until the screen is left; the exit status."""
    if theme is None:
        app.suit_terminal()
    with one_after_the_other():
        app.run(mouse=memory.settings.mouse)
        if app.live_again is None or app.return_code:
            return app.return_code or 0
        live = live_explorer(app.live_again, memory)
        live.come_after(app)
        live.run(mouse=memory.settings.mouse)
        return live.return_code or 0


def _in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """What `work` comes to. The program may end meanwhile: that would wait for a thread of asyncio's own."""
    result: Future[T] = Future()

    def run() -> None:
        result.set_running_or_notify_cancel()
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(result)


def _take_name(session: Session, snapshot: Snapshot) -> None:
    """`g` of `g(x) = x^2`."""
    try:
        expression = parse(snapshot.expression, tuple(snapshot.variables))
    except ExpressionError:
        return
    session.name, session.named = expression.name, expression.named
