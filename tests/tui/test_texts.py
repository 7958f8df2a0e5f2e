"""What the screen says of an answer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.content import Content

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression.parser import parse
from gradtui.snapshot.model import Problem, Request, Snapshot, Summary, Values, VariableState
from gradtui.snapshot.start import Start
from gradtui.tui.answers import Answers
from gradtui.tui.configured_keys import key_names
from gradtui.tui.session import Session
from gradtui.tui.texts import Reading, chart_point, reading

FINE = Values((100,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 10.0, 0, 0, 0))
KEYS = key_names()
ONE_NAN = Values((100,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 10.0, 1, 0, 0))


@pytest.mark.parametrize(
    ("value", "grad", "marked"), [(FINE, FINE, 0), (ONE_NAN, FINE, 1), (FINE, ONE_NAN, 1), (ONE_NAN, ONE_NAN, 2)]
)
def test_what_is_not_finite_is_marked(value: Values, grad: Values, marked: int) -> None:
    """Also where the nan is beyond the numbers that are shown."""
    session = Session(Start("x^2", {"x": "[1, 2]"}))
    answers = Answers()
    answers.receive(Snapshot(1, "x^2", variables={"x": VariableState(FINE, grad)}, value=value))
    spans = reading(session, answers, KEYS, patient=False).numbers.spans
    assert sum("$text-error" in str(span.style) for span in spans) == marked


def test_what_went_wrong_is_of_the_request_before_while_another_is_at_work() -> None:
    answers = Answers()
    lamps = []
    for number in (1, 2):
        answers.ask(Request(number, "model.py:loss"))
        lamps.append(answers.light(stale=True))
        answers.receive(Snapshot(number, "model.py:loss", problem=Problem("crash", "there is no file")))
        lamps.append(answers.light(stale=True))
    assert lamps == ["starting", "problem", "working", "problem"]


@pytest.mark.parametrize(("text", "is_told"), [("x = 3", True), ("y = 3", False), ("3", False), ("f(z) = 3", False)])
def test_a_value_that_is_typed_as_a_function(text: str, is_told: bool) -> None:
    """It is a constant of that name: how x takes a value is told."""
    session, answers = Session(Start("x^2", {"x": "2"})), Answers()
    assert session.read(text)
    answers.receive(evaluate(Request(1, text)))
    assert ("value" in reading(session, answers, KEYS, patient=False).remark.plain) == is_told
    session.begin_typing()
    while_typed = reading(session, answers, KEYS, patient=False).remark.plain
    assert ("esc" in while_typed) == is_told, "letters are letters then"


def test_numbers_of_an_older_function_have_its_name() -> None:
    """What is typed now has no numbers: those that are still there are not its own."""
    session, answers = answered("h(x) = x^2", "3")
    assert session.read("loss = w @ x")
    answers.receive(Snapshot(answers.answered + 1, session.text, problem=Problem("domain", "these are no vectors")))
    told = reading(session, answers, KEYS, patient=False)
    assert "h(x) = 9" in told.numbers.plain
    assert "loss" not in told.whole.plain + told.derivative.plain
    assert "h(x) = x^2" in told.marks.plain


def test_digits_that_rounding_took_are_told() -> None:
    """Few are counted, none is said; the other two keep their marks."""
    for x, said in (("1e-5", "no digit"), ("0.002", "≈")):
        told = reading(*answered("(e^x - 1)/x", x), KEYS, patient=False)
        assert said in told.marks.plain
        assert told.marks.plain.count("✓") == 2
        assert "digit" in told.remark.plain
        assert told.agreement.plain == told.marks.plain


def test_of_the_value_too_where_half_of_them_are_gone() -> None:
    told = reading(*answered("1 - 1/(1 + x^2)", "0.001"), KEYS, patient=False)
    assert told.marks.plain.count("✓") == 3
    assert told.remark.plain.startswith("f(x): ")
    assert not reading(*answered("1 - 1/(1 + x^2)", "5"), KEYS, patient=False).remark


def test_the_tangent_is_not_drawn_by_a_slope_without_a_digit() -> None:
    """Nor while the calculus of a new x is still to come, where the one of before had none."""
    session, answers = answered("(e^x - 1)/x", "1e-5")
    spoilt = answers.shown
    assert spoilt is not None
    point = chart_point(session, spoilt, None)
    assert point is not None
    assert point[2] is None
    early = replace(spoilt, id=2, derivative=None, truth=None)
    assert chart_point(session, early, None, spoilt) == point
    alone = chart_point(session, early, None)
    assert alone is not None
    assert alone[2] is not None
    session, answers = answered("(e^x - 1)/x", "0.5")
    right = chart_point(session, answers.shown, None)
    assert right is not None
    assert right[2] is not None


def answered(text: str, x: str) -> tuple[Session, Answers]:
    session, answers = Session(Start(text, {"x": x})), Answers()
    session.accept(parse(text, session.names))
    request = session.request(None)
    answers.receive(replace(evaluate(request), derivative=derivatives(request), truth=truth(request)))
    return session, answers


def test_the_numbers_say_as_much_as_there_is_room_for() -> None:
    told = Reading(Content("f = 1"), origin=Content(" = long long"), brief=(Content(" = long"), Content(" = l")))
    said = {room: told.within(room).plain for room in (17, 16, 12, 11, 9, 8, 2)}
    assert [*said.values()] == [
        *("f = 1 = long long", "f = 1 = long", "f = 1 = long", "f = 1 = l", "f = 1 = l", "f = 1", "f = 1"),
    ]


def test_marks_of_another_place_are_not_shown_for_this_one() -> None:
    """Where the newest answer is none, or stays away: what the picture is of stands instead."""
    session, answers = Session(Start("model.py:f", {"x": "1.5"}, origin="function")), Answers()
    at = VariableState(Values((), (1.5,)), Values((), (2.0,)))
    answers.ask(Request(1, "model.py:f"))
    answers.receive(Snapshot(1, "model.py:f", variables={"x": at}, value=Values((), (3.0,)), origin="function"))
    session.adopt(answers.shown or Snapshot(0, ""))
    assert "still" not in reading(session, answers, KEYS, patient=False).marks.plain
    session.move(1)
    answers.ask(Request(2, "model.py:f"))
    assert "still" not in reading(session, answers, KEYS, patient=True).marks.plain, "no flicker"
    assert reading(session, answers, KEYS, patient=False).marks.plain == "still x = 1.5"
    answers.receive(Snapshot(2, "model.py:f", problem=Problem("syntax", "model.py is not Python"), origin="function"))
    assert reading(session, answers, KEYS, patient=True).marks.plain == "still x = 1.5"
