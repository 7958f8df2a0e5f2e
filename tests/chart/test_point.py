from __future__ import annotations

from msgspec.structs import replace

from gradtui.chart.point import point, standing
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Experiment, Snapshot, Summary, Values, VariableState
from tests.examples import quadratic, scalar, vector

ELEMENTWISE = Snapshot(1, "v^2", variables={"v": VariableState(vector(2, 3), vector(4, 6))}, value=vector(4, 9))
ALONG = Curve("v", (-1.0, 1.0), (), (), (), element=1)


def test_where_one_stands() -> None:
    assert point(quadratic(), "x", 0) == (4, 29, 11)
    assert point(quadratic(), "y", 0) is None
    assert point(quadratic(), "x", 1) is None


def test_a_vector_is_summed_unless_one_element_is_drawn() -> None:
    assert standing(ELEMENTWISE, ALONG) == (3, 13, 6)
    assert standing(ELEMENTWISE, replace(ALONG, alone=True)) == (3, 9, 6)


def test_what_is_not_known_is_none() -> None:
    summary = Summary(0.0, 0.0, 0.0, 0.0, 0, 0, 0)
    large = replace(ELEMENTWISE, value=Values((1000,), (1.0,), summary))
    assert standing(large, ALONG) == (3, None, 6)
    assert standing(replace(ELEMENTWISE, value=None), ALONG) == (3, None, 6)
    assert standing(replace(ELEMENTWISE, experiments=(Experiment(0),)), ALONG) == (3, 13, None)
    lacking = replace(ELEMENTWISE, variables={"v": VariableState(vector(2, 3), scalar(4))})
    assert standing(lacking, ALONG) == (3, 13, None)
