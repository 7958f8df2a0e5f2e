"""A frame in which some cells are others: no line is made anew but for these, and no cell but these is written; and what every
screen does with its size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import Compositor, CompositorUpdate
from textual.dom import DOMNode
from textual.events import Resize
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widget import Widget

Seen = tuple[int, int, Widget, Region]
"""Columns of a row, the widget that is seen there, and where that lies."""
Written = tuple[int, int, list[Segment]]
"""Row, column, and what is written from there on."""
Part = tuple[int, int, int]
"""A row of a widget, border and all counted, and the cells of it from one column to before another."""

ROWS_AT_ONCE = 8
"""Of a frame that is painted in parts: some milliseconds."""


class PaintsParts(Widget):
    """A widget that can tell what stands in some cells of a row without making the whole line."""

    def parts(self, wanted: Sequence[Part]) -> list[list[Segment] | None]:
        """What stands in each of them; None where the whole line is to be made."""
        raise NotImplementedError


class CellsUpdate(CompositorUpdate):
    """What is written to the terminal."""

    def __init__(self, written: Sequence[Written]) -> None:
        self.written = written

    def render_segments(self, console: Console) -> str:
        system = console._color_system or ColorSystem.TRUECOLOR
        render, parts = Strip.render_style, []
        for y, x, segments in self.written:
            parts.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style, _ in segments:
                parts.append(text if style is None else render(style, text, system))
        return "".join(parts)


class CellsCompositor(Compositor):
    """Textual's goes through all lines of all widgets between the first and the last cell that changed, and cuts each up."""

    in_parts = False
    """Whether a large frame is painted in several turns of the loop, between which a key is heard."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[int, list[Seen]] = {}
        self._seen_of: object = None

    @property
    def unpainted(self) -> bool:
        """Whether something is left for the next part of a frame."""
        return bool(self._dirty_regions)

    def render_partial_update(self) -> CellsUpdate | None:  # type: ignore[override]
        spans = [*self._regions_to_spans(self._dirty_regions)]
        self._dirty_regions.clear()
        if self.in_parts:
            self._dirty_regions.update(Region(first, y, end - first, 1) for y, first, end in spans[ROWS_AT_ONCE:])
            del spans[ROWS_AT_ONCE:]
        return self._update(spans)

    def render_widget(self, widget: Widget) -> CellsUpdate | None:
        """What changed in one widget alone."""
        if widget not in self.visible_widgets:
            return None
        region, clip = self.visible_widgets[widget]
        changed = (part.translate(region.offset).intersection(clip) for part in widget._exchange_repaint_regions())
        return self._update(self._regions_to_spans(filter(None, changed)))

    def _update(self, spans: Iterable[tuple[int, int, int]]) -> CellsUpdate | None:
        places: list[tuple[int, int]] = []
        of: dict[Widget, tuple[Region, list[int], list[Part]]] = {}
        for y, first, end in spans:
            for left, right, widget, region in self._seen_in(y):
                start, stop = max(first, left), min(end, right)
                if start < stop:
                    _, numbers, wanted = of.setdefault(widget, (region, [], []))
                    numbers.append(len(places))
                    wanted.append((y - region.y, start - region.x, stop - region.x))
                    places.append((y, start))
        if not places:
            return None
        written: list[Written] = [(y, start, []) for y, start in places]
        for widget, (region, numbers, wanted) in of.items():
            for number, part in zip(numbers, _parts(widget, region, wanted), strict=True):
                written[number][2].extend(part)
        return CellsUpdate(written)

    def _seen_in(self, y: int) -> list[Seen]:
        """What is seen in a row, until widgets lie elsewhere."""
        if self._seen_of is not self.visible_widgets:
            self._seen_of = self.visible_widgets
            self._seen.clear()
        seen = self._seen.get(y)
        if seen is None:
            seen = self._seen[y] = self._look(y)
        return seen

    def _look(self, y: int) -> list[Seen]:
        """From the front to the back, each where nothing before it is."""
        found: list[Seen] = []
        free = [(0, self.size.width)] if 0 <= y < self.size.height else []
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            if not shown or not shown.y <= y < shown.bottom:
                continue
            left = []
            for first, end in free:
                start, stop = max(first, shown.x), min(end, shown.right)
                if start >= stop:
                    left.append((first, end))
                    continue
                found.append((start, stop, widget, region))
                left += [(one, other) for one, other in ((first, start), (stop, end)) if one < other]
            free = left
            if not free:
                break
        return sorted(found, key=lambda seen: seen[0])


def _parts(widget: Widget, region: Region, wanted: Sequence[Part]) -> Iterator[list[Segment]]:
    """What stands in these cells of a widget, the whole line made where it cannot tell otherwise."""
    told = widget.parts(wanted) if isinstance(widget, PaintsParts) else [None] * len(wanted)
    whole = sorted({row for (row, _, _), part in zip(wanted, told, strict=True) if part is None})
    lines = dict(_lines(widget, region, whole)) if whole else {}
    for (row, start, end), part in zip(wanted, told, strict=True):
        yield between(lines[row], start, end) if part is None else part


def _lines(widget: Widget, region: Region, rows: Sequence[int]) -> Iterator[tuple[int, Strip]]:
    """The lines of these rows of a widget, asked for as many at a time as follow each other."""
    first = rows[0]
    for row, following in zip(rows, (*rows[1:], None), strict=True):
        if following != row + 1:
            yield from zip(
                range(first, row + 1), widget.render_lines(Region(0, first, region.width, row + 1 - first)), strict=True
            )
            first = following or 0


def between(segments: Iterable[Segment], start: int, end: int) -> list[Segment]:
    """What stands from cell `start` to cell `end`; of a wide character that is cut only a blank."""
    found: list[Segment] = []
    x = 0
    for segment in segments:
        if x >= end:
            break
        text = segment.text
        following = x + (len(text) if text.isascii() else cell_len(text))
        if following > start:
            if x < start:
                _, segment = segment.split_cells(start - x)
                x = start
            if following > end:
                segment, _ = segment.split_cells(end - x)
            found.append(segment)
        x = following
    return found


def paint_at_once(widget: Widget) -> None:
    """What changed in it, before anything else that waits to be painted or done."""
    app, screen = widget.app, widget.screen
    compositor = screen._compositor
    if isinstance(compositor, CellsCompositor) and screen is app.screen and not app._batch_count:
        update = compositor.render_widget(widget)
        if update is not None:
            widget._repaint_required = False
            app._display(screen, cast(Any, update))


class Mended:
    """For a screen. Two resizes, one soon after the other, send Textual's screens back and forth for ever: the last counts.

    Where a widget stood that has just gone, there is nothing to select; Textual asks for its parent.
    """

    async def _on_resize(self, event: Resize) -> None:
        if event.size != cast(DOMNode, self).app.size:
            event.stop()
            event.prevent_default()

    def _screen_resized(self, size: Size) -> None:
        """Also each layout tells a screen its size, to be laid out for it."""
        if cast(Widget, self).outer_size != (now := cast(DOMNode, self).app.size):
            cast(Any, super())._screen_resized(now)

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        widget, offset = cast(Any, super()).get_widget_and_offset_at(x, y)
        return (widget, offset) if widget is not None and widget.is_attached else (None, None)
