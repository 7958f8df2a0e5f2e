from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from textual_plotext import Plot

from gradtui.chart.drawing import BRAILLE, DOT, DOTS, Picture, draw, rasterise, trouble_text
from gradtui.chart.overlay import overlay
from gradtui.chart.text import chart_text
from gradtui.chart.window import Frame, nearest
from gradtui.snapshot.curve import Curve, Jump, Trouble
from tests.examples import curve

ANY = st.floats(allow_nan=True, allow_infinity=True)


def total(f: Callable[[float], float]) -> Callable[[float], float]:
    """f where it is defined, NaN or infinity as torch has it elsewhere."""

    def value(x: float) -> float:
        try:
            return f(x)
        except ZeroDivisionError:
            return math.inf
        except ValueError:
            return math.nan

    return value


def quadratic(low: float = -10, high: float = 10) -> Curve:
    return curve("x", lambda x: x * x + 3 * x + 1, lambda x: 2 * x + 3, low, high)


HARD: dict[str, Curve] = {
    "tan": curve("x", math.tan, lambda x: 1 / math.cos(x) ** 2, -10, 10),
    "1/x": curve("x", total(lambda x: 1 / x), total(lambda x: -1 / x**2), -10, 10),
    "sqrt": curve("x", total(math.sqrt), total(lambda x: 0.5 / math.sqrt(x)), -10, 10),
    "log": curve("x", total(math.log), total(lambda x: 1 / x), -10, 10),
    "floor": curve("x", math.floor, lambda x: 0.0, -10, 10),
    "constant": curve("x", lambda x: 5.0, lambda x: 0.0, -10, 10),
    "zero": curve("x", lambda x: 0.0, lambda x: 0.0, -10, 10),
    "huge": curve("x", lambda x: 1e30 * x, lambda x: 1e30, -10, 10),
    "largest": curve("x", lambda x: math.copysign(1.7e308, x), lambda x: math.inf, -10, 10),
    "tiny": curve("x", lambda x: 1e-320 * x, lambda x: 1e-320, -10, 10),
    "far": curve("x", lambda x: x, lambda x: 1.0, 1e30, 1.001e30),
    "narrow": curve("x", lambda x: x, lambda x: 1.0, -1e-12, 1e-12),
    "nowhere": curve("x", lambda x: math.nan, lambda x: math.inf, -10, 10),
    "one point": Curve("x", (-10.0, 10.0), (1.0,), (2.0,), (3.0,)),
    "no point": Curve("x", (-10.0, 10.0), (), (), ()),
    "spikes": curve("x", lambda x: 1e38 if math.sin(50 * x) > 0.9 else x, lambda x: -1e38, -10, 10),
}


def drawn(curve: Curve, width: int = 70, height: int = 20, *, derivative: bool = True) -> Picture:
    picture = draw(curve, width, height, derivative=derivative)
    assert picture is not None
    return picture


def lines(picture: Picture) -> list[str]:
    return ["".join(character for character, _ in line) for line in picture.cells]


def canvas(picture: Picture, *roles: str) -> list[str]:
    """The canvas alone, and of it what plays one of these roles."""
    rows = picture.cells[picture.top : picture.top + picture.frame.rows]
    return [
        "".join(c if role in roles else " " for c, role in row[picture.left : picture.left + picture.frame.columns])
        for row in rows
    ]


def plotext_alone(picture: Picture, x: list[float], y: list[float]) -> list[str]:
    """What plotext makes of the numbers themselves, in the same window: our own arithmetic has no part in it."""
    frame = picture.frame
    figure = Plot()
    figure._set_size(frame.columns, frame.rows)
    figure.theme("clear")
    figure.xaxes(False, False)
    figure.yaxes(False, False)
    figure.xfrequency(0)
    figure.yfrequency(0)
    figure.xlim(*frame.x_window)
    figure.ylim(*frame.y_window)
    figure.plot(x, y, marker="braille")
    return [figure.uncolorize(line) for line in figure.build().splitlines()]


@pytest.mark.parametrize("size", [(20, 6), (40, 15), (70, 20), (120, 36)])
def test_the_curve_is_where_plotext_draws_it(size: tuple[int, int]) -> None:
    picture = drawn(quadratic(), *size, derivative=False)
    shown = quadratic()
    assert canvas(picture, "f") == plotext_alone(picture, list(shown.x), list(shown.f))


@pytest.mark.parametrize("x", [-10.0, -9.99, -1.5, 0.0, 0.1, 3.999, 4.0, 9.95, 10.0])
def test_the_point_is_where_plotext_draws_it(x: float) -> None:
    picture = drawn(quadratic())
    f, slope = x * x + 3 * x + 1, 2 * x + 3
    cells = overlay(picture, x, f, slope)
    expected = {}
    for value, mark in ((slope, "○"), (f, "●")):  # the second covers the first where they meet
        alone = plotext_alone(picture, [x], [value])
        at = next((row, column) for row, line in enumerate(alone) for column, dot in enumerate(line) if dot != " ")
        expected[at] = mark
    found = {
        (row - picture.top, column - picture.left): cell[0]
        for row, line in cells.items()
        for column, cell in line.items()
        if cell[0] in "○●"
    }
    assert found == expected
    on_axis = cells[picture.top + picture.frame.rows]
    assert list(on_axis.values()) == [("▴", "variable")]


def test_the_point_lies_on_the_curve() -> None:
    """Wherever it is, the cell under the point holds dots of the curve."""
    picture = drawn(quadratic(), 90, 30)
    for index in range(-100, 101):
        x = index / 10
        cells = overlay(picture, x, x * x + 3 * x + 1, None)
        (row, column) = next((r, c) for r, line in cells.items() for c, cell in line.items() if cell[0] == "●")
        around = {picture.cells[row + d][column][1] for d in (-1, 0, 1)}  # where two dots are between cells
        assert "f" in around


def test_the_tangent_is_where_plotext_draws_it() -> None:
    """Each dot of the tangent is one of the line that plotext draws: of fewer, as it is dashed."""
    picture = drawn(quadratic())
    low, high = picture.frame.x_window
    for x in (-8.0, -1.5, 0.0, 4.0):
        f, slope = x * x + 3 * x + 1, 2 * x + 3
        ys = [f + slope * (low + (high - low) * i / 500 - x) for i in range(501)]
        bottom, top = picture.frame.y_window
        near = [(low + (high - low) * i / 500, y) for i, y in enumerate(ys) if bottom < y < top]
        whole = plotext_alone(picture, [p[0] for p in near], [p[1] for p in near])
        cells = overlay(picture, x, f, slope)
        own = extra = 0
        for row, line in cells.items():
            for column, (character, role) in line.items():
                if role != "tangent":
                    continue
                below = picture.cells[row][column][0]
                dots = (ord(character) - BRAILLE) & ~(ord(below) - BRAILLE if ord(below) >= BRAILLE else 0)
                of_line = whole[row - picture.top][column - picture.left]
                of_line_dots = ord(of_line) - BRAILLE if of_line != " " else 0
                own += (dots & of_line_dots).bit_count()
                extra += (dots & ~of_line_dots).bit_count()
        assert own > 10
        assert extra <= own * 0.1  # a dot may be rounded to its neighbour


@pytest.mark.long
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("size", [(12, 5), (20, 6), (70, 20), (200, 60)])
def test_anything_is_drawn(name: str, size: tuple[int, int]) -> None:
    """No warning, no exception, exactly the cells asked for, with any point on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = drawn(HARD[name], *size)
        assert picture.size == size
        assert {len(line) for line in picture.cells} == {size[0]}
        assert all(east_asian_width(c) not in "WF" and c.isprintable() for line in lines(picture) for c in line)
        for x in (0.0, 4.0, 1e300, -math.inf, math.nan):
            for f in (0.0, 5.0, 1e300, math.inf, -math.inf, math.nan, None):
                for slope in (0.0, 1e-300, -1e300, math.inf, math.nan, None):
                    check_overlay(picture, x, f, slope)


def check_overlay(picture: Picture, x: float, f: float | None, slope: float | None) -> None:
    width, height = picture.size
    for row, line in overlay(picture, x, f, slope).items():
        assert 0 <= row < height
        for column, (character, _) in line.items():
            assert 0 <= column < width
            assert len(character) == 1


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(ANY, ANY), min_size=1, max_size=12),
    st.integers(12, 60),
    st.integers(5, 20),
    st.tuples(ANY, ANY, ANY),
    st.tuples(ANY, ANY).filter(lambda pair: pair[0] < pair[1]),
)
def test_no_number_can_harm_it(
    values: list[tuple[float, float]],
    width: int,
    height: int,
    point: tuple[float, float, float],
    window: tuple[float, float],
) -> None:
    x = tuple(window[0] + (window[1] - window[0]) * index / len(values) for index in range(len(values)))
    f, derivative = zip(*values, strict=True)
    picture = drawn(Curve("x", window, x, f, derivative), width, height)
    check_overlay(picture, *point)


def test_too_small_is_none() -> None:
    assert draw(quadratic(), 11, 20) is None
    assert draw(quadratic(), 40, 4) is None
    assert draw(quadratic(), 0, 0) is None
    assert chart_text(quadratic(), 5, 5) == ""


def test_poles_and_jumps_are_gaps() -> None:
    """No column of the canvas is filled from top to bottom, as a line across a pole would; floor has no risers."""
    for name in ("tan", "1/x"):
        picture = drawn(HARD[name], 70, 20, derivative=False)
        columns = list(zip(*canvas(picture, "f"), strict=True))
        assert all(" " in column for column in columns)
    jumps = tuple(Jump(place - 1e-6, place, "value") for place in map(float, range(-9, 11)))
    picture = drawn(replace(HARD["floor"], jumps=jumps), 120, 60, derivative=False)
    steps = [max(sum(ch != " " for ch in column) for column in zip(*canvas(picture, "f"), strict=True))]
    assert steps == [2]  # the end of a step and the beginning of the next


def test_a_kink_leaves_no_riser_on_the_derivative() -> None:
    """f' of |x| is two pieces: nothing of it between -1 and 1."""
    kink = curve("x", abs, lambda x: math.copysign(1.0, x), -10, 10)
    picture = drawn(replace(kink, jumps=(Jump(-1e-7, 0.0, "gradient"),)), 100, 30)
    rows = [line for line in canvas(picture, "derivative") if line.strip()]
    assert len(rows) == 2
    joined = drawn(kink, 100, 30)
    assert len([line for line in canvas(joined, "derivative") if line.strip()]) > 2


def test_the_derivative_is_dotted_and_f_is_not() -> None:
    """Told apart without a colour: by their characters, in the legend too."""
    for name in ("tan", "floor", "constant", "1/x"):
        picture = drawn(HARD[name])
        characters = {
            role: {c for row in picture.cells for c, one in row if one == role} for role in ("f", "derivative")
        }
        assert characters["derivative"] == {DOT}
        assert DOT not in characters["f"]
    assert f"━━ f  {DOT * 2} f'" in lines(drawn(quadratic()))[0]


@pytest.mark.parametrize("name", [name for name in HARD if name not in ("no point", "one point", "nowhere")])
@pytest.mark.parametrize("size", [(40, 10), (70, 20), (110, 36)])
def test_three_labels_at_least(name: str, size: tuple[int, int]) -> None:
    picture = drawn(HARD[name], *size)
    labels = [line.partition("┤")[0].strip() for line in lines(picture) if "┤" in line]
    assert len(labels) >= 3 or picture.left == 1  # they are left out where they would take a third of the width
    assert len(set(labels)) == len(labels)


def test_the_point_on_an_arm_of_a_pole_is_inside() -> None:
    tangent = replace(
        HARD["tan"], trouble=tuple(Trouble(k * math.pi / 2, k * math.pi / 2, "value", True) for k in (-1, 1))
    )
    for x in (0.0, 1.3, 1.5, 1.57, -1.57):
        picture = draw(tangent, 70, 20, point=(x, math.tan(x)))
        assert picture is not None
        assert picture.suits(x, math.tan(x))
        assert "●" in {cell[0] for row in overlay(picture, x, math.tan(x), None).values() for cell in row.values()}
    assert not drawn(tangent).suits(1.57, math.tan(1.57))
    assert drawn(tangent).suits(0.5, math.tan(0.5))
    assert drawn(tangent).suits(11.0, 1e9)


def test_only_where_f_is_defined() -> None:
    picture = drawn(HARD["sqrt"], derivative=False)
    for line in canvas(picture, "f"):
        assert not line[: picture.frame.columns // 2 - 1].strip()
    assert any(line.strip() for line in canvas(picture, "f"))


def test_legend_says_what_is_seen_and_why_not() -> None:
    first = lines(drawn(quadratic()))[0]
    assert "f " in first
    assert "f'" in first
    assert "tangent" in first
    assert "f'" not in lines(drawn(quadratic(), derivative=False))[0]
    assert "f not finite here" in lines(drawn(HARD["nowhere"]))[0]
    far = curve("x", lambda x: 1e6 + x, lambda x: 1.0, -10, 10)
    assert "f' ↓" in lines(drawn(far))[0]
    assert "f' ↑" in lines(drawn(curve("x", lambda x: x - 1e6, lambda x: 1.0, -10, 10)))[0]
    summed = Curve("w", (-1.0, 1.0), (-1.0, 1.0), (0.0, 1.0), (0.5, 0.5), what="sum(f) along w[1]")
    assert lines(drawn(summed))[0].rstrip().endswith("sum(f) along w[1]")
    narrow = lines(drawn(summed, 40, 15))[0]
    assert narrow.rstrip().endswith("sum(f) along w[1]"), "rather than what the dashes are"
    assert "tangent" not in narrow
    assert "tangent" not in lines(drawn(summed, 20, 10))[0]


def test_axes() -> None:
    """The variable at the end of the axis; labels under their ticks; the y labels right-aligned before the axis."""
    picture = drawn(quadratic())
    *_, axis, labels = lines(picture)
    assert axis.endswith("┬ x")
    assert labels.split() == ["-10", "-5", "0", "5", "10"]
    zero = lines(picture)[2].index("┊")
    assert (axis[zero], labels[zero]) == ("┬", "0")
    assert abs(picture.frame.x_at(zero - picture.left)) < 20 / picture.frame.columns
    marked = [line for line in lines(picture) if "┤" in line]
    assert [line.partition("┤")[0].strip() for line in marked] == ["120", "100", "80", "60", "40", "20", "0", "-20"]


def test_what_lies_outside_is_pointed_at() -> None:
    picture = drawn(quadratic())
    rows = picture.frame.rows

    def mark(x: float, f: float | None) -> dict[tuple[int, int], str]:
        cells = overlay(picture, x, f, None)
        return {
            (row - picture.top, column - picture.left): cell[0]
            for row, line in cells.items()
            for column, cell in line.items()
        }

    assert set(mark(0, 1e9).items()) >= {((0, 32), "▲")}
    assert set(mark(0, math.inf).items()) >= {((0, 32), "▲")}
    assert set(mark(0, -math.inf).items()) >= {((rows - 1, 32), "▼")}
    assert mark(-50, 3.0) == {(rows, 0): "◂"}
    assert mark(math.inf, 3.0) == {(rows, picture.frame.columns - 1): "▸"}
    assert mark(0, math.nan) == mark(0, None) == {(rows, 32): "▴"}
    assert mark(math.nan, 1.0) == {}


def test_text_chart() -> None:
    text = chart_text(quadratic(), 60, 16, point=(4.0, 29.0, 11.0))
    assert len(text.splitlines()) == 16
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("●") == 1
    assert "\x1b" not in text
    coloured = chart_text(quadratic(), 60, 16, True, (4.0, 29.0, 11.0))
    assert [Plot.uncolorize(line).rstrip() for line in coloured.splitlines()] == text.splitlines()
    assert "\x1b[34m" in coloured
    assert "●" not in chart_text(quadratic(), 60, 16)


def test_trouble_is_marked_on_the_x_axis() -> None:
    """f is not finite from -10 to 0, and f' alone at 5; a place outside the window is marked at its edge."""
    troubles = (Trouble(-12.0, 0.0, "value"), Trouble(5.0, 5.0, "gradient"))
    picture = drawn(replace(quadratic(), trouble=troubles), 100, 20)
    axis = picture.cells[-2]
    marked = {column: cell[0] for column, cell in enumerate(axis) if cell[1] == "trouble"}
    at = {x: picture.left + round(picture.frame.place(x, 0)[0]) // 2 for x in (-10.0, 0.0, 5.0)}
    assert marked == {**dict.fromkeys(range(at[-10.0], at[0.0] + 1), "×"), at[5.0]: "◇"}
    assert trouble_text(replace(quadratic(), trouble=troubles)) == "×f ◇f' not finite, sampled"
    assert trouble_text(replace(quadratic(), trouble=troubles[:1])) == "×f not finite, sampled"
    assert trouble_text(quadratic()) == ""
    assert chart_text(replace(quadratic(), trouble=troubles), 60, 16).splitlines()[-1].endswith("not finite, sampled")
    assert not any(cell[1] == "trouble" for cell in drawn(quadratic()).cells[-2])


@pytest.mark.parametrize("seed", range(5))
def test_the_dots_are_those_of_plotext(seed: int) -> None:
    """Also where two neighbours are joined without asking it."""
    from plotext._utility import get_lines

    numbers = random.Random(seed)
    frame = Frame((-3.0, 7.0), (-2.0, 5.0), 30, 9)
    for reach in (0.05, 0.3, 2.0, 12.0):
        x, y, piece = 0.0, 0.0, []
        for _ in range(60):
            x = min(7.0, max(-3.0, x + numbers.uniform(-reach, reach)))
            y = min(5.0, max(-2.0, y + numbers.uniform(-reach, reach)))
            piece.append((x, y))
        whole = [tuple(map(nearest, frame.place(*place))) for place in piece]
        columns, rows, _ = get_lines([column for column, _ in whole], [row for _, row in whole], [0] * len(whole))
        cells = [[0] * frame.columns for _ in range(frame.rows)]
        for column, row in zip(columns, rows, strict=True):
            cells[-1 - row // 4][column // 2] |= DOTS[column % 2][row % 4]
        assert rasterise([piece], frame) == ["".join(chr(BRAILLE | c) if c else " " for c in line) for line in cells]
