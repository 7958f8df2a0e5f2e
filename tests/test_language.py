"""Where the name of a function has to stand, for the language to have it: a row in each of these, and all else is made of them.

gradtui/expression/functions.py       TABLE: what it is called, and what it takes
gradtui/engine/typed/operations.py    what torch has for it, and where it is not smooth
gradtui/calculus/functions.py         what sympy has for it
gradtui/grad_fns/                     the rule of each grad_fn that it makes, if that is a new one
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import sympy
import torch
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.functions import COUNTERPARTS
from gradtui.engine.typed.evaluate import evaluate
from gradtui.engine.typed.operations import OPERATIONS
from gradtui.expression.did_you_mean import MISSING_FUNCTIONS
from gradtui.expression.functions import FUNCTIONS, TABLE, Function
from gradtui.expression.highlight import pieces
from gradtui.grad_fns.rule_of_node import rule_of
from gradtui.graph.agreement import check
from gradtui.report.python import script
from gradtui.snapshot.model import Request, Snapshot

CALLED = [row for row in TABLE if not row.operator]
VECTOR = (0.3, 0.72, 0.55)


def called(row: Function) -> str:
    """The function with the fewest arguments that it takes."""
    if row.name == "where":
        return "where(x > 0.5, x, x^2)"
    inside = {"acosh": "x + 1"}.get(row.name, "x")
    second = "0" if row.classes else "x" if "binary" in row.name else "0.6"
    return f"{row.name}({', '.join([inside, second, '0.7'][: row.least])})" if row.name != "dot" else "dot(x, x)"


@cache
def told(row: Function) -> Snapshot:
    at: dict[str, float | tuple[float, ...]] = {"x": VECTOR if row.kind == "reduction" else 0.55}
    request = Request(1, called(row), at, "float64")
    return replace(evaluate(request), derivative=derivatives(request))


@pytest.mark.long
@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_a_function_stands_in_every_table(row: Function) -> None:
    assert row.name in OPERATIONS, "gradtui/engine/typed/operations.py"
    assert row.name in COUNTERPARTS, "gradtui/calculus/functions.py"
    snapshot = told(row)
    assert snapshot.problem is None
    unruled = [node.name for node in snapshot.graph.nodes if rule_of(node) is None]
    assert unruled == [], "gradtui/grad_fns"


def test_no_table_has_another() -> None:
    names = {row.name for row in CALLED}
    assert set(OPERATIONS) == names
    assert set(COUNTERPARTS) == names
    assert not MISSING_FUNCTIONS.keys() & FUNCTIONS.keys(), (
        "what is there is not missing: gradtui/expression/did_you_mean.py"
    )
    assert {row.inverse for row in TABLE} - {""} <= names


@pytest.mark.long
@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_what_follows_from_the_tables(row: Function) -> None:
    """It is coloured, autograd and calculus agree on it, and there is a script; tests/report runs them all."""
    assert pieces(called(row))[0].kind == "function"
    snapshot = told(row)
    assert check(snapshot, "x").calculus is not False
    assert (row.script.partition("{0}")[0] or f".{row.name}(") in script(snapshot)


SECANTS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Any]] = {
    "cot": (lambda x: torch.tan(x).reciprocal(), sympy.cot),
    "sec": (lambda x: torch.cos(x).reciprocal(), sympy.sec),
    "csc": (lambda x: torch.sin(x).reciprocal(), sympy.csc),
    "coth": (lambda x: torch.tanh(x).reciprocal(), sympy.coth),
    "sech": (lambda x: torch.cosh(x).reciprocal(), sympy.sech),
    "csch": (lambda x: torch.sinh(x).reciprocal(), sympy.csch),
    "cbrt": (
        lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
        lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    ),
    "gamma": (
        lambda x: torch.lgamma(x).exp() * (1 - 2 * (x < 0) * (x.detach().floor() % 2)),
        sympy.gamma,
    ),
}


@pytest.mark.parametrize("place", [-2.3, -0.4, 0.9, 7.3])
@pytest.mark.parametrize("name", SECANTS)
def test_what_torch_has_no_name_for(name: str, place: float) -> None:
    """The value and the graph are those of the line that a person would write, the derivative is that of sympy."""
    function, symbolic = SECANTS[name]
    x = torch.tensor(place, dtype=torch.float64, requires_grad=True)
    output = function(x)
    output.backward()  # type: ignore[no-untyped-call]
    request = Request(1, f"{name}(x)", {"x": place}, "float64")
    snapshot = replace(evaluate(request), derivative=derivatives(request))
    assert snapshot.value is not None
    assert x.grad is not None
    assert snapshot.value.numbers == (output.item(),)
    assert snapshot.variables["x"].grad.numbers == (x.grad.item(),)
    assert output.grad_fn is not None
    assert snapshot.graph.nodes[0].name == output.grad_fn.name()
    symbol = sympy.Symbol("x", real=True)
    right = float(symbolic(symbol).diff(symbol).subs(symbol, sympy.Float(place, 60)))
    assert snapshot.derivative is not None
    assert math.isclose(snapshot.derivative["x"].numbers[0] or math.nan, right, rel_tol=1e-14)
    assert check(snapshot, "x").calculus is True
