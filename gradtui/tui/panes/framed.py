"""A widget in a border that is made once: a line of it costs no more than its own cells, and a title its own line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.content import Content
from textual.css.styles import StylesBase
from textual.geometry import Region, Size
from textual.strip import Strip

from gradtui.tui.compositor import PaintsParts, Part, between


class FramedLines(StylesCache):
    """Textual makes border and padding anew with each line, which takes longer than the line. They are others only where all
    lines are made anew.
    """

    _ends: tuple[Sequence[Segment], Sequence[Segment]] | None = None
    _are_known = False
    content = Region()
    """Where in the widget the lines are of which no more than some cells need be made; nowhere where that is not known."""
    background = Color(0, 0, 0)

    def clear(self) -> None:
        super().clear()
        self._ends, self._are_known, self.content = None, False, Region()

    def render_line(
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Any,
        base_background: Any,
        background: Color,
        render_content_line: Callable[[int], Strip],
        *further: Any,
    ) -> Strip:
        def whole(content: Callable[[int], Strip]) -> Strip:
            around = padding, base_background, background
            return super(FramedLines, self).render_line(styles, y, size, content_size, *around, content, *further)

        width, row = content_size.width, y - styles.gutter.top
        if not 0 <= row < content_size.height:
            return whole(render_content_line)
        if not self._are_known:
            self._ends, self._are_known, self.background = _around(whole, width), True, background
            if self._ends is not None:
                self.content = content_size.region.translate((styles.gutter.left, styles.gutter.top))
        if self._ends is None:
            return whole(render_content_line)
        line = render_content_line(row)
        if line.cell_length != width:
            return whole(lambda _: line)
        left, right = self._ends
        return Strip([*left, *line, *right], size.width)


def _around(whole: Callable[[Callable[[int], Strip]], Strip], width: int) -> tuple[list[Segment], list[Segment]] | None:
    """What stands on both sides of a line; None where the line itself is changed, as by an opacity."""
    line = Segment(" " * width)
    made = [*whole(lambda _: Strip([line], width))]
    place = next((place for place, segment in enumerate(made) if segment is line), None)
    return None if place is None else (made[:place], made[place + 1 :])


class Framed(PaintsParts):
    """The base of the panes."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache: FramedLines = FramedLines()
        self._styles_of_components: dict[str, Style] = {}

    def style_of(self, component: str) -> Style:
        """`` for the widget's own. Textual forgets them all with each cell that is painted."""
        style = self._styles_of_components.get(component)
        if style is None:
            style = self.get_component_rich_style(component) if component else self.rich_style
            self._styles_of_components[component] = style
        return style

    def parts(self, wanted: Sequence[Part]) -> list[list[Segment] | None]:
        """Of lines that have changed: what changed in them is all that is painted of them."""
        lines, filters = self._styles_cache, self.get_line_filters()
        inside, (x, y) = lines.content, lines.content.offset
        told: list[list[Segment] | None] = []
        for row, start, end in wanted:
            part: list[Segment] | None = None
            if inside.x <= start and end <= inside.right and inside.y <= row < inside.bottom and lines.is_dirty(row):
                part = self.cells(row - y, start - x, end - x)
            if part is not None:
                for one in filters:
                    part = one.apply(part, lines.background)
            told.append(part)
        return told

    def cells(self, y: int, start: int, end: int) -> list[Segment] | None:
        """What stands in line `y` from cell `start` to before `end`; None where it ends before, and the rest is Textual's."""
        line = self.render_line(y)
        return between(line, start, end) if end <= line.cell_length else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of_components.clear()

    def fitting(self, *titles: str) -> str:
        """The first that the border has room for; the last where none fits, which is cut there."""
        return next((title for title in titles if cell_len(title) <= self.size.width - 4), titles[-1])

    def entitle(self, title: Content | str, end: Literal["title", "subtitle"] = "title") -> None:
        """Another title, or subtitle, in the border. Textual paints the whole widget for it."""
        text = Content(title) if isinstance(title, str) else title
        before: Content | None = getattr(self, f"_border_{end}")
        if text.is_same(before or Content()):
            return
        setattr(self, f"_border_{end}", text or None)
        height = self.outer_size.height
        line = Region(0, 0 if end == "title" else height - 1, self.outer_size.width, 1 if height else 0)
        self.refresh(line.translate(-self.content_offset))
