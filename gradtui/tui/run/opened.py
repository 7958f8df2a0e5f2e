"""The screen on a run, left for the backward pass of an update and come back to."""

from __future__ import annotations

import os
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from gradtui.file.header import FileError
from gradtui.file.run_folder import files, ordered
from gradtui.file.run_reading import load
from gradtui.settings.read_settings import Settings
from gradtui.settings.remembered import Memory
from gradtui.snapshot.model import Snapshot
from gradtui.tui.app import GradtuiApp
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from gradtui.tui.run.look import Look
from gradtui.tui.run.ranks import RanksApp
from gradtui.tui.saved import SavedAnswer, session_of
from gradtui.tui.typing.key_order import Successor, one_after_the_other


class UpdateApp(GradtuiApp):
    """The explorer on the Snapshot of one update. Escape goes back to the run, from wherever nothing else is to be left."""

    CSS_PATH = "../opening.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "restore", "back to the run", show=True, key_display="esc")
    ]

    back = False

    def action_restore(self) -> None:
        if self.session.ledger or self.picture.panes.maximised is not None:
            super().action_restore()
            return
        self.back = True
        self.leave()


def by_rank(folder: str) -> list[str]:
    """The files of a folder in the order of their ranks. Raises FileError, and OSError."""
    return [path for path, _ in ordered([(path, load(path)) for path in files(folder)])]


def _app(sources: list[Source], look: Look, theme: str | None, settings: Settings | None) -> RunApp:
    if len(sources) > 1:
        return RanksApp(sources, look, theme, settings)
    return RunApp(sources[0], look, theme, settings)


def explorer(snapshot: Snapshot, update: int, theme: str | None, memory: Memory | None) -> UpdateApp:
    session = session_of(snapshot)
    session.source = f"update {update}"
    return UpdateApp(session, partial(SavedAnswer, snapshot), theme, memory)


def run(path: str, theme: str | None = None, settings: Settings | None = None) -> int:
    """Show the run that grows in the file, or those of the ranks in a folder, until the screen is left; the exit status.

    theme, settings: as for `saved.run`. Raises FileError and OSError for a folder without runs.
    """
    memory, look, said = Memory(settings=settings), Look(), ""
    sources = [Source(one) for one in (by_rank(path) if os.path.isdir(path) else [path])]
    chosen, mouse = theme, memory.settings.mouse
    before: Successor | None = None
    with one_after_the_other():
        while True:
            app = _app(sources, look, chosen, settings)
            app.come_after(before)
            if chosen is None:
                app.suit_terminal()
            if said:
                app.call_later(app.notify, said, severity="error", markup=False)
            app.run(mouse=mouse)
            chosen, said, before = app.theme, "", app
            if app.opened is None or app.return_code:
                return app.return_code or 0
            try:
                snapshot = app.snapshots[app.opened]
            except (FileError, OSError) as error:
                said = str(error)
                continue
            inner = explorer(snapshot, app.opened, chosen, memory)
            inner.come_after(app)
            inner.run(mouse=mouse)
            if not inner.back or inner.return_code:
                return inner.return_code or 0
            chosen, before = inner.theme, inner
