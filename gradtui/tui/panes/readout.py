"""What comes out: one-line texts."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.content import Content

from gradtui.tui.compositor import between
from gradtui.tui.panes import changed_cells
from gradtui.tui.panes.framed import Framed

GAP = 3
"""Cells between the two ends of a line, at least."""


class TextLine(Framed):
    """A line with two ends: the right one keeps its place, the left one is cut where both are too long.

    The tooltip has them whole. resized: called where it has become another width, for which other ends may suit.
    """

    def __init__(self, resized: Callable[[], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._resized = resized
        self._left = self._right = Content()
        self._pieces: list[Segment] = []
        self._width = 0

    def show(self, left: Content, right: Content) -> None:
        if left.is_same(self._left) and right.is_same(self._right):
            return
        self._left, self._right = left, right
        self.tooltip = Content("\n").join(end for end in (left, right) if end)
        width = self.size.width
        before = self._pieces if width == self._width else []  # another width is known here before on_resize
        self._pieces, self._width = self._made(), width
        if before and width:
            self.refresh(changed_cells.in_pieces(0, before, self._pieces, width))
        else:
            self.refresh()

    def on_resize(self) -> None:
        self._pieces = []
        self._resized()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._pieces = []

    def cells(self, y: int, start: int, end: int) -> list[Segment] | None:
        """As Textual makes them, but for what its mouse looks for in a line."""
        if y or self.text_selection is not None or not self._pieces:
            return super().cells(y, start, end)
        return between(self._pieces, start, end)

    def _made(self) -> list[Segment]:
        style = self.visual_style
        pieces = self.render().render(style, end="", parse_style=self._get_style)
        segments = [Segment(text, (style + one).rich_style) for text, one in pieces]
        return [*segments, Segment(" " * self.size.width, Style.from_color(bgcolor=style.rich_style.bgcolor))]

    def render(self) -> Content:
        return both_ends(self._left, self._right, self.size.width)


def both_ends(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the ends of a line of `width` cells; `right` takes at most two thirds of it."""
    if not right:
        return left.truncate(width, ellipsis=True)
    room = width - GAP - min(left.cell_length, width // 3)
    right = right.truncate(max(0, room), ellipsis=True)
    left = left.truncate(max(0, width - GAP - right.cell_length), ellipsis=True)
    return Content.assemble(left, " " * (width - left.cell_length - right.cell_length), right)
