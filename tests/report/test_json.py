from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.chart.drawing import draw
from gradtui.engine.typed.evaluate import evaluate
from gradtui.report.json import answer, line, number, refusal, values
from gradtui.snapshot.model import (
    Edge,
    Graph,
    Node,
    Note,
    Problem,
    Request,
    Saved,
    Snapshot,
    Source,
    Summary,
    Values,
    VariableState,
)
from gradtui.snapshot.truth import Derivative
from tests import examples


def scalar(value: float) -> Values:
    return Values((), (value,))


SNAPSHOT = Snapshot(
    id=1,
    expression="3x",
    reads_as="3*x",
    variables={"x": VariableState(scalar(math.inf), scalar(3.0))},
    value=scalar(math.inf),
    graph=Graph(
        (
            Node(
                id=0,
                name="MulBackward0",
                shape=(),
                dtype="float32",
                device="cpu",
                sequence=0,
                step=0,
                edges=(Edge(1, grad=scalar(3.0), local=3.0), Edge(None, constant="3")),
                value=scalar(math.inf),
                grad_output=scalar(1.0),
                saved=(Saved("other", scalar(3.0)), Saved("self", "None")),
                source=Source("3x", 0, 2),
            ),
            Node(1, "AccumulateGrad", (), "float32", "cpu", None, None, (), variable="x"),
        )
    ),
    derivative={"x": Derivative(None, note="not simplified: it takes longer than 2 s")},
    notes=(Note("nonfinite", "f is inf", 0),),
)


def test_chart() -> None:
    """The windows as they are drawn, with the point inside; null where there is no chart."""
    assert answer(SNAPSHOT)["chart"] is None
    drawn = examples.curve("x", lambda x: x * x + 3 * x + 1, lambda x: 2 * x + 3, -10, 10)
    told = json.loads(line(answer(replace(examples.quadratic(), curve=drawn))))["chart"]
    picture = draw(drawn, 80, 20, point=(4.0, 29.0))
    assert picture is not None
    assert told == {"variable": "x", "window": [-10, 10], "y": list(picture.frame.y_window)}
    assert told["y"][0] < -1.25 < 131 < told["y"][1]
    lost = replace(drawn, variable="nothing")
    assert answer(replace(examples.quadratic(), curve=lost))["chart"] is None


def test_contract() -> None:
    """The keys of the contract, and their meaning; others may stand beside them."""
    got = json.loads(line(answer(SNAPSHOT)))
    assert {
        key: got[key] for key in ("schema", "expression", "reads_as", "dtype", "variables", "value", "derivative")
    } == {
        "schema": "gradtui/1",
        "expression": "3x",
        "reads_as": "3*x",
        "dtype": "float32",
        "variables": {"x": {"value": "inf", "grad": 3.0}},
        "value": "inf",
        "derivative": {"x": None},
    }
    keys = ("id", "name", "next", "sequence", "step", "shape", "value", "grad_output", "grad_inputs", "source")
    multiplied, leaf = ({key: node[key] for key in keys} for node in got["graph"]["nodes"])
    assert multiplied == {
        "id": 0,
        "name": "MulBackward0",
        "next": [[1, 0], [None, 0]],
        "sequence": 0,
        "step": 0,
        "shape": [],
        "value": "inf",
        "grad_output": 1.0,
        "grad_inputs": [3.0, None],
        "source": {"text": "3x", "start": 0, "end": 2},
    }
    assert leaf["next"] == []
    assert [leaf[key] for key in ("sequence", "step", "value", "grad_output", "source")] == [None] * 5
    assert {note["text"] for note in got["notes"]} == {"f is inf", "not simplified: it takes longer than 2 s"}


def test_checks() -> None:
    got = answer(examples.quadratic())["checks"]["x"]
    assert (got["autograd"], got["calculus"], got["differences"]) == (True, True, True)
    assert got["digits"] == 7
    assert got["text"]


def test_checks_where_rounding_took_digits() -> None:
    """null, and how many are left; of the value of f as well."""
    request = Request(1, "(e^x - 1)/x", {"x": 1e-5})
    got = answer(replace(evaluate(request), derivative=derivatives(request), truth=truth(request)))
    assert [got["checks"]["x"][key] for key in ("autograd", "calculus", "differences", "digits")] == [
        None,
        True,
        True,
        0,
    ]
    assert (got["value_check"]["right"], got["value_check"]["digits"]) == (None, 2)
    assert [(one["kind"], one["node"]) for one in got["findings"]] == [("lost_digits", 1)]
    early = answer(evaluate(request))["value_check"]
    assert (early["right"], early["digits"]) == (None, None)


def test_a_norm_that_is_not_finite() -> None:
    """It is not told as if it were the whole, which has a name of its own."""
    large = values(Values((5000,), (1.0,) * 8, Summary(1.0, 2.0, 1.5, 9.0, 2, 1, 0)))
    assert (large["norm"], large["finite_norm"]) == ("nan", 9.0)
    large = values(Values((5000,), (1.0,) * 8, Summary(1.0, 2.0, 1.5, 9.0, 0, 1, 0)))
    assert (large["norm"], large["finite_norm"]) == ("inf", 9.0)


def test_refusal() -> None:
    assert json.loads(line(refusal("x +", Problem("syntax", "no", 3, 3, "more")))) == {
        "schema": "gradtui/1",
        "expression": "x +",
        "error": {"kind": "syntax", "message": "no", "start": 3, "end": 3, "hint": "more"},
    }


@pytest.mark.parametrize(
    ("value", "written"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (2.5, 2.5), (None, None)]
)
def test_number(value: float | None, written: float | str | None) -> None:
    assert number(value) == written


def test_values() -> None:
    assert values(scalar(2.0)) == 2.0
    assert values(Values((3,), (1.0, math.nan, 3.0))) == [1.0, "nan", 3.0]
    assert values(Values((0,), ())) == []
    assert values(Values((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))) == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert values(Values((2, 1, 2), (1.0, 2.0, 3.0, 4.0))) == [[[1.0, 2.0]], [[3.0, 4.0]]]
    large = values(Values((5000,), (1.0,) * 8, Summary(1.0, 2.0, 1.5, 9.0, 0, 1, 2)))
    assert large["shape"] == [5000]
    assert large["first"] == [1.0] * 8
    assert (large["max"], large["inf"], large["zero"]) == (2.0, 1, 2)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text(text: str) -> None:
    """One line of UTF-8 that any JSON reader takes, and the very text again: half characters and line ends included."""
    written = line(refusal(text, Problem("syntax", text)))
    assert written.count(b"\n") == 1
    got = json.loads(written.decode("utf-8"))
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # two halves make one
    assert got["expression"] == expected
