"""The curves of f and f' as a picture of cells, drawn once by plotext, and what moves over it: the point, its tangent.

A cell is a character and the role it plays; whoever paints it chooses the colours. Importing this module does not
import plotext, which takes a moment: the first `draw` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from gradtui.chart.ticks import ticks
from gradtui.chart.window import (
    Frame,
    Position,
    Window,
    bounded,
    breaks_of,
    grown,
    height_in,
    nearest,
    runs,
    y_window,
)
from gradtui.snapshot.curve import Curve, Trouble
from gradtui.snapshot.visible import visible

Role = Literal[
    "f",
    "derivative",
    "other",
    "tangent",
    "point",
    "axis",
    "zero",
    "label",
    "variable",
    "trouble",
    "second",
    "third",
    "fourth",
]
Cell = tuple[str, Role]
Canvas = list[list[Cell]]

SMALLEST = (12, 5)
"""Columns and rows under which there is no room for a picture."""
LEGEND_FROM = 8
"""Rows from which one of them is the legend's."""
FEWEST_LABELS = 4
"""On the y axis, where there is room."""

PRIME = "f'"
TROUBLE = {"value": "×", "gradient": "◇"}
"""What marks the x axis where f is not finite, and where only f' is not."""

OTHER = "×"
"""A second function is drawn in."""

DOT = "·"
"""f' is drawn in: told from f without colours."""
HIGHER: tuple[Cell, ...] = ((":", "second"), ("⁝", "third"), ("⁞", "fourth"))
"""f'' and the next: as many dots as primes."""
BLANK: Cell = (" ", "label")
BRAILLE = 0x2800
DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bit of each of a cell's 2 x 4 dots, by column and then by row from the bottom."""


class Picture(Struct, frozen=True):
    """The cells of a chart, row by row from the top; the canvas of `frame` begins at their column `left`, row `top`.

    own: the y window of the curve without its point.
    """

    cells: tuple[tuple[Cell, ...], ...]
    frame: Frame
    left: int
    top: int
    own: Window

    def suits(self, x: float, f: float | None) -> bool:
        """Whether it would be drawn in the same y window with the point there."""
        return grown(self.own, height_in(self.frame.x_window, x, f)) == self.frame.y_window

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return len(self.cells[0]), len(self.cells)


def fits(width: int, height: int) -> bool:
    """Whether there is room for a picture."""
    return width >= SMALLEST[0] and height >= SMALLEST[1]


def draw(
    curve: Curve,
    width: int,
    height: int,
    *,
    derivative: bool = True,
    point: tuple[float, float | None] | None = None,
    grid: bool = False,
    other: Curve | None = None,
    degree: int = 1,
) -> Picture | None:
    """The curve of f, and of f' unless not wanted, with axes, ticks and a legend, on `width` x `height` cells.

    point: x and f of the one that is to lie inside. grid: lines at the ticks. other: a second function, in the same windows.
    degree: of Taylor's polynomial at the point, which is the tangent for 1. None where there is no room.
    Takes 5 to 40 ms, by size.
    """
    if not fits(width, height):
        return None
    x_window = bounded(*curve.window)
    own = y_window(curve, derivative=derivative)
    if other is not None:
        low, high = y_window(other, derivative=False)
        own = min(own[0], low), max(own[1], high)
    ys = grown(own, height_in(x_window, *point) if point is not None else None)
    top = 1 if height >= LEGEND_FROM or (other is not None and height > SMALLEST[1]) else 0
    rows = height - top - 2
    y_ticks = _y_ticks(ys, rows)
    margin = max((len(text) for _, text in y_ticks), default=0)
    if margin > width // 3:
        y_ticks, margin = [], 0
    left = margin + 1
    name = f" {curve.variable}" if len(curve.variable) <= width // 16 else ""
    frame = Frame(x_window, ys, width - left - len(name), rows)

    canvas, legend = _with_curves(
        _zero_lines(frame, y_ticks if grid else ()), frame, curve, derivative, other, width // 3
    )
    legend.append((("╍", "tangent"), "tangent" if degree == 1 else f"Taylor, degree {degree}"))

    marked = {row_of(frame, value): text for value, text in y_ticks}
    lines = [_legend(legend, curve.what, width)] if top else []
    for row, cells in enumerate(canvas):
        text = marked.get(row)
        axis: Cell = ("│" if text is None else "┤", "axis")
        lines.append(
            [*cells_of((text or "").rjust(margin), "label"), axis, *cells, *cells_of(" " * len(name), "label")]
        )
    lines += _x_axis(frame, left, name, curve.trouble)
    return Picture(tuple(map(tuple, lines)), frame, left, top, own)


def _with_curves(
    canvas: Canvas, frame: Frame, curve: Curve, derivative: bool, other: Curve | None, most: int
) -> tuple[Canvas, list[tuple[Cell, str]]]:
    """The derivatives, the other function and f over what is there, and the legend of them, f first.

    most: characters of the name of the other one.
    """
    legend: list[tuple[Cell, str]] = [(("━", "f"), "f")]
    of_f, of_derivative = breaks_of(curve)
    for place, values in reversed([*enumerate(curve.higher)] if derivative else []):
        layer = rasterise(runs(curve.x, values, frame, of_derivative), frame)
        canvas = _marked(canvas, layer, HIGHER[place])
        legend.insert(1, (HIGHER[place], f"f{chr(39) * (place + 2)}{_whereabouts(values, layer, frame)}"))
    if derivative:
        layer = rasterise(runs(curve.x, curve.derivative, frame, of_derivative), frame)
        canvas = _marked(canvas, layer, (DOT, "derivative"))
        legend.insert(1, ((DOT, "derivative"), f"f'{_whereabouts(curve.derivative, layer, frame)}"))
    if other is not None:
        canvas = _marked(canvas, rasterise(runs(other.x, other.f, frame, breaks_of(other)[0]), frame), (OTHER, "other"))
        told = other.what or "the other"
        legend.append(((OTHER, "other"), told if len(told) <= most else f"{told[: most - 1]}…"))
    layer = rasterise(runs(curve.x, curve.f, frame, of_f), frame)
    canvas = _over(canvas, layer, "f")
    legend[0] = (legend[0][0], f"f{_whereabouts(curve.f, layer, frame)}")
    return canvas, legend


def trouble_text(curve: Curve) -> str:
    """What the marks on the x axis mean, and how they were found; empty where there are none."""
    kinds = {trouble.kind for trouble in curve.trouble}
    marks = [f"{TROUBLE[kind]}{name}" for kind, name in (("value", "f"), ("gradient", PRIME)) if kind in kinds]
    return f"{' '.join(marks)} not finite, sampled" if marks else ""


def load() -> None:
    """Import plotext: for a thread that has time before the first `draw`."""
    import plotext  # noqa: F401


def rasterise(pieces: Sequence[Sequence[Position]], frame: Frame) -> list[str]:
    """Lines of braille, as long as the frame is wide: plotext joins the dots of each piece.

    It is given whole dots only, all of them on the canvas. A figure of plotext's takes ten times as long, for all that can be
    in one.
    """
    from plotext._utility import get_line

    dots = [[0] * frame.columns for _ in range(frame.rows)]
    for piece in pieces:
        places = frame.dots(piece)
        for before, here in pairwise(places):
            column, row = before
            if -1 <= here[0] - column <= 1 and -1 <= here[1] - row <= 1:  # nothing lies between them
                dots[-1 - row // 4][column // 2] |= DOTS[column % 2][row % 4]
            else:
                columns, rows = get_line([before[0], here[0]], [before[1], here[1]])
                for column, row in zip(columns[:-1], rows[:-1], strict=True):
                    dots[-1 - row // 4][column // 2] |= DOTS[column % 2][row % 4]
        for column, row in places[-1:]:
            dots[-1 - row // 4][column // 2] |= DOTS[column % 2][row % 4]
    return ["".join([chr(BRAILLE | cell) if cell else " " for cell in line]) for line in dots]


def _whereabouts(values: Sequence[float], layer: Sequence[str], frame: Frame) -> str:
    """What the legend adds for a curve of which nothing is seen: why."""
    if any(line.strip() for line in layer):
        return ""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return " not finite here"
    low, high = frame.y_window
    return " ↑" if min(finite) > high else " ↓" if max(finite) < low else ""


def row_of(frame: Frame, y: float) -> int:
    """The row of cells, from the top of the canvas, on which a y inside the window lies."""
    return frame.rows - 1 - nearest(frame.place(frame.x_window[0], y)[1]) // 4


def column_of(frame: Frame, x: float) -> int:
    """The column of cells on which an x inside the window lies."""
    return nearest(frame.place(x, frame.y_window[0])[0]) // 2


def _zero_lines(frame: Frame, grid: Sequence[tuple[float, str]] = ()) -> Canvas:
    """An empty canvas but for x = 0 and y = 0 where they are inside the windows, and a grid at the ticks of both axes."""
    canvas: Canvas = [[BLANK] * frame.columns for _ in range(frame.rows)]
    for at in {row_of(frame, value) for value, _ in grid}:
        canvas[at] = [("┄", "zero")] * frame.columns
    for at in {column_of(frame, value) for value, _ in _x_ticks(frame)} if grid else ():
        for line in canvas:
            line[at] = ("┆", "zero")
    column = column_of(frame, 0) if frame.x_window[0] < 0 < frame.x_window[1] else None
    if column is not None:
        for line in canvas:
            line[column] = ("┊", "zero")
    if frame.y_window[0] < 0 < frame.y_window[1]:
        row = row_of(frame, 0)
        canvas[row] = [("┼" if place == column else "┈", "zero") for place in range(frame.columns)]
    return canvas


def _marked(canvas: Canvas, layer: Sequence[str], cell: Cell) -> Canvas:
    """A curve by a sign of its own in each cell that it passes, told from the others without colours."""
    return [
        [under if character == " " else cell for under, character in zip(*pair, strict=True)]
        for pair in zip(canvas, layer, strict=True)
    ]


def _over(canvas: Canvas, layer: Sequence[str], role: Role) -> Canvas:
    return [
        [
            cell if character == " " else merged(cell, ord(character) - BRAILLE, role)
            for cell, character in zip(*pair, strict=True)
        ]
        for pair in zip(canvas, layer, strict=True)
    ]


def merged(cell: Cell, dots: int, role: Role) -> Cell:
    """A cell with further dots; it takes the role of these."""
    return chr(BRAILLE | dots | dots_of(cell)), role


def dots_of(cell: Cell) -> int:
    dots = ord(cell[0]) - BRAILLE
    return dots if 0 < dots < 0x100 else 0


def cells_of(text: str, role: Role) -> list[Cell]:
    return [(character, role) for character in visible(text)]


def _legend(entries: Sequence[tuple[Cell, str]], what: str, width: int) -> list[Cell]:
    """What the lines are at the left, what is drawn at the right, as far as there is room: before what the last line is."""
    line: list[Cell] = []
    before = line
    for mark, text in entries:
        entry = [BLANK, mark, mark, BLANK, *cells_of(text, "label"), BLANK]
        if len(line) + len(entry) <= width:
            before, line = line, [*line, *entry]
    if what and len(line) + len(what) + 1 > width >= len(before) + len(what) + 1:
        line = before
    spare = width - len(line)
    shown = what if len(what) + 1 <= spare else f"{what[: max(0, spare - 2)]}…"
    return line + cells_of((shown if spare > 8 else "").rjust(spare - 1).ljust(spare), "label")


def _x_axis(frame: Frame, left: int, name: str, troubles: Sequence[Trouble]) -> Canvas:
    """The axis, with the variable's name at its end, and its labels, each centred under its tick.

    Where f, or f', is not finite the axis says so: at the cells that hold such a place.
    """
    axis = [BLANK] * (left - 1) + cells_of("└" + "─" * frame.columns, "axis") + cells_of(name, "variable")
    labels = [BLANK] * len(axis)
    for value, text in _x_ticks(frame):
        column = left + column_of(frame, value)
        start = column - len(text) // 2 if text[0] == "-" else column - (len(text) - 1) // 2
        start = max(0, min(len(labels) - len(text), start))
        if all(cell == BLANK for cell in labels[max(0, start - 1) : start + len(text)]):
            axis[column] = ("┬", "axis")
            labels[start : start + len(text)] = cells_of(text, "label")
    low, high = frame.x_window
    for trouble in troubles:
        first, last = (column_of(frame, max(low, min(high, end))) for end in (trouble.low, trouble.high))
        for column in range(left + first, left + last + 1):
            axis[column] = (TROUBLE[trouble.kind], "trouble")
    return [axis, labels]


def _y_ticks(window: Window, rows: int) -> list[tuple[float, str]]:
    """One for every three rows; more where that makes fewer than four."""
    marks: list[tuple[float, str]] = []
    for most in range(max(2, (rows + 1) // 3), rows):
        marks = max(marks, ticks(window, most), key=len)
        if len(marks) >= FEWEST_LABELS:
            break
    return marks


def _x_ticks(frame: Frame) -> list[tuple[float, str]]:
    """As many as leave three cells between their labels."""
    marks: list[tuple[float, str]] = []
    for most in range(1, max(5, frame.columns // 8) + 1):
        more = ticks(frame.x_window, most)
        if sum(len(text) + 3 for _, text in more) > frame.columns:
            break
        marks = more
    return marks
