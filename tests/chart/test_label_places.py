"""The chart speaks: value and slope stand at the point and hide no curve where there is room; a grid, a second function."""

from __future__ import annotations

import pytest

from gradtui.chart.drawing import OTHER, draw
from gradtui.chart.label_places import beside
from gradtui.chart.overlay import overlay
from gradtui.snapshot.numbers import number
from tests.chart.test_drawing import lines, quadratic
from tests.examples import curve


@pytest.mark.parametrize("x", [-9.5, -4.0, -1.5, 0.0, 4.0, 9.5])
@pytest.mark.parametrize("size", [(60, 20), (100, 30), (30, 12)])
def test_value_and_slope_stand_at_the_point(x: float, size: tuple[int, int]) -> None:
    f, slope = x * x + 3 * x + 1, 2 * x + 3
    picture = draw(quadratic(), *size, point=(x, f))
    assert picture is not None
    cells = overlay(picture, x, f, slope)
    rows = {row: "".join(cells[row][column][0] for column in sorted(cells[row])) for row in cells}
    text = "\n".join(rows.values())
    assert f"f = {number(f, 4)}" in text
    assert f"f' = {number(slope, 4)}" in text


def test_beside_hides_least() -> None:
    """A curve to the right: the text goes to the left; no room at all: none."""
    assert beside(20, 5, 6, (60, 10), lambda x, y: "f" if x > 20 else "label") == (13, 5)
    assert beside(20, 5, 6, (60, 10), lambda x, y: "label") == (22, 5)
    assert beside(2, 1, 6, (11, 3), lambda x, y: "label") is None


def test_grid() -> None:
    plain, grid = (draw(quadratic(), 60, 20, grid=wanted) for wanted in (False, True))
    assert plain is not None
    assert grid is not None
    assert "┄" not in "".join(lines(plain))
    marked = [line for line in lines(grid) if "┤" in line and line.split("┤")[0].strip() != "0"]
    assert all("┄" in line for line in marked)


def test_two_functions_in_one_chart() -> None:
    """The second one has signs of its own, is named, and lies in the same windows."""
    other = curve("x", lambda x: 200.0 - x, lambda x: -1.0, -10, 10)
    picture = draw(quadratic(), 70, 20, other=other)
    assert picture is not None
    assert sum(line.count(OTHER) for line in lines(picture)[1:-2]) > 40
    assert picture.frame.y_window[1] > 200


def test_minus_zero_reads_0() -> None:
    assert number(-0.0) == "0"
    assert number(-1e-9) == "-1e-9"
