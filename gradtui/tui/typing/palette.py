"""Textual's palette with what broke under quick and random keys mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import CommandInput, CommandList, CommandPalette, Hit, Hits, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.errors import NoWidget
from textual.events import Click, Key
from textual.geometry import Region
from textual.system_commands import SystemCommandsProvider
from textual.timer import Timer, TimerCallback
from textual.widget import Widget
from textual.widgets import Button, LoadingIndicator

from gradtui.tui.compositor import Mended
from gradtui.tui.typing.key_order import send

SEARCH: Callable[[CommandPalette, str], Awaitable[None]] = vars(CommandPalette._gather_commands)["__wrapped__"]


class Palette(Mended, CommandPalette):
    """Closed while it still searches, it has no list to fill; twice, it is closed once; without room nothing is chosen.

    Enter takes what is found for all that is typed, once that is found: what stands in the list then may be of fewer letters.
    """

    DEFAULT_CSS = "Palette CommandList { min-width: 12; }"
    """Where there is less, Textual cannot break its lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", "close", key_display="esc"),
    ]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._found_for: str | None = None

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if self in self.app.screen_stack else AwaitComplete()

    def compose(self) -> ComposeResult:
        """As in Textual, but for the list."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield PaletteInput(placeholder=self._placeholder, select_on_focus=False)
                if not self.run_on_select:
                    yield Button("\u25b6")
            with Vertical(id="--results"):
                yield Commands()
                yield LoadingIndicator()

    def get_widget_at(self, x: int, y: int) -> tuple[Widget, Region]:
        """A click outside of a screen that has just become smaller is one beside the list."""
        try:
            return super().get_widget_at(x, y)
        except NoWidget:
            return self, self.region

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        self._found_for = None
        with suppress(NoMatches):
            await SEARCH(self, search_value)
            self._found_for = search_value
            self.query_one(PaletteInput).found()

    def has_found(self, text: str) -> bool:
        """What the list shows is all that there is for `text`."""
        return self._found_for == text.strip()

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """What waits for its time, as the word that nothing was found, finds no list in a palette that is closed before."""

        def late() -> None:
            with suppress(NoMatches):
                cast(Callable[[], None], callback)()  # none of Textual's here is awaited

        return super().set_timer(delay, callback and late, name=name, pause=pause)

    def _watch__list_visible(self) -> None:
        with suppress(NoMatches):
            super()._watch__list_visible()

    def _watch__show_busy(self) -> None:  # type: ignore[override]
        """At once: what Textual puts off until the next message is never done in a palette that is closed before."""
        for widget, name in ((LoadingIndicator, "--visible"), (CommandList, "--populating")):
            self.query(widget).set_class(self._show_busy, name)

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)


class PaletteInput(CommandInput):
    """What is typed after escape is for what is under the palette, and waits until that has the keys; so it is after enter,
    unless there is nothing to take."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._left = self._escaped = self._entered = False

    async def action_submit(self) -> None:
        self._entered = True
        self.found()

    def found(self) -> None:
        """Where enter waits for it, and it is what all that is typed finds, it is taken: soon, once it has its room."""
        palette = self.screen
        if self._entered and (not isinstance(palette, Palette) or palette.has_found(self.value)):
            self._entered = False
            self.call_after_refresh(self._take)

    def _take(self) -> None:
        commands = next(iter(self.screen.query(CommandList)), None) if self.is_attached else None
        if commands is None:  # closed meanwhile
            return
        has_room = commands.scrollable_content_region.height > 0
        self._left = has_room and any(not option.disabled for option in commands.options)
        if self._left:
            commands.highlighted = commands.highlighted or 0
            self.post_message(self.Submitted(self, self.value))

    async def _on_key(self, event: Key) -> None:
        if self._left and (self._escaped or event.key != "escape"):
            event.stop()
            event.prevent_default()
            send(self.app, event)
        self._escaped = self._escaped or event.key == "escape"
        self._left = self._left or event.key in ("escape", "enter")


class Actions(SystemCommandsProvider):
    """What each does stands before its name, and either finds it. Textual looks at the first, and for letters that are spread
    over it: `help` found `The ledger of f' in place`."""

    async def search(self, query: str) -> Hits:
        """Those in which `query` stands come first, in their own order where they have it alike."""
        matcher = self.matcher(query)
        for number, (title, name, callback, _) in enumerate(self.app.get_system_commands(self.screen)):
            near = max(nearness(query, title), nearness(query, name))
            spread = max(
                matcher.match(text) / len(text) for text in (title, name) if text
            )  # in a short one they mean more
            score = near * WHOLE - number if near else min(spread, WHOLE / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(title), callback, help=name)


WHOLE = 1000
"""More than there are actions, and than letters that are spread can count."""


def nearness(query: str, text: str) -> int:
    """How much like its name: 4 for the first words of `text`, 3 for its beginning, 2 for that of a word in it, 1 for a part, 0
    for none."""
    query, text = query.casefold(), text.casefold()
    if text.startswith(query):
        return 4 if text[len(query) :][:1] in ("", " ", ":", ",", ";") else 3
    return 2 if f" {query}" in text else int(query in text)


class Commands(CommandList):
    """A click may come after what was painted there has gone."""

    def _on_click(self, event: Click) -> None:  # type: ignore[override]
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()
