"""The variables: a row each with value, step and gradient; one of them, and one element of it, is active."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gradtui.snapshot.visible import visible
from gradtui.tui.panes import changed_cells
from gradtui.tui.panes.framed import Framed

APART = 1
"""Cells that are left free at the end of a row: what stands beside it must not touch it."""


class VariableRow(Struct, frozen=True):
    """What a row shows, as text.

    elements: one for a scalar; of a vector those around the active one, from number `first` on, of `count` in all.
    element: the active one, counted in the whole vector. gradient: empty where it is shown elsewhere.
    """

    name: str
    elements: tuple[str, ...]
    vector: bool
    element: int
    step: str
    gradient: str
    active: bool
    first: int = 0
    count: int = 1


Piece = tuple[str, str, int | None]
"""Text, the component class of its style (`` for none), and the element that a click on it chooses."""


class Stepper(Framed, ScrollView, can_focus=True, inherit_bindings=False):
    """A view of VariableRows. Says what a person did to them with `Chosen` and `Stepped`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "stepper--name",
        "stepper--active-name",
        "stepper--value",
        "stepper--active-value",
        "stepper--label",
        "stepper--gradient",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.next_variable(-1)", show=False, id="stepper.up"),
        Binding("down", "app.next_variable(1)", show=False, id="stepper.down"),
        Binding("enter", "app.edit_value", show=False, id="stepper.enter"),
    ]

    class Chosen(Message):
        """A click on a row, and on one element of it."""

        def __init__(self, name: str, element: int | None) -> None:
            super().__init__()
            self.name, self.element = name, element

    class Stepped(Message):
        """The wheel on a row: `ticks` steps, up is more."""

        def __init__(self, name: str, element: int | None, ticks: int) -> None:
            super().__init__()
            self.name, self.element, self.ticks = name, element, ticks

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[VariableRow, ...] = ()
        self._pieces: list[list[Piece]] = []
        self._width = 0

    def show(self, rows: Sequence[VariableRow]) -> None:
        """Paint `rows`; where there is no room for all of them, the active one is in sight."""
        if self._rows == tuple(rows):
            return
        self._rows, before, arranged = tuple(rows), self._pieces, self._width
        self._arrange()
        self.virtual_size = Size(self.size.width, len(self._rows))
        width, top = self.size.width, self.scroll_offset.y
        if len(before) != len(self._pieces) or arranged != width:  # known here before on_resize
            self.refresh()
        elif changed := [y for y, pieces in enumerate(self._pieces) if pieces != before[y]]:
            self.refresh(*(changed_cells.in_pieces(y - top, before[y], self._pieces[y], width) for y in changed))
        active = next((y for y, row in enumerate(self._rows) if row.active), None)
        if active is not None and len(self._rows) > self.size.height > 0:
            self.scroll_to_region(Region(0, active, 1, 1), animate=False, force=True)

    def on_resize(self) -> None:
        self._arrange()
        self.virtual_size = Size(self.size.width, len(self._rows))

    @property
    def longest(self) -> int:
        """Cells of the longest row."""
        return max((sum(cell_len(text) for text, *_ in pieces) for pieces in self._pieces), default=0)

    @property
    def longest_scalar(self) -> int:
        """The same of those that are no vectors, which take what room there is."""
        pairs = zip(self._rows, self._pieces, strict=True)
        return max((sum(cell_len(text) for text, *_ in pieces) for row, pieces in pairs if not row.vector), default=0)

    def _arrange(self) -> None:
        self._width = self.size.width
        width = (self._width or 80) - APART
        names = max((cell_len(visible(row.name)) for row in self._rows), default=0)
        scalars = max((cell_len(row.elements[0]) for row in self._rows if not row.vector), default=0)
        self._pieces = [arrange(row, names, scalars, width, marked=len(self._rows) > 1) for row in self._rows]

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width = self.size.width
        own = self.style_of("")
        if row >= len(self._pieces):
            return Strip.blank(width, own)
        segments = [Segment(text, self.style_of(name)) for text, name, _ in self._pieces[row]]
        more = self._more(y)
        room = width - APART - 2 * bool(more)
        whole = sum(segment.cell_length for segment in segments) <= room
        strip = Strip(segments) if whole else Strip([*Strip(segments).crop(0, room - 1), Segment("…")])
        if more:
            mark = Segment(f" {more}", self.style_of("stepper--label"))
            strip = Strip([*strip.adjust_cell_length(room, own), mark])
        return strip.adjust_cell_length(width, own).apply_style(own)

    def _more(self, y: int) -> str:
        """A mark at the first line that is seen, or the last, where there are more rows."""
        above = y == 0 and self.scroll_offset.y > 0
        below = y == self.size.height - 1 and y + self.scroll_offset.y < len(self._rows) - 1
        return "↕" if above and below else "↑" if above else "↓" if below else ""

    def on_click(self, event: events.Click) -> None:
        self._post_at(event, self.Chosen)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._post_at(event, lambda name, element: self.Stepped(name, element, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._post_at(event, lambda name, element: self.Stepped(name, element, -1))

    def _post_at(self, event: events.MouseEvent, message: Callable[[str, int | None], Message]) -> None:
        event.stop()
        event.prevent_default()  # the wheel steps, it does not scroll
        y = event.y + self.scroll_offset.y
        if 0 <= y < len(self._rows):
            self.post_message(message(self._rows[y].name, element_at(self._pieces[y], event.x)))


def arrange(row: VariableRow, names: int, scalars: int, width: int, *, marked: bool) -> list[Piece]:
    """A row's pieces: `▸ x = 4.0   ∂f/∂x 11   step 0.1`, names and scalars in columns, vectors cut to the room."""
    mark = ("▸ " if row.active else "  ") if marked else ""
    name = "stepper--active-name" if row.active else "stepper--name"
    head: list[Piece] = [
        (mark, name, None),
        (set_cell_size(visible(row.name), names), name, None),
        (" = ", "stepper--label", None),
    ]
    tail: list[Piece] = [("   step ", "stepper--label", None), (row.step, "stepper--value", None)] if row.active else []
    gradient: list[Piece] = []
    if row.gradient:
        gradient = [(f"   ∂f/∂{visible(row.name)} ", "stepper--label", None), (row.gradient, "stepper--gradient", None)]
    value = "stepper--active-value" if row.active else "stepper--value"
    if not row.vector:
        text = row.elements[0]
        return [*head, (text, value, 0), (" " * (scalars - cell_len(text)), "", None), *gradient, *tail]
    room = width - sum(cell_len(text) for text, *_ in (*head, *tail, *gradient)) - 2
    if room < 24:  # the values come first
        room += sum(cell_len(text) for text, *_ in gradient)
        gradient = []
    return [
        *head,
        ("[", "stepper--label", None),
        *_elements(row, room),
        ("]", "stepper--label", None),
        *gradient,
        *tail,
    ]


def _elements(row: VariableRow, room: int) -> list[Piece]:
    """As many elements around the active one as fit in `room` cells; `…` for those cut, the count behind where there are any."""
    widths = [cell_len(text) + 2 for text in row.elements]
    start = row.element - row.first
    end = start + 1
    whole = len(row.elements) == row.count and sum(widths) - 2 <= room
    spare = room if whole else room - len(f"… … of {row.count}")
    while True:
        used = sum(widths[start:end]) - 2
        if end < len(widths) and used + widths[end] <= spare:
            end += 1
        elif start > 0 and used + widths[start - 1] <= spare:
            start -= 1
        else:
            break
    pieces: list[Piece] = [("… ", "stepper--label", None)] if row.first + start > 0 else []
    for index in range(start, end):
        if index > start:
            pieces.append((", ", "stepper--label", None))
        active = row.active and row.first + index == row.element
        style = "stepper--active-value" if active else "stepper--value"
        pieces.append((row.elements[index], style, row.first + index))
    if row.first + end < row.count:
        pieces.append((" …", "stepper--label", None))
    if end - start < row.count:
        pieces.append((f" of {row.count}", "stepper--label", None))
    return pieces


def element_at(pieces: Sequence[Piece], x: int) -> int | None:
    """The element whose text covers column `x`, if one does."""
    for text, _, element in pieces:
        x -= cell_len(text)
        if x < 0:
            return element
    return None
