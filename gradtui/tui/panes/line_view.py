"""A scrolling view of lines that repaints only what changed: the base of the graph and of the node panel."""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gradtui.snapshot.visible import harmless
from gradtui.tui.compositor import between
from gradtui.tui.panes.framed import Framed

Piece = tuple[str, str]
"""Text and the component class of its style; `` for the widget's own."""

INDENT = "  "
"""Of the rest of a line that was broken."""


class Line(NamedTuple):
    """What stands on a line; `style` is a component class laid over all of it."""

    pieces: tuple[Piece, ...]
    style: str = ""


class LineView(Framed, ScrollView, can_focus=True, inherit_bindings=False):
    """Subclasses give `line_count` and `line`, and call `lines_changed` when they would answer otherwise."""

    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-visibility: visible;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._painted: dict[int, Line] = {}
        self._strips: LRUCache[tuple[Line, int], Strip] = LRUCache(1024)
        self._styles_of: dict[Piece, Style] = {}

    @property
    def line_count(self) -> int:
        raise NotImplementedError

    def line(self, y: int) -> Line:
        """Line `y` of all of them, for the present width."""
        raise NotImplementedError

    @property
    def line_width(self) -> int:
        """Cells for a line."""
        return self.scrollable_content_region.width

    def scrollbars_changed(self) -> None:
        """Have them where the lines need them now: they take cells of each line."""
        size = Size(self.line_width, self.line_count)
        if self.virtual_size != size:
            self.set_reactive(LineView.virtual_size, size)  # setting it would lay out the whole screen
            self._scroll_update(size)

    def lines_changed(self) -> None:
        """Repaint those visible lines that differ from what was painted, each from its first piece that does."""
        self.scrollbars_changed()
        (width, height), top = self.size, self.scroll_offset.y
        changed = []
        for y in range(top, top + height):
            before, now = self._painted.get(y), self._line(y)
            if before != now:
                self._painted[y] = now
                x = 0 if before is None else _unchanged(before, now)
                changed.append(Region(x, y - top, max(0, width - x), 1))
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        (width, height), y = self.size, y + self.scroll_offset.y
        line = self._line(y)
        if len(self._painted) > 4 * height:
            self._painted.clear()
        self._painted[y] = line
        strip = self._strips.get((line, width))
        if strip is None:
            strip = self._strips[line, width] = Strip(between(self._segments(line, width), 0, width), width)
        return strip

    def cells(self, y: int, start: int, end: int) -> list[Segment] | None:
        line = self._painted.get(y + self.scroll_offset.y)
        return super().cells(y, start, end) if line is None else between(self._segments(line, end), start, end)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._styles_of.clear()

    def _line(self, y: int) -> Line:
        """What would act on the terminal is shown in it: a row is measured as it is seen."""
        if y >= self.line_count:
            return Line(())
        line = self.line(y)
        return Line(tuple([(harmless(text), component) for text, component in line.pieces]), line.style)

    def _segments(self, line: Line, width: int) -> list[Segment]:
        """Of a line and what is empty behind it, `width` cells at least."""
        segments = [Segment(text, self._style_of(component, line.style)) for text, component in line.pieces]
        return [*segments, Segment(" " * width, self._style_of("", line.style))]

    def _style_of(self, component: str, over: str) -> Style:
        style = self._styles_of.get((component, over))
        if style is None:
            names = [name for name in (component, over) if name]
            style = self._styles_of[component, over] = self.get_visual_style(*names).rich_style
        return style


def _unchanged(before: Line, now: Line) -> int:
    """Cells at the start of the line that look the same."""
    cells = 0
    if before.style == now.style:
        for old, new in zip(before.pieces, now.pieces, strict=False):
            if old != new:
                break
            cells += cell_len(new[0])
    return cells


def folded(pieces: tuple[Piece, ...], width: int, indent: str = INDENT) -> list[tuple[Piece, ...]]:
    """The pieces on as many lines of `width` cells as they need, broken at spaces; longer words are cut."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for text, style in pieces:
        for word in re.findall(r"\s+|\S+", harmless(text)):
            if used + cell_len(word) > width and used > len(indent):
                lines.append([(indent, "")])
                used = len(indent)
                if word.isspace():
                    continue
            shown = cut(word, width - used)
            lines[-1].append((shown, style))
            used += cell_len(shown)
    return [tuple(line) for line in lines]


def cut(text: str, width: int) -> str:
    """`text`, harmless, in at most `width` cells, `…` at its end where it was longer."""
    text = harmless(text)
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def within(pieces: tuple[Piece, ...], width: int) -> tuple[Piece, ...]:
    """The pieces in at most `width` cells, `…` at their end where they were longer."""
    seen = [(harmless(text), style) for text, style in pieces]
    if width <= 0 or sum(cell_len(text) for text, _ in seen) <= width:
        return pieces
    kept, room = [], width - 1
    for text, style in seen:
        kept.append((text if cell_len(text) <= room else set_cell_size(text, room), style))
        room -= cell_len(kept[-1][0])
        if room == 0:
            break
    return (*kept, ("…", kept[-1][1]))


def left(text: str, width: int) -> str:
    """`text` cut or filled to `width` cells, at the left."""
    return set_cell_size(cut(text, width), width)


def right(text: str, width: int) -> str:
    """`text` cut or filled to `width` cells, at the right."""
    text = cut(text, width)
    return " " * (width - cell_len(text)) + text


def tail(text: str, width: int) -> str:
    """The end of `text`, which tells more of a path, in at most `width` cells."""
    text = harmless(text)
    if cell_len(text) <= width:
        return text
    return "…" + chop_cells(text[::-1], max(1, width - 1))[0][::-1]
