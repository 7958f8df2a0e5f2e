"""Every piece in exact arithmetic: by torch in float64, node by node, and by the derivative that sympy finds as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import MOST_PIECES, truth
from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph.errors import Errors
from gradtui.snapshot.model import Request
from gradtui.snapshot.truth import Truth

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "formulas.json").read_text())

At = dict[str, float | tuple[float, ...]]

VECTORS: list[tuple[str, At]] = [
    ("sum(w*x^2)/norm(x)", {"x": (1.0, 2.0), "w": 2.0}),
    ("softmax(x)*[1, 2, 3] + x*w", {"x": (1.0, 2.0, 3.0), "w": (0.3, 0.1, 0.7)}),
    ("a = x^2; b = sum(a); a*b/mean(x)", {"x": (1.0, 2.0, 0.5)}),
    ("logsumexp(w*x) + var(x) + max(x)*min(w, 3)", {"x": (1.0, 2.0, 4.0), "w": (0.3, 0.1, 0.7)}),
    ("where(x > 1.5, x^2, w*x)", {"x": (1.0, 2.0), "w": 2.0}),
    ("[x, 2x, x^2]*[3, 4, 5]", {"x": 2.0}),
    ("cumsum(x)*prod(x)", {"x": (1.0, 2.0, 4.0)}),
]


def told(text: str, at: At) -> Truth:
    found = truth(Request(1, text, at, "float64"))
    assert found is not None
    return found


@pytest.mark.long
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_formulas(formula: dict[str, Any]) -> None:
    check = formula["checks"][0]
    request = Request(1, formula["expr"], check["at"], "float64")
    found, whole = truth(request), derivatives(request)
    if not whole:
        assert found is None
        return
    assert found is not None
    assert found.value[0] == pytest.approx(float(check["value"]), rel=1e-9)
    for piece in found.pieces:
        if piece.variable is not None:
            assert piece.gradient == pytest.approx(whole[piece.variable].numbers, rel=1e-15)


@pytest.mark.parametrize(("text", "at"), VECTORS, ids=[text for text, _ in VECTORS])
def test_vectors(text: str, at: At) -> None:
    found, whole = told(text, at), derivatives(Request(1, text, at, "float64"))
    for piece in found.pieces:
        if piece.variable is not None:
            assert piece.gradient == pytest.approx(whole[piece.variable].numbers, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "at"), [*VECTORS, *((formula["expr"], formula["checks"][0]["at"]) for formula in FORMULAS)], ids=str
)
def test_each_piece_is_a_node_of_torch(text: str, at: At) -> None:
    """Value, gradient and what is sent, of each: torch's in float64 is that but for rounding."""
    request = Request(1, text, at, "float64")
    found = truth(request)
    if found is None:
        return
    errors = Errors(evaluate(request).graph, found)
    for place, piece in enumerate(found.pieces):
        assert errors.node(place) is not None
        assert errors.of_values[place] < 1e-9
        assert errors.of_gradients[place] < 1e-9
        assert all(errors.of_sent(place, slot) < 1e-9 for slot in range(len(piece.operands)))


def test_where_each_stands() -> None:
    text = "a = x^2; a*sin(a)"
    found = told(text, {"x": 2.0})
    assert [text[piece.start : piece.end] for piece in found.pieces] == ["x", "x^2", "sin(a)", "a*sin(a)"]
    assert [piece.operands for piece in found.pieces] == [(), (0,), (1,), (1, 2)]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("pi", {}),
        ("x +", {}),
        ("x - x", {"x": (1.0, 2.0)}),
        ("0*x + w", {"x": (1.0, 2.0), "w": 1.0}),
        ("+".join(f"sin({k}*x)" for k in range(MOST_PIECES)), {"x": 1.0}),
        ("sin(" * 190 + "x" + ")" * 190, {"x": (1.0, 2.0, 3.0)}),
    ],
    ids=[
        "constant",
        "none",
        "no vector to sympy",
        "no vector to sympy beside a number",
        "too large",
        "too many numbers",
    ],
)
def test_nothing_is_told(text: str, at: At) -> None:
    assert truth(Request(1, text, at)) is None


def test_no_number_where_there_is_none() -> None:
    assert told("log(x)", {"x": -1.0}).value == (None,)


def test_at_the_number_as_typed() -> None:
    assert told("x - 0.1", {"x": 0.1}).typed == (0.0,)
    assert told("x - 0.5", {"x": 0.5}).typed == ()


@pytest.mark.parametrize(
    ("text", "lost"), [("x*2*pi", 0), ("x*(1 - cos(1e-7))", 8e-4), ("x + sinc(2)", float("inf")), ("x*log(0.5)", 0)]
)
def test_what_floats_lose_of_the_constants(text: str, lost: float) -> None:
    assert told(text, {"x": 2.0}).constants == pytest.approx(lost, rel=1e-2, abs=1e-15)
