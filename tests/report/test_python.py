"""The script of an expression: run by Python, it builds the same graph and prints the same numbers."""

from __future__ import annotations

import json
import runpy
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression.functions import TABLE
from gradtui.report import python
from gradtui.report.python import NoScriptError, script
from gradtui.snapshot.model import Request, Snapshot, Summary, Values, VariableState
from tests import warm

LARGE = Values((9000,), (1.0,) * 8, Summary(1.0, 1.0, 1.0, 1.0, 0, 0, 0))
STATE = VariableState(Values((), (1.0,)), Values((), (1.0,)))
CASES = Path(__file__).parents[1] / "cases"
FORMULAS = [(one["expr"], one["checks"][0]["at"]) for one in json.loads((CASES / "formulas.json").read_text())]


def call(row: Any, count: int, free: Sequence[str] = "xyz") -> str:
    """The function of `row` with `count` arguments: `free` ones, then settings."""
    if row.name == "where":
        return f"where({free[0]} > 0.25, {free[0]}, {free[1]})"
    if row.classes:
        return f"{row.name}({free[0]}, 1)"
    count_free = 1 if row.settings else count
    return f"{row.name}({', '.join([*free[:count_free], *['0.125', '0.25'][: count - count_free]])})"


def calls() -> list[str]:
    rows = [row for row in TABLE if not row.operator]
    return [call(row, count) for row in rows for count in range(row.least, row.most + 1)]


HARD = [
    "3 + 1",
    "x",
    "-x",
    "x + x",
    "-2^2 + x",
    "(-2)^3 * x",
    "2^-x",
    "10^20 * x",
    "x * 2^70",
    "-(10^19) + x",
    "x^(10^19 - 10^19 + 2)",
    "sqrt(2*pi) * x",
    "exp(log(2)) + x",
    "where(1 > 2, x, x^2)",
    "where(10^20 > x, x, 0)",
    "where(x >= y, 3, y)",
    "x^0.5 / 3 - pi",
    "max(x, 3) + min(2, y)",
    "coding=x; coding + 1",
    "clamp(x, 0, y)",
    "clamp(x, 0, 0.25)",
    "clamp(x, min=y)",
    "lerp(x, 3, 0.5)",
    "lerp(1, x, y)",
    "fmod(x, 0.3) + remainder(x, 2) + copysign(x, -1)",
    "xlogy(2, x) + xlogy(x, 2)",
    "sum([x, 2, y]) + [1, 2, 3]",
    "softmax([1, 2, 3])",
    "a = x^2; b = sin(a); c = 3; a*b + b*c",
    "f = 3; t1 = f*x; t1",
    "nan*x + inf",
    "e*x + pi",
    "+".join(["x"] * 1500),
]


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, and nan equal to nan."""
    left, right = torch.as_tensor(one, dtype=torch.float64), torch.as_tensor(other, dtype=torch.float64)
    return torch.equal(left.nan_to_num(7e77), right.nan_to_num(7e77)) and torch.equal(left.isnan(), right.isnan())


def numbers(values: Any) -> Any:
    return values.numbers if values.shape else values.numbers[0]


def assert_same(snapshot: Snapshot, path: Path) -> None:
    """Run the script of `snapshot`; compare value, gradients and graph with what the engine recorded."""
    path.write_text(script(snapshot), encoding="utf-8")
    scope = runpy.run_path(str(path))
    assert snapshot.value is not None
    f = scope["f"]
    assert same(f.detach() if isinstance(f, torch.Tensor) else f, numbers(snapshot.value))
    used = [name for name in snapshot.variables if python.safe(name) in scope]
    for name, state in ((name, snapshot.variables[name]) for name in used):
        grad = scope[python.safe(name)].grad
        if not (isinstance(f, torch.Tensor) and f.requires_grad):
            assert grad is None
        elif grad is not None:
            assert same(grad, numbers(state.grad))
    if isinstance(f, torch.Tensor) and f.grad_fn is not None:
        leaves = {id(scope[python.safe(name)]): name for name in used}
        assert torchs(f.grad_fn, leaves) == ours(snapshot)


Shape = dict[tuple[str, int | str], list[int | str | None]]


def torchs(output: Any, leaves: dict[int, str]) -> Shape:
    """Name and sequence number of each node, with what its edges lead to, by `next_functions` alone."""

    def key(node: Any) -> int | str:
        return leaves[id(node.variable)] if hasattr(node, "variable") else node._sequence_nr() - first

    met, waiting = {output}, [output]
    while waiting:
        for target, _ in waiting.pop().next_functions:
            if target is not None and target not in met:
                met.add(target)
                waiting.append(target)
    first = min(node._sequence_nr() for node in met)
    return {
        (node.name().rpartition(":")[2], key(node)): [None if t is None else key(t) for t, _ in node.next_functions]
        for node in met
    }


def ours(snapshot: Snapshot) -> Shape:
    nodes = snapshot.graph.nodes
    keys = [node.sequence if node.variable is None else node.variable for node in nodes]
    return {
        (node.name, key): [None if edge.target is None else keys[edge.target] for edge in node.edges]
        for node, key in zip(nodes, keys, strict=True)
        if key is not None
    }


COURSE = [
    "x[0]*x[-1] + sum(x[1:]*x[:-1]) + sum(x[::2])",
    "x[:] + [1, 2, 3][1]",
    "softmax(x)[0]",
    "g(t) = t^2; g(3x) + g(x)",
    "h(a, b) = a*b + a; h(x, x^2)",
    "def g(t): a = t^2; a = a + 1; return a*t; g(x) + g(y)",
    "def f(x, y):\n    e = x - y\n    e = e * e\n    return e.mean()",
    'mse_loss(x, y, reduction="sum")',
    "mse_loss(x, 1)",
    "huber_loss(x, y, delta=0.125)",
    "smooth_l1_loss(x, y, beta=1/8)",
    "cross_entropy(x, 2, [1, 2, 3], label_smoothing=0.125)",
    "cross_entropy(x, y)",
    "nll_loss(log_softmax(x), 1, weight=[1, 2, 3])",
    "binary_cross_entropy(sigmoid(x), sigmoid(y), weight=[1, 2, 3])",
    "binary_cross_entropy_with_logits(x, sigmoid(y), pos_weight=2)",
    'kl_div(x, y, reduction="batchmean")',
    "kl_div(x, y, log_target=True)",
    "cbrt(x) + gamma(x) + beta(x, 2)",
    "x mod 2 + log(x^2, 3) + log(x^2, 2)",
]


@pytest.mark.filterwarnings("ignore:reduction", "ignore:Using a target size")  # what torch says of the very line
@pytest.mark.parametrize("expression", COURSE)
def test_what_a_course_writes(expression: str, tmp_path: Path) -> None:
    assert_same(evaluated(expression, x=(0.3, -1.5, 0.75), y=(0.5, 0.25, 2.0)), tmp_path / "script.py")


def evaluated(expression: str, **at: Any) -> Snapshot:
    snapshot = evaluate(Request(1, expression, at))
    assert snapshot.problem is None, snapshot.problem
    return snapshot


@pytest.mark.parametrize(("expression", "at"), FORMULAS)
def test_formulas(expression: str, at: dict[str, float], tmp_path: Path) -> None:
    assert_same(evaluated(expression, **at), tmp_path / "script.py")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("expression", [*calls(), *HARD], ids=lambda text: text[:40])
def test_expressions(expression: str, tmp_path: Path) -> None:
    vectors = any(f"{name}(" in expression for name in ("dot", "var", "std", "cross_entropy", "nll_loss"))
    at: dict[str, float | tuple[float, ...]] = (
        {"x": (0.3, 0.2), "y": (0.6, 0.1)} if vectors else {"x": 0.3, "y": 0.6, "z": 0.2}
    )
    snapshot = evaluate(Request(1, expression, at))
    if snapshot.problem is None:
        assert_same(snapshot, tmp_path / "script.py")
    else:
        assert expression == "var(x)", snapshot.problem


def test_functions_of_constants(tmp_path: Path) -> None:
    for row in TABLE:
        if not row.operator and row.kind == "elementwise":
            text = call(row, row.least, free=("1.3" if row.name == "acosh" else "0.3", "0.6", "0.5"))
            assert_same(evaluated(f"{text}*x", x=0.7), tmp_path / "script.py")


def test_vectors_and_float64(tmp_path: Path) -> None:
    request = Request(1, "sum(x^2)*w + [1, w, 2]", {"x": (2.1, 5.4, -0.0), "w": 0.1}, dtype="float64")
    assert_same(evaluate(request), tmp_path / "script.py")


def test_names_that_the_script_uses_itself(tmp_path: Path) -> None:
    at = dict.fromkeys(("torch", "math", "functional", "f", "t1", "lambda", "print", "θ", "e"), 0.5)
    assert_same(evaluated("*".join(at), **at), tmp_path / "script.py")


@pytest.mark.long
def test_what_it_prints(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script(evaluated("x^2 + 3x + 1", x=4.0)), encoding="utf-8")
    run = subprocess.run([*warm.python(), path], capture_output=True, text=True, check=True)
    assert run.stdout == "f = 29.0\nx = 4.0  gradient: 11.0\n"


def test_a_text_of_several_lines_stays_a_comment(tmp_path: Path) -> None:
    assert_same(evaluated("(x +\n 1)*(x -\r\n 2)", x=4.0), tmp_path / "script.py")


HOSTILE = {
    "expression": Snapshot(1, "import os"),
    "missing": Snapshot(1, "x + y", variables={"x": STATE}),
    "dtype": Snapshot(1, "x", dtype="float32); import os", variables={"x": STATE}),
    "device": Snapshot(1, "x", device="cpu'); import os", variables={"x": STATE}),
    "summary": Snapshot(1, "x", variables={"x": VariableState(LARGE, LARGE)}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_makes_no_script(name: str) -> None:
    with pytest.raises(NoScriptError):
        script(HOSTILE[name])


def test_only_names_of_the_expression_are_written() -> None:
    assert "os" not in script(Snapshot(1, "x", variables={"x": STATE, "y\nimport os": STATE}))


def test_code_has_no_script() -> None:
    with pytest.raises(NoScriptError, match="written from an expression"):
        script(Snapshot(1, "loss", origin="capture"))


@pytest.mark.parametrize("text", ["9^9^9*x", "a = 2^1000; b = a*a; b*x", "2^1024 + x", "-2^5000*x"])
def test_a_constant_beyond_any_float(text: str) -> None:
    """Only a changed file has one; its digits would take all the time there is."""
    with pytest.raises(NoScriptError, match="larger than any float"):
        script(Snapshot(1, text, variables={"x": STATE}))


@pytest.mark.parametrize("text", ["2^1000*x", "(-3)^600 + x", "1^999999*x", "0^5*x"])
def test_a_constant_that_a_float_holds(text: str) -> None:
    compile(script(Snapshot(1, text, variables={"x": STATE})), "script.py", "exec")
