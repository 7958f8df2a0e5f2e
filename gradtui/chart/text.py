"""The curves of f and f' as plain text, for a terminal or a file."""

from __future__ import annotations

from itertools import groupby

from gradtui.chart.drawing import Cell, Role, draw, trouble_text
from gradtui.chart.overlay import overlay
from gradtui.chart.point import Point
from gradtui.snapshot.curve import Curve

COLOURS: dict[Role, str] = {
    "f": "34",
    "derivative": "32",
    "other": "35",
    "tangent": "33",
    "second": "33",
    "third": "35",
    "fourth": "31",
    "point": "1",
    "variable": "36",
    "trouble": "31",
    "axis": "2",
    "zero": "2",
    "label": "",
}
"""The terminal's own colours, by their SGR numbers."""


def chart_text(
    curve: Curve,
    width: int = 72,
    height: int = 20,
    colour: bool = False,
    point: Point | None = None,
    taylor: tuple[float, ...] = (),
) -> str:
    """Lines at most `width` cells wide, joined by newlines; with the point and its tangent where given, or Taylor's polynomial.

    A line more says what the marks of trouble mean, where there are any. Empty where that is too small for a chart.
    """
    degree = len(taylor) - 1 if taylor else 1
    picture = draw(curve, width, height, point=point[:2] if point is not None else None, degree=degree)
    if picture is None:
        return ""
    moving = overlay(picture, *point, taylor) if point is not None else {}
    lines = []
    for row, cells in enumerate(picture.cells):
        over = moving.get(row, {})
        line = [over.get(column, cell) for column, cell in enumerate(cells)]
        lines.append(_written(line, colour))
    return "\n".join([*lines, *filter(None, [trouble_text(curve)])])


def _written(cells: list[Cell], colour: bool) -> str:
    if not colour:
        return "".join(character for character, _ in cells).rstrip()
    pieces = []
    for role, group in groupby(cells, key=lambda cell: cell[1]):
        text = "".join(character for character, _ in group)
        pieces.append(f"\x1b[{COLOURS[role]}m{text}\x1b[0m" if COLOURS[role] and text.strip() else text)
    return "".join(pieces).rstrip()
