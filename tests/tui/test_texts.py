"""What the screen says of an answer."""

from __future__ import annotations

import pytest

from gradtui.snapshot.model import Snapshot, Summary, Values, VariableState
from gradtui.snapshot.start import Start
from gradtui.tui.answers import Answers
from gradtui.tui.session import Session
from gradtui.tui.texts import reading

FINE = Values((100,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 10.0, 0, 0, 0))
ONE_NAN = Values((100,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 10.0, 1, 0, 0))


@pytest.mark.parametrize(
    ("value", "grad", "marked"), [(FINE, FINE, 0), (ONE_NAN, FINE, 1), (FINE, ONE_NAN, 1), (ONE_NAN, ONE_NAN, 2)]
)
def test_what_is_not_finite_is_marked(value: Values, grad: Values, marked: int) -> None:
    """Also where the nan is beyond the numbers that are shown."""
    session = Session(Start("x^2", {"x": "[1, 2]"}))
    answers = Answers()
    answers.receive(Snapshot(1, "x^2", variables={"x": VariableState(FINE, grad)}, value=value))
    spans = reading(session, answers, patient=False).numbers.spans
    assert sum("$text-error" in str(span.style) for span in spans) == marked
