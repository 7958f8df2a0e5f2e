"""Request -> Snapshot against outside oracles: the public formulas to 1e-9, torch's answers at the awkward places."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot, Values
from tests.torch_version import VERSION

CASES = Path(__file__).parents[2] / "cases"
FORMULAS: list[dict[str, Any]] = json.loads((CASES / "formulas.json").read_text())
GOTCHAS: list[dict[str, Any]] = json.loads((CASES / "gotchas.json").read_text())


def scalar(values: Values | None) -> float:
    assert values is not None
    (number,) = values.numbers
    return number


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_formula(formula: dict[str, Any]) -> None:
    for check in formula["checks"]:
        found = evaluate(Request(1, formula["expr"], check["at"], "float64"))
        assert found.problem is None
        assert scalar(found.value) == pytest.approx(float(check["value"]), rel=1e-9)
        assert set(found.variables) == set(check["at"])
        for name, grad in check["grads"].items():
            assert scalar(found.variables[name].grad) == pytest.approx(float(grad), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("gotcha", GOTCHAS, ids=lambda gotcha: f"{gotcha['expression']} at {gotcha['at']['x']}")
def test_gotcha(gotcha: dict[str, Any]) -> None:
    """Exactly what torch returns in float32, and a word where it is not finite."""
    found = evaluate(Request(1, gotcha["expression"], gotcha["at"]))
    told = scalar(found.value), scalar(found.variables["x"].grad)
    expected = float(gotcha["torch_value"]), float(gotcha["torch_grad"])
    if gotcha["expression"] == "clamp(x, 0, 1)" and VERSION >= (2, 14):
        expected = expected[0], 0.0  # at its bounds
    if gotcha["expression"] == "atan2(x, x)" and VERSION <= (2, 6):
        expected = expected[0], math.nan
    assert [str(number) for number in told] == [str(number) for number in expected]
    assert any(note.kind == "nonfinite" for note in found.notes) == (not all(map(math.isfinite, expected)))


def test_vector() -> None:
    found = evaluate(Request(1, "(x * x) + (3 * x) + 1", {"x": (2.1, 5.4, 3.2)}, "float64"))
    assert found.variables["x"].grad.shape == (3,)
    assert found.variables["x"].grad.numbers == pytest.approx((7.2, 13.8, 9.4), rel=1e-15)
    assert [note.text for note in found.notes] == ["f is a vector of 3: its gradient is that of sum(f)"]
    assert found.graph.nodes[0].name == "AddBackward0"


def test_defaults_and_unused_names() -> None:
    found = evaluate(Request(7, "x*y", {"z": 5.0}))
    assert found.id == 7
    assert {name: state.value.numbers for name, state in found.variables.items()} == {
        "x": (4.0,),
        "y": (1.0,),
        "z": (5.0,),
    }
    assert scalar(found.variables["z"].grad) == 0
    assert [(note.kind, note.text) for note in found.notes] == [
        ("constant", "f does not depend on z: the gradient is 0")
    ]
    assert set(found.differences) == {"x", "y", "z"}
    assert found.derivative is None


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("2 + 3", "f is constant: its derivative is 0"),
        ("f(x) = 7", "f does not depend on x: the gradient is 0"),
        ("where(x > 0, 1, 2)", "autograd sees no path from x to f: the gradient is 0"),
        ("log(-1)", "f is constant and not finite: nan"),
    ],
)
def test_no_gradient_is_a_sentence(text: str, note: str) -> None:
    found = evaluate(Request(1, text))
    assert found.problem is None
    assert note in [each.text for each in found.notes]
    assert found.graph.nodes == ()
    assert all(state.grad.numbers == (0.0,) for state in found.variables.values())


def test_first_node_that_is_not_finite() -> None:
    found = evaluate(Request(1, "where(x > 0, sqrt(x), 0)", {"x": 0.0}))
    (note,) = [note for note in found.notes if note.kind == "nonfinite"]
    assert note.node is not None
    assert found.graph.nodes[note.node].name == "SqrtBackward0"
    assert "sqrt(x)" in note.text
    assert "nan" in note.text
    found = evaluate(Request(1, "log(-x) + exp(log(-x))", {"x": 1.0}))
    first = next(note for note in found.notes if note.kind == "nonfinite")
    assert first.node is not None
    assert found.graph.nodes[first.node].source is not None
    assert found.graph.nodes[first.node].name == "LogBackward0"


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (Request(1, "x +"), "syntax"),
        (Request(1, "foo(x)"), "name"),
        (Request(1, "9**9**9**9"), "limit"),
        (Request(1, "1/0"), "domain"),
        (Request(1, "[1,2]+[1,2,3]"), "domain"),
        (Request(1, "x", {"x": ()}), "domain"),
        (Request(1, "x", {"x": 1e300}), "dtype"),
        (Request(1, "x", {"x": (1.0, -1e300)}), "dtype"),
    ],
)
def test_problem(request_: Request, kind: str) -> None:
    found = evaluate(request_)
    assert found.problem is not None
    assert found.problem.kind == kind
    assert found.problem.message
    assert (found.id, found.expression, found.value, found.graph.nodes) == (1, request_.expression, None, ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("w @ x", "w"),
        ("[1, 2] @ w", "w"),
        ("var(x)", "x"),
        ("cross_entropy(x, 0)", "x"),
        ("binary_cross_entropy([0.1, 0.2], x)", "x"),
        ("x[0]", "x"),
        ("softmax(x)[1]", "x"),
        ("exp(w*x)[0]", "w"),
        ("(sum(x) + w)[1]", "w"),
        ("sum(x*w)[0]", ""),
        ("(x*[1, 2] @ [w, 1])[0]", ""),
        ("huber_loss(x, 1, delta=-1)", ""),
    ],
)
def test_how_a_number_becomes_the_vector_that_is_wanted(text: str, name: str) -> None:
    """The hint is a value that can be given, and with vectors of that size the text can be evaluated, or refused for else."""
    problem = evaluate(Request(1, text, {"x": 0.5, "w": 0.5})).problem
    assert problem is not None
    assert (f"--at {name}=[1, 2, 3]" in problem.hint) == bool(name)
    again = evaluate(Request(1, text, {"x": (0.1, 0.2), "w": (0.1, 0.2)})).problem
    assert (again is None) == bool(name)


def test_place_and_hint_of_a_problem() -> None:
    problem = evaluate(Request(1, "x + (-8)^(1/3)")).problem
    assert problem is not None
    assert (problem.start, problem.end) == (4, 14)
    assert "-(8^(1/3))" in problem.hint


def test_device_that_is_not_there() -> None:
    if not torch.cuda.is_available():
        problem = evaluate(Request(1, "x", device="cuda")).problem
        assert problem is not None
        assert (problem.kind, problem.message) == ("dtype", "torch finds no CUDA device on this machine")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_same_graph() -> None:
    there, here = (
        evaluate(Request(1, "softmax(v)*x", {"v": (1.0, 2.0)}, "float64", device)) for device in ("cuda", "cpu")
    )
    assert [node.name for node in there.graph.nodes] == [node.name for node in here.graph.nodes]
    assert scalar(there.variables["x"].grad) == pytest.approx(scalar(here.variables["x"].grad))
    assert there.graph.nodes[0].device == "cuda:0"


def test_numbers_not_finite_are_numbers() -> None:
    found = evaluate(Request(1, "2x", {"x": math.inf}))
    assert scalar(found.value) == math.inf
    assert evaluate(Request(1, "2x", {"x": 1e300}, "float64")).problem is None


def test_curve_and_its_failure() -> None:
    found = evaluate(Request(1, "x^2", curve=CurveRequest("x", (0.0, 1.0), 3)))
    assert found.curve is not None
    assert found.curve.f == (0.0, 0.25, 1.0)
    found = evaluate(Request(1, "x^2", curve=CurveRequest("x", (1.0, 0.0))))
    assert found.curve is None
    assert found.problem is None
    assert scalar(found.value) == 16


def test_curve_of_a_constant() -> None:
    found = evaluate(Request(1, "7", curve=CurveRequest("x", (0.0, 1.0), 3)))
    assert found.curve is not None
    assert (found.curve.f, found.curve.derivative) == ((7, 7, 7), (0, 0, 0))


def test_large_vectors_are_summarised() -> None:
    numbers = tuple(float(index) for index in range(5_000))
    found = evaluate(Request(1, "1/v", {"v": numbers}, "float64"))
    assert found.value is not None
    assert found.value.shape == (5_000,)
    assert found.value.numbers == (math.inf, *(1 / number for number in numbers[1:8]))
    summary = found.value.summary
    assert summary is not None
    assert (summary.inf, summary.nan, summary.zero, summary.max, summary.min) == (1, 0, 0, 1.0, 1 / 4_999)
    assert summary.mean == pytest.approx(sum(1 / number for number in numbers[1:]) / 4_999)
    assert summary.norm == math.inf
    assert summary.finite_norm == pytest.approx(math.sqrt(sum(1 / number**2 for number in numbers[1:])))
    assert "nonfinite" in {note.kind for note in found.notes}


def test_same_request_same_snapshot() -> None:
    """Nothing of one evaluation reaches the next: sequence numbers start anew, values too."""
    request = Request(1, "a = x^2; b = softsign(a); a*b + b", {"x": 1.5})
    first: Snapshot = evaluate(request)
    assert all(evaluate(request) == first for _ in range(3))


@pytest.mark.long
def test_start_up_loads_neither_dynamo_nor_sympy() -> None:
    """Each would make the first picture late by as much as `import torch` itself takes, or half of that."""
    code = """
import sys
from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request
for text in ("x^2 + 3x + 1", "[x, 2]*sum(x)"):
    assert evaluate(Request(1, text, curve=CurveRequest("x", (0.0, 1.0)))).curve is not None
print(*{"torch._dynamo", "sympy"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
