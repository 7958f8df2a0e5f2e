"""What moves over a chart: the point, its tangent or Taylor's polynomial, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

from gradtui.chart.drawing import DOTS, Cell, Picture, Role, column_of, dots_of, merged, row_of
from gradtui.chart.label_places import beside
from gradtui.chart.polynomial import DASH, GAP, lay_polynomial
from gradtui.chart.window import nearest
from gradtui.snapshot.numbers import number

Overlay = dict[int, dict[int, Cell]]
"""Cells by row and column that lie over a picture."""
LABEL_DIGITS = 4
"""Of the value and the slope that stand at the point."""


def overlay(
    picture: Picture,
    x: float,
    f: float | None,
    slope: float | None,
    taylor: tuple[float, ...] = (),
    *,
    derivative: bool = True,
) -> Overlay:
    """The tangent, the points on f and f' with what they are, and the mark on the x axis; arrows where they lie outside.

    None, and what is not finite, is left out. taylor: coefficients of the polynomial that is drawn in place of the tangent.
    """
    frame = picture.frame
    cells: Overlay = {}
    if math.isnan(x):
        return cells
    if f is not None and slope is not None:
        if taylor and len(taylor) != 2:
            lay_polynomial(picture.frame, x, taylor, partial(_lay_dots, picture, cells))
        else:
            _lay_tangent(picture, cells, x, f, slope)
    if derivative and slope is not None and frame.holds(x, slope):
        _lay(picture, cells, column_of(frame, x), row_of(frame, slope), ("○", "derivative"))
    low, high = frame.x_window
    column = -1 if x < low else frame.columns if x > high else column_of(frame, x)
    mark = "◂" if x < low else "▸" if x > high else "▴"
    column = max(0, min(frame.columns - 1, column))
    _lay(picture, cells, column, frame.rows, (mark, "variable"))
    if f is not None and not math.isnan(f) and mark == "▴":
        bottom, top = frame.y_window
        row = 0 if f > top else frame.rows - 1 if f < bottom else row_of(frame, f)
        _lay(picture, cells, column, row, ("▲" if f > top else "▼" if f < bottom else "●", "point"))
        _label(picture, cells, column, row, f"f = {number(f, LABEL_DIGITS)}", "point")
    if derivative and slope is not None and mark == "▴" and frame.holds(x, slope):
        _label(picture, cells, column, row_of(frame, slope), f"f' = {number(slope, LABEL_DIGITS)}", "derivative")
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


def _lay_dots(picture: Picture, cells: Overlay, places: Iterable[tuple[int, int]]) -> None:
    """Dots of the canvas, by column and row from the bottom."""
    dots: dict[tuple[int, int], int] = {}
    for column, row in places:
        at = picture.top + picture.frame.rows - 1 - row // 4, picture.left + column // 2
        dots[at] = dots.get(at, 0) | DOTS[column % 2][row % 4]
    for (at_row, at_column), tangent in dots.items():
        cells.setdefault(at_row, {})[at_column] = crossed(picture.cells[at_row][at_column], tangent)


def crossed(cell: Cell, dots: int) -> Cell:
    """A cell with dots of the tangent; it takes the role of whichever has more dots of its own in it."""
    below = dots_of(cell)
    return merged(cell, dots, "tangent" if dots.bit_count() >= (below & ~dots).bit_count() else cell[1])
