"""Derivatives of higher order against sympy, torch.func, torch's own walk and its anomaly mode."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.calculus import higher_orders
from gradtui.engine.autograd import graph
from gradtui.engine.training.evaluate import evaluate
from gradtui.engine.typed import forward
from gradtui.expression.parser import parse
from gradtui.findings.findings import findings, why_derivative
from gradtui.graph.hessian_curvature import sentences as curvature_sentences
from gradtui.graph.higher_orders import derivative_checks, picture
from gradtui.snapshot.graph import Values
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.orders import Orders, OrdersRequest
from gradtui.snapshot.surface import SurfaceRequest

At = dict[str, float | tuple[float, ...]]
CASES = json.loads((Path(__file__).parents[2] / "cases" / "orders.json").read_text())
CLOSE = 1e-11


def asked(expression: str, at: At, most: int, along: str | None = None) -> Snapshot:
    request = Request(1, expression, at, dtype="float64", orders=OrdersRequest(most, along))
    snapshot = evaluate(request)
    assert snapshot.problem is None, snapshot.problem
    known = [higher_orders.derivatives(replace(request, orders=OrdersRequest(order))) for order in range(1, most + 1)]
    return replace(snapshot, derivatives=tuple(known), derivative=known[0])


def orders_of(snapshot: Snapshot) -> Orders:
    assert snapshot.orders is not None
    return snapshot.orders


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expression"])
def test_cases(case: dict[str, Any]) -> None:
    """What sympy says at 30 digits, by autograd, in words and by differences."""
    snapshot = asked(case["expression"], case["at"], 4)
    orders = orders_of(snapshot)
    if "hessian" in case:
        assert orders.hessian is not None
        assert orders.hessian.names == tuple(case["at"])
        for row, wanted in zip(orders.hessian.matrix, case["hessian"], strict=True):
            assert row == pytest.approx(wanted, rel=CLOSE)
    else:
        assert [one.values["x"].numbers[0] for one in orders.orders] == pytest.approx(case["orders"], rel=CLOSE)
        assert orders.taylor == pytest.approx(case["taylor"], rel=CLOSE)
    for order in range(1, 5):
        for check in derivative_checks(snapshot, order).values():
            assert (check.autograd, check.calculus, check.differences) == (True, True, True), (order, check)


def test_a_wrong_derivative_gets_no_tick() -> None:
    snapshot = asked("sin(x)*exp(x)", {"x": 0.7}, 2)
    orders = orders_of(snapshot)
    first, second = orders.orders
    wrong = replace(second, values={"x": Values((), (second.values["x"].numbers[0] + 0.1,))})
    check = derivative_checks(replace(snapshot, orders=replace(orders, orders=(first, wrong))), 2)["x"]
    assert (check.autograd, check.calculus, check.differences) == (False, True, True)


def metadata(node: Any) -> dict[str, Any]:
    told: dict[str, Any] = node.metadata
    return told


SECOND_GRAPHS: dict[str, tuple[At, Callable[..., torch.Tensor]]] = {
    "sin(x)*exp(x) + x^2": ({"x": 0.7}, lambda x: torch.sin(x) * torch.exp(x) + x**2),
    "tanh(w*x)*w": ({"w": 0.5, "x": 1.5}, lambda w, x: torch.tanh(w * x) * w),
    "sum(x^3)*x[0]": ({"x": (1.0, 2.0)}, lambda x: (x**3).sum() * x[0]),
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("expression", SECOND_GRAPHS)
def test_the_graph_of_the_gradient(expression: str) -> None:
    """The nodes of torch's own walk from grad.grad_fn; each was made by the node that anomaly mode says."""
    at, function = SECOND_GRAPHS[expression]
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in at.values()]
    f = function(*leaves)
    first = graph.walk(graph.root(f))
    with torch.autograd.detect_anomaly(check_nan=False):
        slopes = torch.autograd.grad(f, leaves, create_graph=True)
    walked = graph.walk(*(graph.root(slope) for slope in slopes))
    wanted = [
        (
            graph.short(node.name()),
            [graph.short(target.name()) if target is not None else None for target, _ in node.next_functions],
            graph.short(parent.name()) if (parent := metadata(node).get("parent_")) is not None else None,
        )
        for node in walked
        if graph.sequence(node) is not None
    ]
    snapshot = asked(expression, at, 2)
    one, two = (order.graph for order in orders_of(snapshot).orders)
    newest = sorted(two.nodes, key=lambda node: -1 if node.sequence is None else node.sequence, reverse=True)
    told = [
        (
            node.name,
            [None if edge.target is None else two.nodes[edge.target].name for edge in node.edges],
            None if node.made_by is None else one.nodes[node.made_by].name,
        )
        for node in newest
        if node.sequence is not None
    ]
    assert told == wanted
    assert one == snapshot.graph
    assert all((node.order == 1) == (node.made_by is not None) for node in two.nodes)
    assert all(node.source is not None and node.value is not None for node in two.nodes)
    slopes_told = [two.nodes[root].value for root in two.roots]
    assert sorted(n for v in slopes_told if v for n in v.numbers) == pytest.approx(
        sorted(n for slope in slopes for n in slope.reshape(-1).tolist())
    )
    del slopes, f
    graph.release(walked)
    graph.release(first)


def test_a_row_of_the_hessian() -> None:
    """The gradient by one variable, as a function of its own: backward over its graph gives a row."""
    snapshot = asked("x^2*y^3", {"x": 2.0, "y": 3.0}, 2, along="y")
    shown = picture(snapshot, 2)
    assert shown.value == Values((), (3 * 2.0**2 * 3.0**2,))
    assert {name: state.grad.numbers[0] for name, state in shown.variables.items()} == {"x": 108.0, "y": 72.0}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_matrices_are_those_of_torch_func() -> None:
    """Hessian and Jacobian of vectors and numbers together."""
    x, w = torch.tensor([0.3, -0.7, 1.1], dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)

    def function(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.softmax(w * x, -1) * x

    orders = orders_of(asked("softmax(w*x)*x", {"x": (0.3, -0.7, 1.1), "w": 0.5}, 2))
    assert orders.hessian is not None
    assert set(orders.hessian.names) == {"x[0]", "x[1]", "x[2]", "w"}
    parts = torch.func.hessian(lambda x, w: function(x, w).sum(), argnums=(0, 1))(x, w)
    order = ("w", "x") if orders.hessian.names[0] == "w" else ("x", "w")
    places = {"x": 0, "w": 1}
    whole = torch.cat(
        [torch.cat([parts[places[a]][places[b]].reshape(3 if a == "x" else 1, -1) for b in order], 1) for a in order]
    )
    assert torch.allclose(torch.tensor(orders.hessian.matrix, dtype=torch.float64), whole, rtol=1e-12)
    vectors = torch.tensor(orders.hessian.directions, dtype=torch.float64)
    for value, vector in zip(orders.hessian.eigenvalues, vectors, strict=True):
        assert torch.allclose(whole @ vector, value * vector, atol=1e-12)
    by_x, by_w = torch.func.jacrev(function, argnums=(0, 1))(x, w)
    assert torch.allclose(torch.tensor(orders.jacobian["x"].rows, dtype=torch.float64), by_x, rtol=1e-12)
    assert torch.allclose(torch.tensor(orders.jacobian["w"].rows, dtype=torch.float64)[:, 0], by_w, rtol=1e-12)


@pytest.mark.parametrize("name", ["sin", "gelu", "softplus", "erf", "ndtr", "atan2", "logsigmoid"])
def test_second_derivatives_of_functions(name: str) -> None:
    """What torch's own gradgradcheck lets pass is what calculus says."""
    at: At = {"x": 0.8, "y": 0.3} if name == "atan2" else {"x": 0.8}
    expression = f"{name}({', '.join(at)})"
    snapshot = asked(expression, at, 4)
    for order in (2, 3, 4):
        for check in derivative_checks(snapshot, order).values():
            assert check.autograd, (order, check)
            assert check.calculus, (order, check)


UNARY = st.sampled_from(
    ["sin({})", "tanh({})", "exp(-({})^2)", "({})^3", "1/(2 + ({})^2)", "sigmoid({})", "cos(2*({}))"]
)
BINARY = st.sampled_from(["({}) + ({})", "({})*({})", "({}) - 3*({})"])
EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "x^2", "x/3"]),
    lambda inner: st.builds(str.format, UNARY, inner) | st.builds(str.format, BINARY, inner, inner),
    max_leaves=4,
)


@pytest.mark.long
@settings(max_examples=8, deadline=None)
@given(EXPRESSIONS, st.floats(-1.5, 1.5).map(lambda x: round(x, 3)))
def test_random_expressions(expression: str, x: float) -> None:
    """Autograd in float64 and sympy in 50 digits; what cancels to nearly nothing has lost digits, and not to more."""
    snapshot = asked(expression, {"x": x}, 3)
    for order, known in zip(orders_of(snapshot).orders, snapshot.derivatives, strict=True):
        exact = known["x"].numbers[0]
        assert exact is not None
        size = max([1.0, *(abs(n) for one in order.graph.nodes if one.value for n in one.value.numbers)])
        assert order.values["x"].numbers[0] == pytest.approx(exact, rel=1e-9, abs=1e-9 * size**2)
        assert math.isfinite(exact)


GRADGRADCHECKED: dict[str, At] = {
    "x*sin(x)": {"x": 0.7},
    "tanh(w*x + b)^2": {"w": 0.5, "x": 1.5, "b": -0.2},
    "x^w": {"x": 1.3, "w": 2.5},
    "softmax(x)*x": {"x": (0.3, -0.7, 1.1)},
    "logsumexp(x)*norm(x)": {"x": (0.3, -0.7, 1.1)},
    "where(x > 0, x^3, x^2)": {"x": -0.4},
    "mse_loss(x*w, [1, 2])": {"x": (0.5, 1.5), "w": 0.3},
}


@pytest.mark.parametrize("expression", GRADGRADCHECKED)
def test_gradgradcheck(expression: str) -> None:
    """torch holds the derivative of the gradient of what is evaluated against differences of its own; so do the checks."""
    at = GRADGRADCHECKED[expression]
    told, names = parse(expression), list(at)
    places = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in at.values()]

    def f(*tensors: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(forward.run(told, dict(zip(names, tensors, strict=True))).output)

    assert torch.autograd.gradgradcheck(f, places)
    for check in derivative_checks(asked(expression, at, 2), 2).values():
        assert (check.autograd, check.differences) == (True, True), check


def test_what_is_too_large_is_said() -> None:
    """A Hessian of 300 numbers, one row of it; elements that mix are not differentiated one by one."""
    orders = orders_of(evaluate_only("sum(x)^3", {"x": tuple([0.01] * 300)}, 2))
    assert orders.hessian is not None
    assert (len(orders.hessian.matrix), orders.hessian.row) == (1, 0)
    assert orders.hessian.matrix[0] == pytest.approx([6 * 3.0] * 300)
    assert "x" not in orders.orders[1].values


def evaluate_only(expression: str, at: At, most: int) -> Snapshot:
    snapshot = evaluate(Request(1, expression, at, dtype="float64", orders=OrdersRequest(most)))
    assert snapshot.problem is None
    return snapshot


def test_nothing_to_differentiate() -> None:
    assert evaluate_only("5 + 5", {}, 2).orders is None
    flat = orders_of(evaluate_only("3x + 1", {"x": 4.0}, 4))
    assert [one.values["x"].numbers[0] for one in flat.orders] == [3.0, 0.0, 0.0, 0.0]
    assert [len(one.graph.nodes) for one in flat.orders[1:]] == [0, 0, 0]


@pytest.mark.parametrize("expression", ["abs(x)", "softsign(x)", "cbrt(x)", "i0e(x)", "l1_loss(x, 0)"])
def test_zeros_without_numbers(expression: str) -> None:
    """torch makes some second derivatives as zeros without memory: they are 0, and so is what is made of them."""
    snapshot = asked(expression, {"x": 0.4}, 3)
    for order, known in zip(orders_of(snapshot).orders, snapshot.derivatives, strict=True):
        assert order.values["x"].numbers == pytest.approx(known["x"].numbers, rel=1e-9)


@pytest.mark.parametrize(
    "expression", ["abs(atanh(x))", "relu(x)*abs(atanh(x))", "abs(elu(x))", "abs(selu(x))", "abs(celu(x))"]
)
def test_zeros_without_memory_times_a_number(expression: str) -> None:
    """torch ends the process there, where a mode is on that sees each operation."""
    snapshot = asked(expression, {"x": 0.4}, 3)
    for order, known in zip(orders_of(snapshot).orders, snapshot.derivatives, strict=True):
        assert order.values["x"].numbers == pytest.approx(known["x"].numbers, rel=1e-9)


def kinds(expression: str, at: At, most: int) -> list[tuple[str, str]]:
    return [(one.kind, one.certainty) for one in findings(evaluate_only(expression, at, most))]


def test_what_torch_cannot_differentiate_again_is_told() -> None:
    """The orders before it are there."""
    told = evaluate_only("hardsigmoid(x)", {"x": 0.4}, 3)
    assert [one.order for one in orders_of(told).orders] == [1]
    assert orders_of(told).ended == "not_implemented"
    (found,) = findings(told)
    assert (found.kind, found.certainty) == ("not_differentiable", "proved")
    assert "hardsigmoid" in found.text


WITHOUT = {
    "log(x)": -0.7,
    "log1p(x) + x^2": -2.0,
    "logit(x)": 2.0,
    "lgamma(x)": 0.0,
    "1/x^2": 0.0,
    "relu(x) + x^3": 0.0,
    "abs(x)": 0.0,
    "floor(x) + x^3": 1.0,
    "max(x, 0)": 0.0,
    "cbrt(x)": 0.0,
}


@pytest.mark.parametrize("expression", WITHOUT)
def test_no_marks_where_there_is_no_derivative_of_a_lower_order(expression: str) -> None:
    """What torch gives there, and what a formula or differences of it say, is no derivative: f has no value, or a corner."""
    snapshot = asked(expression, {"x": WITHOUT[expression]}, 3)
    for order in (1, 2, 3):
        told = derivative_checks(snapshot, order)["x"]
        assert (told.autograd, told.calculus, told.differences, told.digits) == (None,) * 4, (order, told)


def test_elements_beside_one_without_a_derivative_keep_their_marks() -> None:
    told = derivative_checks(asked("log(x)", {"x": (-1.0, 1.0, 2.0)}, 2), 2)["x"]
    assert (told.autograd, told.calculus, told.differences) == (True, True, True)
    assert told.text.startswith("x[0]")


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("x^2 + y^2 - abs(x)", {"x": 0.0, "y": 0.0}),
        ("abs(x - y)", {"x": 1.0, "y": 1.0}),
        ("x^2 + y^2 + log(z)", {"x": 0.0, "y": 0.0, "z": -1.0}),
        ("relu(x)*x - y^2", {"x": 0.0, "y": 0.0}),
    ],
)
def test_a_hessian_that_is_not_there_means_nothing(expression: str, at: At) -> None:
    """`x^2 + y^2 - abs(x)` has no minimum at 0, whatever the eigenvalues of torch's numbers are."""
    snapshot = asked(expression, at, 2)
    hessian = orders_of(snapshot).hessian
    assert hessian is not None
    (told,) = curvature_sentences(snapshot, hessian)
    smooth = asked("x^2 + y^2", {"x": 0.0, "y": 0.0}, 2)
    hessian = orders_of(smooth).hessian
    assert hessian is not None
    assert told not in list(curvature_sentences(smooth, hessian))


@pytest.mark.parametrize(("expression", "x"), [("lgamma(x)", 0.5), ("gamma(x)", 0.3), ("logsigmoid(x)", 10.0)])
def test_of_a_typed_f_nothing_is_detached(expression: str, x: float) -> None:
    """Its f'' is torch's, whose formula is off in the tenth digit."""
    assert not [one for one in findings(asked(expression, {"x": x}, 3)) if one.kind == "detached"]


@pytest.mark.parametrize("expression", ["x*abs(x)", "abs(x) + x^3", "relu(x)^2", "abs(atanh(x))"])
def test_a_corner_is_told_once(expression: str) -> None:
    """That the third derivative is not there either is a consequence."""
    told = findings(asked(expression, {"x": 0.0}, 4))
    assert [one.kind for one in told] == ["corner"]


WHY = {
    "abs(x)": (0.0, [("corner", "likely")]),
    "max(x, 0)*3": (0.0, [("corner", "likely")]),
    "3*relu(x)": (0.4, [("flat", "proved")]),
    "abs(x) + 2x": (0.4, [("flat", "proved")]),
    "max(x, 1)*3": (2.0, [("flat", "proved")]),
    "3*softplus(x)": (0.4, []),
    "sin(x) + relu(x)": (0.4, []),
    "2x + 1": (0.4, []),
    "x*abs(x)": (0.0, [("corner", "likely")]),
    "relu(x)^2": (0.0, [("corner", "likely")]),
    "elu(x)": (0.0, [("corner", "likely")]),
    "relu(x)": (0.0, [("corner", "likely")]),
    "x^1.5": (0.0, [("vertical", "likely")]),
    "x^3*abs(x)": (0.0, []),
    "exp(30x)": (0.2, []),
}


@pytest.mark.parametrize("expression", WHY)
def test_why_a_further_derivative_is_what_it_is(expression: str) -> None:
    at, wanted = WHY[expression]
    assert kinds(expression, {"x": at}, 2) == wanted


WHY_OF_ITS_GRAPH: dict[tuple[str, int], tuple[At, str, str | None]] = {
    ("3*relu(x)", 2): ({"x": 0.4}, "flat", "ThresholdBackwardBackward0"),
    ("x*abs(x)", 2): ({"x": 0.0}, "corner", "AddBackward0"),
    ("sqrt(x)", 2): ({"x": 0.0}, "pole", "DivBackward0"),
    ("x*sin(x)", 3): ({"x": 1.0}, "ordinary", "AccumulateGrad"),
    ("2x + 1", 2): ({"x": 1.0}, "constant", None),
    ("x^2*y^0.5", 2): ({"x": 1.0, "y": 2.0}, "ordinary", "AccumulateGrad"),
    ("hardsigmoid(x)", 2): ({"x": 0.4}, "not_differentiable", None),
}


@pytest.mark.parametrize(("expression", "order"), WHY_OF_ITS_GRAPH)
def test_why_at_the_nodes_of_its_own_graph(expression: str, order: int) -> None:
    at, kind, name = WHY_OF_ITS_GRAPH[expression, order]
    snapshot = evaluate_only(expression, at, order)
    (found, *_) = why_derivative(snapshot, order, "x")
    nodes = picture(snapshot, order).graph.nodes
    assert found.kind == kind
    assert (None if found.node is None else nodes[found.node].name) == name


def test_differences_of_torchs_own_derivative_do_not_outvote_calculus() -> None:
    """Of f'' they are of f', as torch has it: above 20 that of softplus is 1, whose own f'' is 0, and not 1.4e-11."""
    snapshot = asked("softplus(x)", {"x": 25.0}, 3)
    for order in (2, 3):
        told = derivative_checks(snapshot, order)["x"]
        assert (told.autograd, told.calculus, told.differences) == (False, True, None)


@pytest.mark.parametrize(
    ("expression", "x", "order"),
    [
        ("logsigmoid(x)", 10.0, 2),
        ("logsigmoid(x)", 100.0, 2),
        ("2*logsigmoid(x^2)", 4.0, 2),
        ("148.41*sigmoid(x)", 0.002, 2),
        ("148.41*softplus(x)", 0.002, 3),
        ("148.41*softplus(x)", 5.0, 2),
        ("148.41*logsigmoid(x)", 20.0, 2),
        ("expm1(x)", -20.0, 1),
        ("erfcx(x)", 10.0, 1),
        ("i1e(x)", 100.0, 1),
        ("i0e(x)", 1e4, 1),
    ],
)
def test_what_cancels_inside_of_one_function_is_rounding(expression: str, x: float, order: int) -> None:
    """Of 1 - sigmoid(10) twelve digits are left: it is not wrong."""
    told = derivative_checks(asked(expression, {"x": x}, order), order)["x"]
    assert (told.autograd, told.calculus) == (None, True)


@pytest.mark.parametrize("case", [case for case in CASES if "taylor" in case], ids=lambda case: case["expression"])
def test_taylor_to_degree_8(case: dict[str, Any]) -> None:
    """Against sympy at 30 digits; those up to the order are the same."""
    request = Request(1, case["expression"], case["at"], dtype="float64", orders=OrdersRequest(1, degree=8))
    told = orders_of(evaluate(request)).taylor
    x, expression = sympy.Symbol("x"), case["expression"].replace("x^5 - 2x^3", "x**5 - 2*x**3")
    f = sympy.sympify(expression.replace("^", "**"))
    at = sympy.Rational(str(case["at"]["x"]))
    wanted = [float(sympy.N(f.diff(x, k).subs(x, at), 30)) / math.factorial(k) for k in range(9)]
    assert told == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert told[:5] == pytest.approx(case["taylor"], rel=CLOSE)


def test_degree_0_and_where_it_ends() -> None:
    assert orders_of(evaluate(Request(1, "x^2", {"x": 3.0}, orders=OrdersRequest(2, degree=0)))).taylor == (9.0,)
    ended = orders_of(evaluate(Request(1, "hardsigmoid(x)", {"x": 0.4}, orders=OrdersRequest(1, degree=6))))
    assert (len(ended.taylor), ended.degree) == (2, 6)


def test_what_torch_could_not_do_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no")

    from gradtui.engine.training import evaluate as training

    for name, request in {
        "_orders": Request(1, "x^2", orders=OrdersRequest(2)),
        "surface": Request(1, "x*y", surface=SurfaceRequest(("x", "y"), ((0.0, 1.0), (0.0, 1.0)))),
    }.items():
        with monkeypatch.context() as patched:
            patched.setattr(training, name, refuse)
            problem = evaluate(request).problem
        assert problem is not None
        assert "update" not in problem.message
