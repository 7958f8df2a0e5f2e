"""The curves of f and f' with the point that moves along them and its tangent.

The curves are drawn once, in a thread, and kept; a step lays the point and its tangent over them and repaints only the
cells that changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, cast, get_args

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from gradtui.chart.drawing import Cell, Picture, Role, draw, fits, load, trouble_text
from gradtui.chart.fitted_window import fitted, looked_at
from gradtui.chart.overlay import Overlay, overlay
from gradtui.chart.plane import Cells, has_room
from gradtui.chart.point import Point
from gradtui.chart.trail import trailed
from gradtui.chart.window import Position, Window, bounded, panned, zoomed
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.defaults import WINDOW
from gradtui.tui.colours import CHART
from gradtui.tui.panes import changed_cells
from gradtui.tui.panes.framed import Framed

NOTCH = 0.8
"""What one notch of the wheel makes of the window's width."""
WHEEL_PAN = 0.1
"""Part of the window's width that one notch of a sideways wheel moves it."""
TOO_SMALL = ("too small here: {key}", "too small")
"""What is told where there is no room, as whole as it fits."""
IDLE = 0.3
"""Seconds after which plotext is imported: the first paint is over, the first curve not there yet."""


class Chart(Framed, can_focus=True):
    """A view of a Curve and of the point on it. It asks for another window, or another x, by message."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES = {f"chart--{role}" for role in get_args(Role)}
    DEFAULT_CSS = (
        """
    Chart {
        height: 1fr;
"""
        + CHART
        + """
        &:ansi .chart--label, &:ansi .chart--axis, &:ansi .chart--zero { text-style: dim; }
    }
    """
    )

    derivative_shown: var[bool] = var(True)
    grid: var[bool] = var(False, init=False)

    class WindowChanged(Message):
        """Another window is asked for: the curve over it is to be shown."""

        def __init__(self, low: float, high: float) -> None:
            super().__init__()
            self.low, self.high = low, high

    class XPicked(Message):
        """A person pointed at this x."""

        def __init__(self, x: float) -> None:
            super().__init__()
            self.x = x

    def __init__(self, keys: Mapping[str, str], *, id: str | None = None, classes: str | None = None) -> None:
        """keys: how those of the actions are called."""
        super().__init__(id=id, classes=classes)
        self._too_small = [text.format(key=keys["maximise"]) for text in TOO_SMALL]
        self._curve: Curve | None = None
        self._other: Curve | None = None
        self._offered = ""
        self._point: Point | None = None
        self._taylor: tuple[float, ...] = ()
        self._picture: Picture | None = None
        self._overlay: Overlay = {}
        self._laid: tuple[object, Overlay] = None, {}
        self._trail: Sequence[Position] = ()
        self._drawing_of: Callable[[int, int], Cells | None] | None = None
        self._cells: Cells | None = None
        self._lines: dict[int, Strip] = {}
        self.known = self._wanted = self._drawing = False  # known: whether there is a curve
        self._window = self._before = WINDOW
        self._asked, self._to_see = list[Window](), list[Window]()
        self._seen: list[Curve] = []
        self._drag: tuple[int, Window] | None = None

    def on_mount(self) -> None:
        self.set_timer(IDLE, lambda: self.run_worker(load, thread=True))

    # What is shown

    def show_curve(self, curve: Curve | None) -> None:
        """Draw another curve; the old picture stays until it is done. None: there is no curve."""
        if curve is self._curve and self.known:
            return
        self._curve, self.known = curve, True
        self.tell_below()
        if curve is None:
            self._picture, self._overlay = None, {}
            self._to_see.clear()
            self.refresh()
            return
        if curve.window in self._asked:
            del self._asked[: self._asked.index(curve.window) + 1]  # an answer: later wishes stand
        else:
            self._asked.clear()
        if not self._asked:
            self._window = bounded(*curve.window)
        if not (self._to_see and self._see(curve)):
            self._redraw()

    def show_point(self, x: float, f: float | None, slope: float | None, taylor: tuple[float, ...] = ()) -> None:
        """Move the point; None for what is not known. taylor: coefficients of the polynomial in place of the tangent."""
        redraw = len(taylor) != len(self._taylor)
        self._point, self._taylor = (x, f, slope), taylor
        self._lay()
        if redraw:
            self._redraw()

    @property
    def other(self) -> Curve | None:
        """The second function, where it is drawn."""
        return self._other if self._other and self._curve and self._other.window == self._curve.window else None

    def show_other(self, curve: Curve | None) -> None:
        """Draw a second function beside the first; None: no more."""
        if curve is not self._other:
            self._other = curve
            self._redraw()

    def toggle_grid(self) -> None:
        self.grid = not self.grid

    def watch_grid(self) -> None:
        self._redraw()

    def toggle_derivative(self) -> None:
        self.derivative_shown = not self.derivative_shown

    def watch_derivative_shown(self) -> None:
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        self.tell_below()
        self._wanted = (self._curve or self._drawing_of) is not None and fits(*self.size)
        if self._wanted and not self._drawing:
            self._drawing = True
            self.run_worker(cast(Any, self._draw), group="draw")
        shown = self._cells if self._drawing_of is not None else self._picture and self._picture.cells
        if not shown or (len(shown[0]), len(shown)) != self.size:
            self.refresh()  # else the old picture stays as it is until the new one is there: one frame and not two

    async def _draw(self) -> None:
        """One picture at a time, of the newest wish; those between are left out."""
        try:
            while self._wanted and (self._curve or self._drawing_of) is not None:
                self._wanted = False
                width, height = self.size
                if (drawing := self._drawing_of) is not None:
                    before, self._cells = self._cells, await asyncio.to_thread(drawing, width, height)
                    self._repaint(before)
                    continue
                assert self._curve is not None
                other = self._other if self._other and self._other.window == self._curve.window else None
                point = self._point and self._point[:2]
                draw_it = partial(draw, derivative=self.derivative_shown, point=point, grid=self.grid, other=other)
                draw_it = partial(draw_it, degree=len(self._taylor) - 1 if self._taylor else 1)
                picture = await asyncio.to_thread(draw_it, self._curve, width, height)
                if self._curve is not None and (width, height) == self.size:
                    self._picture = picture
                    self._lines.clear()
                    self._lay()
                    self.refresh()
        finally:
            self._drawing = False

    def _repaint(self, before: Cells | None) -> None:
        """Where a drawing differs from the one before: mostly a path that has grown."""
        cells = self._cells
        if before is None or cells is None or len(before) != len(cells):
            self.refresh()
        elif regions := [*changed_cells.in_drawing(before, cells)]:
            self.refresh(*regions)

    def _lay(self) -> None:
        """Lay what moves over the picture, and repaint where it differs from before."""
        if self._drawing_of is not None:
            return  # nobody sees it
        before, self._overlay = self._overlay, {}
        if self._picture is not None and self._point is not None:
            if not self._picture.suits(*self._point[:2]):
                self._redraw()
            self._overlay = trailed(self._moving(self._picture, self._point), self._picture, self._trail)
        if regions := [*changed_cells.in_overlay(before, self._overlay)]:
            self.refresh(*regions)

    def _moving(self, picture: Picture, point: Point) -> Overlay:
        of = picture, point, self._taylor, self.derivative_shown
        if self._laid[0] != of:
            self._laid = of, overlay(picture, *point, self._taylor, derivative=self.derivative_shown)
        return self._laid[1]

    def show_drawing(self, drawing: Callable[[int, int], Cells | None] | None) -> None:
        """In place of the curve what `drawing` makes of columns and rows, in a thread; None for the curve again."""
        before, self._drawing_of = self._drawing_of, drawing
        if drawing is None:
            self._cells = None
        if before is not None or drawing is not None:
            self._redraw()
        if before is not None and drawing is None:
            self._lay()
            self.refresh()

    def tell_below(self, offered: str | None = None) -> None:
        """What marks under the curve mean, where it is seen. offered: what else there is to be seen; None for as before."""
        self._offered = self._offered if offered is None else offered
        trouble = trouble_text(self._curve) if self._curve and not self._drawing_of else ""
        both = " ─ ".join(filter(None, (trouble, self._offered)))
        self.entitle(self.fitting(both, trouble) if trouble else both, "subtitle")

    def show_trail(self, places: Sequence[Position], *, with_point: bool = False) -> None:
        """Where the point was before, as x and f. with_point: when the point is shown next, which is soon."""
        if places != self._trail:
            self._trail = places
            if not with_point:
                self._lay()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines.clear()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._drawing_of is not None:
            cells = self._cells[y] if self._cells is not None and y < len(self._cells) else ()
            if not has_room(width, height):
                return self._told(self._no_room(width), y)
            return self._strip(cells).adjust_cell_length(width, self.rich_style)
        if self._picture is None or not fits(width, height):
            missing = self._no_room(width) if self._curve is not None else "no curve" if self.known else ""
            return self._told("" if self._drawing else missing, y)
        if y >= len(self._picture.cells):
            return Strip.blank(width, self.rich_style)
        cells, over = self._picture.cells[y], self._overlay.get(y)
        if y not in self._lines:
            self._lines[y] = self._strip(cells)
        if self._picture.size != (width, height):
            return self._lines[y].adjust_cell_length(width, self.rich_style)
        if not over:
            return self._lines[y]
        return self._strip([over.get(x, cell) for x, cell in enumerate(cells)])

    def cells(self, y: int, start: int, end: int) -> list[Segment] | None:
        picture = self._picture
        if self._drawing_of is not None or picture is None or picture.size != self._styles_cache.content.size:
            return super().cells(y, start, end)
        over = self._overlay.get(y, {})
        return self._segments([over.get(x, cell) for x, cell in enumerate(picture.cells[y][start:end], start)])

    def _told(self, text: str, y: int) -> Strip:
        """The line at half of the height has the text, the others are empty."""
        width, height = self.size
        line = text.center(width)[:width] if y == height // 2 else " " * width
        return self._strip([(character, "label") for character in line])

    def _strip(self, cells: Sequence[Cell]) -> Strip:
        return Strip(self._segments(cells), len(cells))

    def _segments(self, cells: Iterable[Cell]) -> list[Segment]:
        """Cells in their colours, those of one role together."""
        segments = []
        for role, group in groupby(cells, key=itemgetter(1)):
            text = "".join([character for character, _ in group])
            segments.append(Segment(text, self.style_of(f"chart--{role}")))
        return segments

    # Another window

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Ask for a window `factor` times as wide, around the point where that is inside it."""
        self._end_fit()
        self._ask(zoomed(self._window, factor, self._place if around is None else around))

    def pan(self, fraction: float) -> None:
        """Ask for the window moved by a fraction of its width."""
        self._end_fit()
        self._ask(panned(self._window, fraction))

    def fit(self) -> None:
        """Ask for a window with roots, extrema and the point; first for those that these are looked for in, which nobody sees."""
        self._end_fit()
        self._before, self._seen = self._window, []
        self._to_see = looked_at(self._place)
        if self._curve is None or self._curve.window != self._to_see[0] or not self._see(self._curve):
            self._ask(self._to_see[0])

    def _see(self, curve: Curve) -> bool:
        """Take a curve that was asked for to know the window that fits, and ask for the next; False where nothing was asked."""
        if curve.window != self._to_see[0]:
            self._to_see.clear()  # another wish came in between
            return False
        self._seen.append(curve)
        del self._to_see[0]
        return self._ask(self._to_see[0] if self._to_see else fitted(self._seen, self._place))

    def _end_fit(self) -> None:
        """Back to the window that a person sees."""
        if self._to_see:
            self._window = self._before
            self._to_see.clear()

    @property
    def _place(self) -> float | None:
        return self._point[0] if self._point is not None else None

    def _ask(self, window: Window) -> bool:
        if window == self._window:
            return False
        self._window = window
        self._asked.append(window)
        self.post_message(self.WindowChanged(*window))
        return True

    def _x_at(self, event: events.MouseEvent) -> float | None:
        """The x under the pointer, None beside the canvas."""
        if self._picture is None or self._drawing_of is not None:
            return None
        column = event.x - self.gutter.left - self._picture.left
        frame = self._picture.frame
        return frame.round_x_at(column) if 0 <= column < frame.columns else None

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.zoom(NOTCH, self._x_at(event))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.zoom(1 / NOTCH, self._x_at(event))

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.pan(-WHEEL_PAN)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.pan(WHEEL_PAN)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and self._picture is not None:
            self._end_fit()
            self.capture_mouse()
            self._drag = (event.screen_x, self._window)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is None or self._picture is None:
            return
        start, window = self._drag
        if event.screen_x != start or self._window != window:
            self._ask(panned(window, (start - event.screen_x) / self._picture.frame.columns))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._drag is None:
            return
        self.release_mouse()
        moved = self._drag[1] != self._window
        self._drag = None
        x = self._x_at(event)
        if x is not None and not moved:
            self.post_message(self.XPicked(x))

    def _no_room(self, width: int) -> str:
        return next((text for text in self._too_small if len(text) <= width), self._too_small[-1])
