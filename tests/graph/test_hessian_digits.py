"""What a Hessian means is never told by digits that rounding has taken."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.calculus.hessian import hessian
from gradtui.engine.training.evaluate import evaluate
from gradtui.graph.hessian_curvature import sentences
from gradtui.graph.hessian_digits import believed, remarks
from gradtui.report.orders.text import lines
from gradtui.snapshot.model import Dtype, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest


def told_of(expression: str, at: dict[str, Any], dtype: Dtype = "float32") -> Snapshot:
    request = Request(1, expression, at, dtype, orders=OrdersRequest(2))
    return replace(evaluate(request), exact_hessian=hessian(request), derivative={})


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("(1-cos(x*y))/x^2", {"x": 0.01, "y": 0.5}),
        ("expm1(x*y)/x", {"x": 1e-3, "y": 2.0}),
        ("(sin(x) - x)/x^2*y", {"x": 0.01, "y": 1.0}),
        ("log1p(x)/x + y^2", {"x": 1e-3, "y": 1.0}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_where_f_cancels(expression: str, at: dict[str, Any], dtype: Dtype) -> None:
    snapshot = told_of(expression, at, dtype)
    judged = believed(snapshot)
    assert judged is not None
    assert judged.lost
    assert judged.hessian == snapshot.exact_hessian
    assert judged.autograd != snapshot.exact_hessian
    assert any("by Calculus" in line for line in remarks(snapshot, judged))
    assert snapshot.orders is not None
    assert any("by Calculus" in line for line in lines(snapshot, snapshot.orders))


def test_an_eigenvalue_that_cancels_among_entries_that_are_right() -> None:
    """Both entries are right to seven digits, and their difference, the lower eigenvalue, to three."""
    snapshot = told_of("10000*(x - y)^2 + 0.6*(x + y)^2", {"x": 1.0, "y": 1.5})
    judged = believed(snapshot)
    assert judged is not None
    assert min(map(min, judged.digits)) >= 5
    assert judged.lost
    assert judged.hessian.eigenvalues == pytest.approx((2.4, 40000.0), rel=1e-12)


def test_autograd_is_believed_where_it_is_right() -> None:
    snapshot = told_of("x^2*y^3/(1 + z^2)", {"x": 1.5, "y": -0.8, "z": 0.4})
    judged = believed(snapshot)
    assert judged is not None
    assert not judged.lost
    assert judged.hessian is judged.autograd
    assert not [*remarks(snapshot, judged)]


def test_what_is_0_but_for_rounding_is_written_0() -> None:
    snapshot = told_of("sqrt(x^2 + y^2)", {"x": 3.0, "y": 4.0}, "float64")
    judged = believed(snapshot)
    assert judged is not None
    assert "eigenvalues 0 to 0.2" in "\n".join(sentences(snapshot, judged.hessian))
