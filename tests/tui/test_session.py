"""What a person has chosen, without a screen."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.expression.parser import parse
from gradtui.expression.point import read_point
from gradtui.snapshot.start import Start
from gradtui.tui.backward import backward_step
from gradtui.tui.session import LARGEST_STEP, SMALLEST_STEP, Session


def session(text: str, at: dict[str, str | tuple[str, ...]] | None = None) -> Session:
    made = Session(Start(text, at or {}))
    made.accept(parse(text, made.names))
    return made


def test_start() -> None:
    made = session("x^2 + 3x + 1")
    assert made.active == "x"
    request = made.request(None)
    assert (request.expression, request.at) == ("x^2 + 3x + 1", {"x": 4.0})


def test_stepping_is_exact() -> None:
    made = session("x^2")
    for _ in range(3):
        made.move(1)
    assert made.points["x"].text == "4.3"
    made.move(-10)
    assert made.points["x"].text == "3.3"


def test_step_size() -> None:
    made = session("x")
    made.rescale_step(-1)
    made.move(1)
    assert made.points["x"].text == "4.01"
    made.rescale_step(2)
    assert made.step_of("x") == 1


@given(st.lists(st.sampled_from([-1, 1]), max_size=60))
@settings(max_examples=30, deadline=None)
def test_step_stays_within_limits(powers: list[int]) -> None:
    made = session("x")
    for power in powers:
        made.rescale_step(power)
        assert SMALLEST_STEP <= made.step_of("x") <= LARGEST_STEP


def test_values_outlive_the_expressions() -> None:
    """Nothing typed is lost: a variable that comes back stands where it stood."""
    made = session("w*x", {"w": "0.25"})
    made.accept(parse("x^2"))
    assert made.variables == ("x",)
    made.accept(parse("x + w"))
    assert made.points["w"].text == "0.25"


def test_each_variable_has_its_step_and_element() -> None:
    made = session("w*x", {"w": "[1, 2, 3]"})
    made.choose("w", 1)
    made.rescale_step(1)
    made.move(1)
    made.next_variable(1)
    made.move(1)
    assert made.points["w"].text == "[1, 3, 3]"
    assert made.points["x"].text == "4.1"
    made.next_variable(-1)
    assert (made.active, made.element) == ("w", 1)
    made.next_element(2)
    assert made.element == 0


def test_vector_becomes_shorter() -> None:
    made = session("sum(x)", {"x": "[1, 2, 3]"})
    made.choose("x", 2)
    made.assign({"x": read_point("[5, 6]")})
    assert made.element == 1
    made.assign({"x": read_point("7")})
    assert made.element == 0
    assert made.request(None).at == {"x": 7.0}


def test_constant_has_nothing_to_step() -> None:
    made = session("3")
    made.move(1)
    made.rescale_step(1)
    made.next_variable(1)
    made.next_element(1)
    assert made.active is None
    assert made.curve_request(400) is None
    assert made.request(None).at == {}


def test_window_follows_the_point() -> None:
    made = session("x")
    assert made.window == (-10.0, 10.0)
    made.assign({"x": read_point("25")})
    assert made.window == (15.0, 35.0)
    made.assign({"x": read_point("26")})
    assert made.window == (15.0, 35.0)


def test_undo_brings_the_window_back() -> None:
    """Where the point led it; not the one before a person chose another."""
    made = session("x", {"x": "4"})
    for _ in range(8):
        made.move(10)
    assert made.window == (1.0, 21.0)
    made.undo()
    assert made.window == (-10.0, 10.0)
    made.assign({"x": read_point("3")})
    made.see((-2.0, 8.0))
    made.undo()
    assert made.window == (-2.0, 8.0)


def test_a_value_that_was_far_away_leaves_the_window_as_it_was() -> None:
    made = session("x", {"x": "4"})
    made.assign({"x": read_point("1e12")})
    made.assign({"x": read_point("5")})
    assert made.window == (-10.0, 10.0)


@pytest.mark.parametrize("place", ["1e300", "-1e18", "123456789.25"])
def test_window_has_an_inside_wherever_the_point_is(place: str) -> None:
    made = session("x")
    made.assign({"x": read_point(place)})
    low, high = made.window
    assert low < float(place) < high


def test_curve_key() -> None:
    """The key changes with all that the curve depends on, and not with the point on it."""
    made = session("w*x", {"x": "1", "w": "[1, 2]"})
    made.choose("x")
    keys = [_key(made)]
    made.move(1)
    assert _key(made) == keys[0]
    changes: tuple[Callable[[], None], ...] = (
        lambda: made.assign({"x": read_point("[1]")}),
        lambda: made.choose("w", 1),
        lambda: made.choose("w", 0),
        lambda: made.accept(parse("w + x")),
        lambda: setattr(made, "dtype", "float64"),
        lambda: made.see((0.0, 1.0)),
    )
    for change in changes:
        change()
        keys.append(_key(made))
    assert len(set(keys)) == len(keys)


def test_ids_count_up() -> None:
    made = session("x")
    assert [made.request(None).id for _ in range(3)] == [1, 2, 3]


def test_click_on_the_chart() -> None:
    made = session("x")
    made.move_to(Decimal("-2.5"))
    assert made.points["x"].text == "-2.5"


def test_backward_cursor() -> None:
    """From finished, forward begins at the first node; the end is finished again; back stops before the first."""
    places: list[int | None] = [None]
    for _ in range(4):
        places.append(backward_step(places[-1], 3, 1))
    assert places == [None, 1, 2, 3, None]
    places = [None]
    for _ in range(5):
        places.append(backward_step(places[-1], 3, -1))
    assert places == [None, 3, 2, 1, 0, 0]
    assert backward_step(None, 0, 1) is None


def _key(made: Session) -> str:
    request = made.curve_request(400)
    assert request is not None
    return request.key


def test_a_column_that_cannot_be_used_is_told_where_a_function_uses_it() -> None:
    """And all else stays as it was."""
    why = "line 2, column name: 'anna' is no number"
    session = Session(Start("w*x", names=("x", "name"), data={"x": (1.0, 2.0)}, unusable={"name": why}))
    assert session.read("w*x")
    for text, place in (("w*x + name", (6, 10)), ("a = name^2; a*x", (4, 8))):
        assert not session.read(text)
        assert session.problem is not None
        assert why in session.problem.message
        assert (session.problem.start, session.problem.end) == place
        assert session.text == "w*x"
    assert session.read("w*x + z")
    assert session.problem is None


def test_a_value_stands_for_a_column_that_cannot_be_used() -> None:
    session = Session(Start("w*x", {"z": "3"}, names=("x", "z"), data={"x": (1.0, 2.0)}, unusable={"z": "a gap"}))
    assert session.read("w*x*z")
    assert "z" in session.variables
