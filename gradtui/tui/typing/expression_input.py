"""The line in which the function is typed: highlighted, with history, the bad place and the selected node's text lit."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.suggester import Suggester

from gradtui.expression.completion import completion
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.highlight import Piece, pieces
from gradtui.snapshot.visible import visible
from gradtui.tui.typing.history import History
from gradtui.tui.typing.line_input import LineInput

Span = tuple[int, int]
WORD = re.compile(r"[A-Za-z_]+$")


class ExpressionInput(LineInput):
    """Posts `Input.Changed` at every change, `Pointed` where only the cursor moves, `Left` when the person is done with it.

    `lit` and `bad` are spans of its text. pointing: whether the cursor was moved last, and not a letter typed.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "expression--number",
        "expression--function",
        "expression--variable",
        "expression--constant",
        "expression--operator",
        "expression--bracket",
        "expression--error",
        "expression--lit",
        "expression--bad",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "accept", id="expression.accept", tooltip="Keep this function and leave the line"),
        Binding(
            "escape",
            "leave",
            "leave",
            id="expression.leave",
            tooltip="The old function again; what was typed is one key up",
        ),
        Binding("up", "older", "older", id="expression.older", tooltip="The function accepted before this one"),
        Binding("down", "newer", "newer", id="expression.newer", tooltip="The function accepted after this one"),
    ]

    lit: reactive[Span | None] = reactive(None)
    bad: reactive[Span | None] = reactive(None)

    class Left(Message):
        """Enter or escape: back to the picture. `accepted` where it was enter."""

        def __init__(self, accepted: bool) -> None:
            super().__init__()
            self.accepted = accepted

    class Pointed(Message):
        """The cursor was moved to `place`, an offset in the text."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, value: str, names: tuple[str, ...] = (), *, id: str | None = None) -> None:
        self.history, self.names = History(), names  # first: a value that is set asks for its completion
        self.pointing = False
        self._read = visible(value)
        super().__init__(
            self._read,
            compact=True,
            select_on_focus=False,
            highlighter=_Highlighter(self),
            suggester=_Completions(self),
            id=id,
        )

    def action_leave(self) -> None:
        self.post_message(self.Left(accepted=False))

    async def action_submit(self) -> None:
        self.post_message(self.Left(accepted=True))

    def action_older(self) -> None:
        self.put(self.history.older(self.value))

    def action_newer(self) -> None:
        self.put(self.history.newer(self.value))

    def action_cursor_right(self, select: bool = False) -> None:
        """At the end it takes what is suggested, unless that is but what the function takes."""
        following = completion(self.value, self.names) if self.cursor_at_end else None
        if following is None or following.is_text:
            super().action_cursor_right(select)

    def watch_selection(self) -> None:
        self.pointing = self.has_focus and self.value == self._read
        self._read = self.value
        if self.pointing:
            self.post_message(self.Pointed(self.cursor_position))

    @property
    def cursor_at_end(self) -> bool:
        return self.cursor_position == len(self.value)

    def put(self, text: str) -> None:
        """Another text in place of what stands there, with the cursor behind it: where it was is a place of the old one."""
        if text != self.value:
            self.value = text
            self.cursor_position = len(text)

    def show_bad(self) -> None:
        """The cursor goes to the bad place where that is not seen."""
        if self.bad is not None and not 0 <= self.column(self.bad[0]) < self.size.width:
            self.cursor_position = self.bad[0]

    def watch_lit(self) -> None:
        self._look()

    def on_resize(self) -> None:
        self._look()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.call_later(self._look)  # a click is meant for what stood under it

    def _look(self) -> None:
        """Where one types, at the cursor. Else from the beginning on, or as far along as what is lit is seen."""
        width = self.size.width
        if self.has_focus:
            x = max(self.scroll_offset.x, self._cursor_offset + 1 - width)
        else:
            first, end = map(self._position_to_cell, self.lit or (0, 0))
            x = 0 if end < width else max(0, min(first - 1, end + 1 - width))
        self.scroll_to(x=x, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """With a mark on each side on which there is more, where nobody types."""
        line, width, x = super().render_line(y), self.size.width, self.scroll_offset.x
        if self.has_focus or y:
            return line
        mark, nothing = Strip([Segment("…", self.rich_style)]), Strip([])
        before, behind = mark if x else nothing, mark if cell_len(self.value) > x + width else nothing
        return Strip.join([before, line.crop(before.cell_length, width - behind.cell_length), behind])

    def column(self, offset: int) -> int:
        """The cell, counted from the widget's left edge, where the character at `offset` of the text stands."""
        return self._position_to_cell(offset) - self.scroll_offset.x


class _Completions(Suggester):
    """The rest of a function's name, or the arguments that it takes, faint behind the cursor."""

    def __init__(self, input: ExpressionInput) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._input = input

    async def get_suggestion(self, value: str) -> str | None:
        following = completion(value, self._input.names)
        return None if following is None else value + following.rest


class _Highlighter(Highlighter):
    """Colours the pieces; then, over them, the lit span, but for while one types, and the bad place."""

    def __init__(self, input: ExpressionInput) -> None:
        self._input = input

    def highlight(self, text: Text) -> None:
        input, plain = self._input, text.plain
        if not input.is_attached:
            return  # measured before it is mounted: there are no styles yet
        for kind, start, end in _pieces(plain, input.names):
            text.stylize(input.get_component_rich_style(f"expression--{kind}", partial=True), start, end)
        if input.lit is not None and (input.pointing or not input.has_focus):
            text.stylize(input.get_component_rich_style("expression--lit", partial=True), *input.lit)
        if input.bad is not None:
            text.stylize(input.get_component_rich_style("expression--bad", partial=True), *input.bad)


def unfinished(text: str, known: Collection[str]) -> bool:
    """Whether the word at the end of `text` may be the beginning of a function's name; not where it is a variable already."""
    found = WORD.search(text)
    if found is None or found[0] in known or found[0] in re.findall(r"[A-Za-z_]\w*", text[: found.start()]):
        return False
    return any(name.startswith(found[0]) and name != found[0] for name in FUNCTIONS)


@lru_cache(maxsize=16)
def _pieces(text: str, names: tuple[str, ...]) -> list[Piece]:
    return pieces(text, names)
