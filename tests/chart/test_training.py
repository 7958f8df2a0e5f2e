"""The charts of a training: inside their cells, whatever the numbers, and what is told stands where it belongs."""

from __future__ import annotations

import math
import re

import pytest

from gradtui.chart.by_update import BESIDE, MOST_POINTS, Track, draw_values, thinned
from gradtui.chart.contour import draw_contour
from gradtui.chart.data_fit import boundary_of, draw_fit
from gradtui.chart.drawing import draw
from gradtui.chart.overlay import overlay
from gradtui.chart.plane import Cells
from gradtui.chart.trail import trailed
from gradtui.snapshot.surface import Fit, Surface
from gradtui.snapshot.training import Optimizer
from tests.examples import curve

SGD = Optimizer("SGD", {"lr": 0.1})
SIZES = [(58, 15), (30, 7), (120, 40), (12, 6), (13, 7)]


def text(cells: Cells | None) -> str:
    assert cells is not None
    return "\n".join("".join(character for character, _ in line) for line in cells)


def bowl(count: int = 21) -> Surface:
    """x^2 + y^2 over -2 to 2."""
    places = [-2 + 4 * number / (count - 1) for number in range(count)]
    values = tuple(x * x + y * y for y in places for x in places)
    return Surface(("x", "y"), ((-2.0, 2.0), (-2.0, 2.0)), (count, count), values)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "values",
    [
        (1.0,),
        (1.0, 1.0),
        (0.0, 0.0),
        (math.nan, math.inf, 1.0),
        (math.nan,),
        (1e308, -1e308, 1e300),
        (1e-320, 1e-310),
        tuple(10.0**-number for number in range(40)),
        tuple((-1.2) ** number for number in range(3000)),
    ],
)
def test_every_run_fits(values: tuple[float, ...], size: tuple[int, int]) -> None:
    cells = draw_values([Track(SGD, values)], *size)
    assert cells is None or {(len(line), len(cells)) for line in cells} == {size}


@pytest.mark.parametrize("size", SIZES)
def test_every_contour_fits(size: tuple[int, int]) -> None:
    for surface in (bowl(), Surface(("a", "b"), ((0.0, 1.0), (0.0, 1.0)), (2, 2), (math.nan, 1.0, math.inf, 2.0))):
        track = Track(SGD, (1.0,), ((0.5, 0.5), (9.0, 9.0), (math.nan, 0.0)))
        cells = draw_contour(surface, [track], (1.0, math.nan), *size)
        assert cells is None or {(len(line), len(cells)) for line in cells} == {size}


def test_powers_of_ten_are_drawn_by_their_logarithm() -> None:
    shown = text(draw_values([Track(SGD, tuple(10.0**-number for number in range(10)))], 60, 20))
    assert "1e-5" in shown.replace("1e-6", "1e-5")
    assert "1e" not in text(draw_values([Track(SGD, (1.0, 2.0, 3.0))], 60, 20))


def test_the_arrow_points_down_and_the_point_stands_at_the_end() -> None:
    """From (1, 0) the gradient (2, 0) leads right: the arrow of -gradient leads left."""
    cells = draw_contour(bowl(), [Track(SGD, (1.0,), ((1.5, 0.0), (1.0, 0.0)))], (2.0, 0.0), 60, 20)
    shown = text(cells)
    row = next(line for line in shown.splitlines() if "●" in line)
    assert "←" in row
    assert row.index("←") < row.index("●")


def test_runs_beside_each_other_have_marks_of_their_own() -> None:
    tracks = [
        Track(Optimizer("SGD", {"lr": rate}), (3.0, 2.0, 1.0 + rate), ((1.0, 1.0), (rate, rate)))
        for rate in (0.1, 0.2, 0.3, 0.4)
    ]
    for shown in (text(draw_values(tracks, 120, 20)), text(draw_contour(bowl(), tracks, None, 120, 30))):
        assert all(track.optimizer.text in shown for track in tracks)
        assert all(mark in shown for mark, _ in BESIDE)


def test_no_peak_is_lost() -> None:
    values = [0.0] * 100_000
    values[77_777] = 5.0
    shown = thinned([*enumerate(values)])
    assert len(shown) <= MOST_POINTS + 2
    assert (77_777, 5.0) in shown


def test_boundary() -> None:
    line = tuple((x / 10, 1 / (1 + math.exp(-2 * (x / 10 - 1.5)))) for x in range(31))
    fit = Fit("p", "x", "y", ((0.0, 0.0), (1.0, 0.0), (2.0, 1.0)), line, 0.5)
    assert boundary_of(fit) == pytest.approx(1.5, abs=1e-3)
    assert "1.5" in text(draw_fit(fit, 60, 15))
    assert boundary_of(Fit("p", "x", "y", ((0.0, 0.5),), line)) is None


def test_a_decision_over_two_columns() -> None:
    """The line that parts the two classes runs where x + y = 1."""
    counts = 21, 21
    values = tuple(x / 20 + y / 20 - 0.5 for y in range(21) for x in range(21))
    surface = Surface(("x", "y"), ((0.0, 1.0), (0.0, 1.0)), counts, values)
    fit = Fit("p", "x", "t", ((0.1, 0.1), (0.9, 0.9)), (), 0.5, surface, (False, True))
    cells = draw_fit(fit, 60, 24)
    assert cells is not None
    drawn = [
        (column, row)
        for row, line in enumerate(cells)
        for column, (sign, role) in enumerate(line)
        if role == "tangent" and "\u2801" <= sign <= "\u28ff"
    ]
    left, top = min(column for column, _ in drawn), min(row for _, row in drawn)
    width, height = (max(places) - least for places, least in zip(zip(*drawn, strict=True), (left, top), strict=True))
    for column, row in drawn:
        assert (column - left) / width == pytest.approx((row - top) / height, abs=0.1)
    assert "1/2" in text(cells)
    assert "○" in text(cells)
    assert "●" in text(cells)


def test_where_a_point_was_is_seen_on_a_straight_line() -> None:
    """The tangent of it covers the whole curve: a place lies over that, and under the point and its numbers."""
    made = draw(curve("x", lambda x: 4 * x, lambda _: 4.0, -10, 10), 60, 20)
    assert made is not None
    places = [(x, 4.0 * x) for x in (-6.0, -3.0, 0.0)]
    moving = overlay(made, 0.0, 0.0, 4.0)
    laid = trailed(moving, made, places)
    assert sum(cell[0] == "∘" for row in laid.values() for cell in row.values()) == 2
    before = {(row, column): cell for row, cells in moving.items() for column, cell in cells.items()}
    after = {(row, column): cell for row, cells in laid.items() for column, cell in cells.items()}
    assert {before[place][1] for place in before if before[place] != after[place]} <= {"tangent"}


@pytest.mark.parametrize(("size", "names"), [((100, 24), "text"), ((44, 16), "apart"), ((30, 7), "name")])
def test_four_runs_are_all_named(size: tuple[int, int], names: str) -> None:
    """In fewer words where there is less room: by what they differ in, or by their names alone; the present one first."""
    optimizers = [
        Optimizer("SGD", {"lr": 0.02, "weight_decay": 0.001}),
        Optimizer("Adam", {"lr": 0.3, "betas": (0.8, 0.99)}),
        Optimizer("RMSprop", {"lr": 0.1}),
        Optimizer("SGD", {"lr": 0.01, "weight_decay": 0.001}),
    ]
    tracks = [Track(one, (3.0, 2.0, 1.0), ((1.0, 1.0), (0.5, 0.5))) for one in optimizers]
    wanted = {
        "text": [one.text for one in optimizers],
        "apart": ["SGD(lr=0.02)", "Adam", "RMSprop", "SGD(lr=0.01)"],
        "name": ["SGD", "Adam", "RMSprop", "SGD"],
    }[names]
    for cells, this in ((draw_values(tracks, *size), "━"), (draw_contour(bowl(), tracks, (1.0, 1.0), *size), "∘")):
        top = text(cells).partition("│" if "│" in text(cells) else "┤")[0]
        found = [
            re.search(f"{re.escape(mark)} ?{re.escape(name)}(?!\\()", top)
            for mark, name in zip([*(mark for mark, _ in BESIDE), this], wanted, strict=True)
        ]
        assert all(found), top
        assert min(found, key=lambda one: one.start() if one else 0) is found[-1]
