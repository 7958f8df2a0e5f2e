"""The line of keys: of those that work now (which those are, `tui/keys.py` says) as many as fit whole.

Textual's Footer has a widget a key and makes them all anew at every change of the keys: a third of what a start of the screen
and a change between its panes cost. This is one line that is painted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from gradtui.tui.panes.screen_sizes import ONE_BELOW

if TYPE_CHECKING:
    from textual.events import MouseDown, MouseMove
    from textual.screen import Screen

ALWAYS = ("help", "quit", "line.help", "app.explain", "restore")
"""Actions that are never left out, beside the palette."""
LEFT = 1
"""Cells before the first key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is shown."""

    press: str
    shown: str
    says: str
    tooltip: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands or falls together: a key and what it does, or the keys of a group and what they do."""

    keys: tuple[Key, ...]
    says: str
    """What the keys of a group do; nothing where there is one key."""
    always: bool

    @property
    def cells(self) -> int:
        """What it takes in the line, with the gap behind it."""
        keys = sum(cell_len(key.shown) + 1 + (cell_len(key.says) + 1 if key.says else 0) for key in self.keys)
        return keys + (cell_len(self.says) + 1 if self.says else 0)


class KeyFooter(Widget, can_focus=False):
    """One line: key, what it does, the next key; the palette at the right end. A click presses the key.

    left_out: actions that are not shown now, though their keys work.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "key-footer--key",
        "key-footer--description",
        "key-footer--label",
        "key-footer--border",
        "key-footer--hover",
    }

    entries: reactive[tuple[Entry, ...]] = reactive(())
    palette: reactive[Entry | None] = reactive(None)
    under_mouse: reactive[Key | None] = reactive(None)

    def __init__(self, left_out: Sequence[str] = ()) -> None:
        super().__init__()
        self.left_out = left_out

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._keys_changed)

    def _keys_changed(self, screen: Screen[object]) -> None:
        """The keys of what is over its screen now, which may have no such line of its own."""
        if not self.app.app_focus:
            return  # what stood before the terminal lost the focus
        active = self.app.screen.active_bindings
        shown: dict[str, tuple[Binding, bool, str]] = {}
        for _, binding, enabled, tooltip in active.values():
            if binding.show and binding.action not in self.left_out:
                shown.setdefault(binding.action, (binding, enabled, tooltip))
        self.entries = tuple(self._entries(shown))
        of_palette = active.get(self.app.COMMAND_PALETTE_BINDING)
        self.palette = None
        if of_palette is not None:
            _, binding, enabled, tooltip = of_palette
            self.palette = Entry((self._key(binding, enabled, tooltip, binding.description),), "", always=True)

    def _entries(self, shown: dict[str, tuple[Binding, bool, str]]) -> Iterator[Entry]:
        for group, bindings in groupby(shown.values(), lambda one: one[0].group):
            members = list(bindings)
            always = [binding.action in ALWAYS for binding, _, _ in members]
            if group is not None and len(members) > 1:
                yield Entry(tuple(self._key(*one, says="") for one in members), group.description, any(always))
            else:
                for one, kept in zip(members, always, strict=True):
                    yield Entry((self._key(*one, says=one[0].description),), "", kept)

    def _key(self, binding: Binding, enabled: bool, tooltip: str, says: str) -> Key:
        return Key(binding.key, self.app.get_key_display(binding), says, tooltip or binding.description, enabled)

    def _room(self) -> int:
        """Cells left of the palette."""
        return self.size.width - LEFT - (0 if self.palette is None else self.palette.cells + self._border)

    @property
    def _border(self) -> int:
        """Cells of the line before the palette: none in a narrow terminal."""
        return int(self.size.width >= ONE_BELOW[0])  # the classes of the screen may come behind its frame

    def _shown(self) -> Iterator[Entry]:
        """From the end on without what does not fit, but never without the ways to help, to every action and out."""
        room = self._room() - sum(entry.cells for entry in self.entries if entry.always)
        for entry in self.entries:
            if entry.always:
                yield entry
            elif entry.cells <= room:
                room -= entry.cells
                yield entry
            else:
                room = -1

    def _pieces(self) -> Iterator[tuple[str, Style, Key | None]]:
        """The line from left to right: a text, its style, and the key that a click on it presses."""
        plain = self.rich_style.background_style
        yield " " * LEFT, plain, None
        used = 0
        for entry in self._shown():
            used += entry.cells
            yield from self._of_entry(entry)
        if self.palette is not None:
            yield " " * max(0, self._room() - used), plain, None
            yield "▏" * self._border, self.get_component_rich_style("key-footer--border"), None
            yield from self._of_entry(self.palette)

    def _of_entry(self, entry: Entry) -> Iterator[tuple[str, Style, Key | None]]:
        plain = self.rich_style.background_style
        for key in entry.keys:
            style = self.get_component_rich_style("key-footer--key")
            told = self.get_component_rich_style("key-footer--description")
            if key == self.under_mouse:
                hover = Style(bgcolor=self.get_component_rich_style("key-footer--hover").bgcolor)
                style, told = style + hover, told + hover
            if not key.enabled:
                style, told = style + Style(dim=True), told + Style(dim=True)
            yield key.shown, style, key
            if key.says:
                yield f" {key.says}", told, key
            yield " ", plain, None
        if entry.says:
            yield entry.says, self.get_component_rich_style("key-footer--label"), None
            yield " ", plain, None

    def render_line(self, y: int) -> Strip:
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        line = Strip(Segment(text, style) for text, style, _ in self._pieces() if text)
        return line.adjust_cell_length(self.size.width, self.rich_style)

    def _at(self, x: int) -> Key | None:
        for text, _, key in self._pieces():
            x -= cell_len(text)
            if x < 0:
                return key
        return None

    def on_mouse_move(self, event: MouseMove) -> None:
        self.under_mouse = self._at(event.x)

    def on_leave(self) -> None:
        self.under_mouse = None

    def watch_under_mouse(self, key: Key | None) -> None:
        self.tooltip = key.tooltip if key is not None else None

    def on_mouse_down(self, event: MouseDown) -> None:
        key = self._at(event.x)
        if key is None:
            return
        if key.enabled:
            self.app.simulate_key(key.press)
        else:
            self.app.bell()
