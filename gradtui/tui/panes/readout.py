"""What comes out: one-line texts."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

GAP = 3
"""Cells between the two ends of a line, at least."""


class TextLine(Widget):
    """A line with two ends: the right one keeps its place, the left one is cut where both are too long.

    The tooltip has them whole.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left = self._right = Content()

    def show(self, left: Content, right: Content) -> None:
        if left.is_same(self._left) and right.is_same(self._right):
            return
        self._left, self._right = left, right
        self.tooltip = Content("\n").join(end for end in (left, right) if end)
        self.refresh()

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
