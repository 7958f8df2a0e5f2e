"""Modules by updates: a cell for each stretch of updates, shaded and coloured by the largest norm in it."""

from __future__ import annotations

import math
from itertools import groupby

from textual import events
from textual.message import Message

from gradtui.runs.binned_norms import Cell, Measure, Sign
from gradtui.runs.modules import Row
from gradtui.snapshot.numbers import number
from gradtui.tui.panes.line_view import Line, LineView, Piece, left
from gradtui.tui.run.look import Look
from gradtui.tui.run.loss_chart import AFTER

SHADES = "·░▒▓█"
SIGNS: dict[Sign, str] = {"nan": "×", "inf": "∞", "none": "∅", "zero": "0", "unseen": " "}
NAMES: tuple[dict[Sign, str], ...] = (
    {"nan": "nan", "inf": "infinite", "none": "no gradient", "zero": "zero"},
    {"nan": "nan", "inf": "inf", "none": "None", "zero": "zero"},
)
"""What they say, and the same in fewer cells."""
MOST_POWERS = 8.0
"""Powers of ten that the shades tell apart: what is below them is the faintest."""
TITLES: dict[Measure, tuple[str, ...]] = {
    "gradient": ("norm of the gradient: the largest in each module", "largest norm of the gradient", "gradient"),
    "change": ("change/weight: the largest in each module", "largest change/weight", "change/weight"),
}
"""The first that there is room for."""


class Sized(Message):
    """A view has another size, behind the screen that has one: it is to be shown anew, and what stands over its columns."""


class Scale:
    """Numbers -> shades, by their powers of ten."""

    def __init__(self, span: tuple[float, float] | None) -> None:
        low, high = span or (1.0, 1.0)
        self._high = math.log10(high)
        self._low = max(math.log10(low), self._high - MOST_POWERS)
        self._has_lower = math.log10(low) < self._low

    def level(self, value: float) -> int:
        if self._high <= self._low:
            return len(SHADES) // 2
        part = (math.log10(value) - self._low) / (self._high - self._low)
        return max(0, min(len(SHADES) - 1, int(part * len(SHADES))))

    def shades(self) -> list[str]:
        """Each with the number at which it begins."""
        return [f"{shade} {begin}" for shade, begin in zip(SHADES, self._begins(), strict=True)]

    def span(self) -> str:
        """All shades, and from where to where they go."""
        return f"{''.join(SHADES)} {self._begins()[0]} to {number(10**self._high, 1)}"

    def _begins(self) -> list[str]:
        """Of the faintest, where there are smaller numbers, that below which it is."""
        size = (self._high - self._low) / len(SHADES)
        told = [number(10 ** (self._low + level * size), 1) for level in range(len(SHADES))]
        return [f"below {told[1]}", *told[1:]] if self._has_lower else told


class HeatMap(LineView):
    """A view of a Look; a click chooses an update and a row."""

    DEFAULT_CSS = """
    HeatMap {
        .heat-map--0 { color: $text-muted; }
        .heat-map--1 { color: $text-secondary; }
        .heat-map--2 { color: $text-primary; }
        .heat-map--3 { color: $text-success; }
        .heat-map--4 { color: $text-warning; }
        .heat-map--nan, .heat-map--inf { color: $text-error; text-style: bold; }
        .heat-map--none { color: $text-muted; text-style: italic; }
        .heat-map--zero { color: $text-muted; text-style: bold; }
        .heat-map--unseen { color: $text-muted; }
        .heat-map--here { color: $foreground; text-style: bold reverse; }
        .heat-map--name { color: $foreground; }
        .heat-map--row { color: $text-accent; text-style: bold; }
        .heat-map--axis { color: $text-disabled; }
    }
    """
    COMPONENT_CLASSES = {
        *(f"heat-map--{level}" for level in range(len(SHADES))),
        *("heat-map--nan", "heat-map--inf", "heat-map--none", "heat-map--zero", "heat-map--unseen"),
        *("heat-map--name", "heat-map--row", "heat-map--here", "heat-map--axis"),
    }

    class Picked(Message):
        """row: of the heat map; place: of an update."""

        def __init__(self, row: int, place: int | None) -> None:
            super().__init__()
            self.row, self.place = row, place

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look = look
        self._scale = Scale(None)
        self._columns: list[range] = []
        self._of: object = None
        self._known: dict[tuple[str, int], list[Piece]] = {}

    @property
    def name_width(self) -> int:
        """Cells at the left of the axis."""
        return max(10, min(30, self.line_width // 4))

    @property
    def cell_count(self) -> int:
        return max(1, self.line_width - self.name_width - 1 - AFTER)

    @property
    def line_count(self) -> int:
        return len(self._look.rows)

    def on_resize(self) -> None:
        self.post_message(Sized())

    def show(self) -> None:
        look = self._look
        of = look.view, look.measure, look.window, self.size, self.cell_count
        if of != self._of:
            self._of = of
            self._known.clear()
            self._columns = look.columns(self.cell_count)
            low, high = look.window
            span = look.view.span(
                look.measure, -(-self.cell_count * look.count // (high - low))
            )  # the same wherever one looks
            self._scale = Scale(span)
            self.border_title = self.fitting(*TITLES[look.measure])
            self.border_subtitle = self._legend(span is not None)
        self.lines_changed()
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if height and not top <= look.row < top + height:
            self.scroll_to(y=look.row - height + 1 if look.row >= top + height else look.row, animate=False)

    def line(self, y: int) -> Line:
        look = self._look
        row = look.rows[y]
        shown = [*self._cells(row)]
        here = look.column(self.cell_count)
        if here is not None and here < len(shown):
            shown[here] = shown[here][0] if shown[here][0] != " " else "│", "heat-map--here"
        name = left(f"{'  ' * row.depth}{_mark(row)}{row.label}", self.name_width)
        style = "heat-map--row" if y == look.row else "heat-map--name"
        pieces: list[Piece] = [(name, style), ("┃" if y == look.row else "│", "heat-map--axis")]
        for component, group in groupby(shown, key=lambda one: one[1]):
            pieces.append(("".join(text for text, _ in group), component))
        return Line(tuple(pieces))

    def _cells(self, row: Row) -> list[Piece]:
        """Without the mark of where one looks."""
        key = row.path, len(row.places)
        known = self._known.get(key)
        if known is None:
            cells = self._look.view.cells(row, self._look.measure, self._columns) if self._look.count else []
            known = self._known[key] = [self._shown(cell) for cell in cells]
        return known

    def _shown(self, cell: Cell) -> Piece:
        if cell.sign:
            return SIGNS[cell.sign], f"heat-map--{cell.sign}"
        level = self._scale.level(cell.value)
        return SHADES[level], f"heat-map--{level}"

    def _legend(self, shaded: bool) -> str:
        """As much as there is room for. shaded: whether there are numbers that a shade stands for."""
        signs, brief = ("  ".join(f"{SIGNS[sign]} {name}" for sign, name in names.items()) for names in NAMES)
        if not shaded:
            return self.fitting(signs, brief)
        span = self._scale.span()
        return self.fitting("  ".join([*self._scale.shades(), signs]), f"{span}  {signs}", f"{span}  {brief}", span)

    def on_click(self, event: events.Click) -> None:
        row = event.y - self.gutter.top + self.scroll_offset.y
        column = event.x - self.gutter.left - self.name_width - 1
        if 0 <= row < self.line_count:
            place = self._columns[column].start if 0 <= column < len(self._columns) else None
            self.post_message(self.Picked(row, place))


def _mark(row: Row) -> str:
    return "" if row.opened is None else "▾ " if row.opened else "▸ "
