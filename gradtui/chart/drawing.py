"""The curves of f and f' as a picture of cells, drawn once by plotext, and what moves over it: the point, its tangent.

A cell is a character and the role it plays; whoever paints it chooses the colours. Importing this module does not
import plotext, which takes a moment: the first `draw` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from gradtui.chart.labels import beside
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
from gradtui.snapshot.numbers import number
from gradtui.snapshot.visible import visible

Role = Literal["f", "derivative", "other", "tangent", "point", "axis", "zero", "label", "variable", "trouble"]
Cell = tuple[str, Role]
Overlay = dict[int, dict[int, Cell]]
"""Cells by row and column that lie over a picture."""

SMALLEST = (12, 5)
"""Columns and rows under which there is no room for a picture."""
LEGEND_FROM = 8
"""Rows from which one of them is the legend's."""
LABEL_DIGITS = 4
"""Of the value and the slope that stand at the point."""
FEWEST_LABELS = 4
"""On the y axis, where there is room."""

PRIME = "f'"
TROUBLE = {"value": "×", "gradient": "◇"}
"""What marks the x axis where f is not finite, and where only f' is not."""

OTHER = "×"
"""A second function is drawn in."""

DOT = "·"
"""f' is drawn in: told from f without colours."""
BLANK: Cell = (" ", "label")
BRAILLE = 0x2800
DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bit of each of a cell's 2 x 4 dots, by column and then by row from the bottom."""
DASH, GAP = 6, 3
"""The tangent's, in dots: told from the curve without colours too."""


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
) -> Picture | None:
    """The curve of f, and of f' unless not wanted, with axes, ticks and a legend, on `width` x `height` cells.

    point: x and f of the one that is to lie inside. grid: lines at the ticks. other: a second function, in the same windows.
    None where there is no room. Takes 5 to 40 ms, by size.
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

    canvas = _zero_lines(frame, y_ticks if grid else ())
    legend: list[tuple[Cell, str]] = [(("━", "f"), "f")]
    of_f, of_derivative = breaks_of(curve)
    if derivative:
        layer = rasterise(runs(curve.x, curve.derivative, frame, of_derivative), frame)
        canvas = _dotted(canvas, layer)
        legend.append(((DOT, "derivative"), f"f'{_whereabouts(curve.derivative, layer, frame)}"))
    if other is not None:
        canvas = _dashed(canvas, rasterise(runs(other.x, other.f, frame, breaks_of(other)[0]), frame))
        told, most = other.what or "the other", width // 3
        legend.append(((OTHER, "other"), told if len(told) <= most else f"{told[: most - 1]}…"))
    layer = rasterise(runs(curve.x, curve.f, frame, of_f), frame)
    canvas = _over(canvas, layer, "f")
    legend[0] = (legend[0][0], f"f{_whereabouts(curve.f, layer, frame)}")
    legend.append((("╍", "tangent"), "tangent"))

    marked = {_row(frame, value): text for value, text in y_ticks}
    lines = [_legend(legend, curve.what, width)] if top else []
    for row, cells in enumerate(canvas):
        text = marked.get(row)
        axis: Cell = ("│" if text is None else "┤", "axis")
        lines.append([*_text((text or "").rjust(margin), "label"), axis, *cells, *_text(" " * len(name), "label")])
    lines += _x_axis(frame, left, name, curve.trouble)
    return Picture(tuple(map(tuple, lines)), frame, left, top, own)


def trouble_text(curve: Curve) -> str:
    """What the marks on the x axis mean, and how they were found; empty where there are none."""
    kinds = {trouble.kind for trouble in curve.trouble}
    marks = [f"{TROUBLE[kind]}{name}" for kind, name in (("value", "f"), ("gradient", PRIME)) if kind in kinds]
    return f"{' '.join(marks)} not finite, sampled" if marks else ""


def load() -> None:
    """Import plotext: for a thread that has time before the first `draw`."""
    import textual_plotext  # noqa: F401


def rasterise(pieces: Sequence[Sequence[Position]], frame: Frame) -> list[str]:
    """Lines of braille, as long as the frame is wide: plotext joins the dots of each piece.

    It is given whole dots only, all of them on its canvas.
    """
    from textual_plotext import Plot

    gap = math.nan
    columns: list[float] = []
    rows: list[float] = []
    for piece in pieces:
        for x, y in piece:
            column, row = map(nearest, frame.place(x, y))
            if not columns or (column, row) != (columns[-1], rows[-1]):
                columns.append(column)
                rows.append(row)
        columns.append(gap)
        rows.append(gap)
    figure = Plot()
    figure._set_size(frame.columns, frame.rows)  # `plotsize` would cut it to the size of the terminal
    figure.theme("clear")
    figure.xaxes(False, False)
    figure.yaxes(False, False)
    figure.xfrequency(0)
    figure.yfrequency(0)
    figure.xlim(0, frame.width - 1)
    figure.ylim(0, frame.height - 1)
    figure.plot(columns, rows, marker="braille")
    return [figure.uncolorize(line) for line in figure.build().splitlines()]


def _whereabouts(values: Sequence[float], layer: Sequence[str], frame: Frame) -> str:
    """What the legend adds for a curve of which nothing is seen: why."""
    if any(line.strip() for line in layer):
        return ""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return " not finite here"
    low, high = frame.y_window
    return " ↑" if min(finite) > high else " ↓" if max(finite) < low else ""


def _row(frame: Frame, y: float) -> int:
    """The row of cells, from the top of the canvas, on which a y inside the window lies."""
    return frame.rows - 1 - nearest(frame.place(frame.x_window[0], y)[1]) // 4


def _column(frame: Frame, x: float) -> int:
    """The column of cells on which an x inside the window lies."""
    return nearest(frame.place(x, frame.y_window[0])[0]) // 2


def _zero_lines(frame: Frame, grid: Sequence[tuple[float, str]] = ()) -> list[list[Cell]]:
    """An empty canvas but for x = 0 and y = 0 where they are inside the windows, and a grid at the ticks of both axes."""
    canvas: list[list[Cell]] = [[BLANK] * frame.columns for _ in range(frame.rows)]
    for at in {_row(frame, value) for value, _ in grid}:
        canvas[at] = [("┄", "zero")] * frame.columns
    for at in {_column(frame, value) for value, _ in _x_ticks(frame)} if grid else ():
        for line in canvas:
            line[at] = ("┆", "zero")
    column = _column(frame, 0) if frame.x_window[0] < 0 < frame.x_window[1] else None
    if column is not None:
        for line in canvas:
            line[column] = ("┊", "zero")
    if frame.y_window[0] < 0 < frame.y_window[1]:
        row = _row(frame, 0)
        canvas[row] = [("┼" if place == column else "┈", "zero") for place in range(frame.columns)]
    return canvas


def _dotted(canvas: list[list[Cell]], layer: Sequence[str]) -> list[list[Cell]]:
    """f', a dot in each cell that it passes."""
    dot: Cell = (DOT, "derivative")
    return [
        [cell if character == " " else dot for cell, character in zip(*pair, strict=True)]
        for pair in zip(canvas, layer, strict=True)
    ]


def _dashed(canvas: list[list[Cell]], layer: Sequence[str]) -> list[list[Cell]]:
    """The other function: a sign in each cell that it passes, told from f and f' without colours."""
    cell: Cell = (OTHER, "other")
    return [
        [under if character == " " else cell for under, character in zip(*pair, strict=True)]
        for pair in zip(canvas, layer, strict=True)
    ]


def _over(canvas: list[list[Cell]], layer: Sequence[str], role: Role) -> list[list[Cell]]:
    return [
        [
            cell if character == " " else merged(cell, ord(character) - BRAILLE, role)
            for cell, character in zip(*pair, strict=True)
        ]
        for pair in zip(canvas, layer, strict=True)
    ]


def merged(cell: Cell, dots: int, role: Role) -> Cell:
    """A cell with further dots; it takes the role of these."""
    return chr(BRAILLE | dots | _dots(cell)), role


def crossed(cell: Cell, dots: int) -> Cell:
    """A cell with dots of the tangent; it takes the role of whichever has more dots of its own in it."""
    below = _dots(cell)
    return merged(cell, dots, "tangent" if dots.bit_count() >= (below & ~dots).bit_count() else cell[1])


def _dots(cell: Cell) -> int:
    dots = ord(cell[0]) - BRAILLE
    return dots if 0 < dots < 0x100 else 0


def _text(text: str, role: Role) -> list[Cell]:
    return [(character, role) for character in visible(text)]


def _legend(entries: Sequence[tuple[Cell, str]], what: str, width: int) -> list[Cell]:
    """What the lines are at the left, what is drawn at the right, as far as there is room."""
    line: list[Cell] = []
    for mark, text in entries:
        entry = [BLANK, mark, mark, BLANK, *_text(text, "label"), BLANK]
        if len(line) + len(entry) <= width:
            line += entry
    spare = width - len(line)
    shown = what if len(what) + 1 <= spare else f"{what[: max(0, spare - 2)]}…"
    return line + _text((shown if spare > 8 else "").rjust(spare - 1).ljust(spare), "label")


def _x_axis(frame: Frame, left: int, name: str, troubles: Sequence[Trouble]) -> list[list[Cell]]:
    """The axis, with the variable's name at its end, and its labels, each centred under its tick.

    Where f, or f', is not finite the axis says so: at the cells that hold such a place.
    """
    axis = [BLANK] * (left - 1) + _text("└" + "─" * frame.columns, "axis") + _text(name, "variable")
    labels = [BLANK] * len(axis)
    for value, text in _x_ticks(frame):
        column = left + _column(frame, value)
        start = column - len(text) // 2 if text[0] == "-" else column - (len(text) - 1) // 2
        start = max(0, min(len(labels) - len(text), start))
        if all(cell == BLANK for cell in labels[max(0, start - 1) : start + len(text)]):
            axis[column] = ("┬", "axis")
            labels[start : start + len(text)] = _text(text, "label")
    low, high = frame.x_window
    for trouble in troubles:
        first, last = (_column(frame, max(low, min(high, end))) for end in (trouble.low, trouble.high))
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


def overlay(picture: Picture, x: float, f: float | None, slope: float | None, *, derivative: bool = True) -> Overlay:
    """The tangent, the points on f and f' with what they are, and the mark on the x axis; arrows where they lie outside.

    None, and what is not finite, is left out.
    """
    frame = picture.frame
    cells: Overlay = {}
    if math.isnan(x):
        return cells
    if f is not None and slope is not None:
        _lay_tangent(picture, cells, x, f, slope)
    if derivative and slope is not None and frame.holds(x, slope):
        _lay(picture, cells, _column(frame, x), _row(frame, slope), ("○", "derivative"))
    low, high = frame.x_window
    column = -1 if x < low else frame.columns if x > high else _column(frame, x)
    mark = "◂" if x < low else "▸" if x > high else "▴"
    column = max(0, min(frame.columns - 1, column))
    _lay(picture, cells, column, frame.rows, (mark, "variable"))
    if f is not None and not math.isnan(f) and mark == "▴":
        bottom, top = frame.y_window
        row = 0 if f > top else frame.rows - 1 if f < bottom else _row(frame, f)
        _lay(picture, cells, column, row, ("▲" if f > top else "▼" if f < bottom else "●", "point"))
        _label(picture, cells, column, row, f"f = {number(f, LABEL_DIGITS)}", "point")
    if derivative and slope is not None and mark == "▴" and frame.holds(x, slope):
        _label(picture, cells, column, _row(frame, slope), f"f' = {number(slope, LABEL_DIGITS)}", "derivative")
    return cells


def _label(picture: Picture, cells: Overlay, column: int, row: int, text: str, role: Role) -> None:
    """A text beside a point, where there is room."""

    def drawn(x: int, y: int) -> Role:
        over = cells.get(picture.top + y, {})
        return over.get(picture.left + x, picture.cells[picture.top + y][picture.left + x])[1]

    place = beside(column, row, len(text), (picture.frame.columns, picture.frame.rows), drawn)
    if place is not None:
        for index, character in enumerate(text):
            _lay(picture, cells, place[0] + index, place[1], (character, role))


def _lay(picture: Picture, cells: Overlay, column: int, row: int, cell: Cell) -> None:
    cells.setdefault(picture.top + row, {})[picture.left + column] = cell


def _lay_tangent(picture: Picture, cells: Overlay, x: float, f: float, slope: float) -> None:
    """One dot for each column of dots, or for each row where it is steep: never more than the canvas has."""
    frame = picture.frame
    across, up = frame.place(x, f)
    (left, right), (bottom, top) = frame.x_window, frame.y_window
    steepness = slope * ((right - left) / (frame.width - 1)) * ((frame.height - 1) / (top - bottom))  # in dots a dot
    if not all(map(math.isfinite, (across, up, steepness))):
        return
    steep = abs(steepness) > 1
    middle = nearest(up if steep else across)
    dots: dict[tuple[int, int], int] = {}
    for step in range(frame.height if steep else frame.width):
        place = across + (step - up) / steepness if steep else up + (step - across) * steepness
        inside = -0.5 <= place < (frame.width if steep else frame.height) - 0.5
        if inside and (step - middle) % (DASH + GAP) < DASH:
            column, row = (nearest(place), step) if steep else (step, nearest(place))
            at = picture.top + frame.rows - 1 - row // 4, picture.left + column // 2
            dots[at] = dots.get(at, 0) | DOTS[column % 2][row % 4]
    for (row, column), tangent in dots.items():
        cells.setdefault(row, {})[column] = crossed(picture.cells[row][column], tangent)
