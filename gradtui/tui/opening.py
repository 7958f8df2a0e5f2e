"""What a person sees first, the line of the function and the keys; all else comes behind that frame, and is imported there."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Static

from gradtui.settings.read_settings import Settings
from gradtui.settings.remembered import Memory
from gradtui.snapshot.model import Snapshot
from gradtui.tui.configured_keys import bound, key_names
from gradtui.tui.keys import KEYS, UPDATE
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.panes.screen_sizes import HEIGHTS, TOO_SMALL, WIDTHS
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.typing.formula_line import FormulaLine
from gradtui.tui.typing.key_order import Successor


class Opening(Successor, MendedApp):
    """`open` brings the rest. Keys that were pressed before it has are heard then, in their order."""

    TITLE = "gradtui"
    CSS_PATH = "opening.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, session: Session, theme: str | None, memory: Memory | None) -> None:
        """memory: what is remembered of the last time, and will be of this one; None for nothing."""
        super().__init__()
        self.session, self.memory = session, memory
        settings = Settings() if memory is None else memory.settings
        self.keys, wrong = bound(settings.keys, places=settings.sources)
        self.key_names = key_names(self.keys)
        self.wrong = (*settings.wrong, *wrong)
        self.set_keymap({str(key.id): key.key for key, usual in zip(self.keys, KEYS, strict=True) if key is not usual})
        self.plain = settings.plain
        self.theme = theme or self.theme
        self._opened = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.first_line()
        yield Static(TOO_SMALL, id="too-small")
        yield KeyFooter(left_out=(UPDATE,))

    def first_line(self) -> Widget:
        self.line = FormulaLine(self.session, id="formula")
        return self.line

    def on_mount(self) -> None:
        self._first = self.chosen
        if self.session.origin == "expression" and self.session.live and self.session.read(self.session.text):
            self.line.show_title()
        self.screen.call_after_refresh(self.begin)

    async def begin(self) -> None:
        """The first frame is out. What starts now would have taken the processor from it."""
        if self.memory is not None:
            for text in self.memory.load():
                self.line.formula.history.add(text)
        self.warn("Settings", self.wrong)
        try:
            await self.open()
            self.own_errors.begin()
        finally:
            self._opened.set()
            self.ready()
        self.call_after_refresh(self._collect)

    def _collect(self) -> None:
        """Behind the picture of an answer that came at once, as that of a file does, which may be a million objects."""
        gc.freeze()  # what is there now stays: to look through it again would cost a frame, now and then
        gc.enable()

    async def open(self) -> None:
        raise NotImplementedError

    def exit(self, result: Any = None, return_code: int = 0, message: Any = None) -> None:
        """Also before the rest is there: a signal may end the program at any moment, and then nothing brings it any more."""
        self._opened.set()
        super().exit(result, return_code, message)

    @property
    def _is_opened(self) -> bool:
        return self._opened.is_set()

    async def _process_messages_loop(self) -> None:
        await self._opened.wait()
        await super()._process_messages_loop()

    def keep_typed(self) -> str:
        """As the newest of the history."""
        if self.memory is None or self.session.base is None:
            return ""
        typed = self.line.formula.value
        if not typed.strip() or typed == self.session.base.text:
            return ""
        self.line.formula.history.add(typed)
        return f"What was typed is kept: {self.key_names['edit']} and ↑ bring it back. "

    def remember(self) -> None:
        """Also what is being typed: a terminal may be closed at any moment."""
        self.keep_typed()
        if self.memory is not None:
            self.memory.save(self.line.formula.history.entries, self._first, self.chosen)

    def say_why_idle(self, event: Key | None = None, shown: Snapshot | None = None) -> None:
        """Why nothing comes of a key that no action took; without one, why there is no other answer."""
        from gradtui.tui.typing.idle_keys import nothing_new, why_idle  # not wanted before the first paint

        self.say(nothing_new(self.session) if event is None else why_idle(event, self.keys, self.session, shown))

    @property
    def chosen(self) -> dict[str, str]:
        """Settings that the screen changes; another choice than at first holds from now on."""
        return {"theme": self.theme, "vocabulary": "plain" if self.plain else "torch"}
