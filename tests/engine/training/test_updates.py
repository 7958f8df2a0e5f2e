"""Every update is torch.optim's own: values, gradients, places and states equal those of a plain loop in PyTorch."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from msgspec.structs import replace

from gradtui.engine.training.evaluate import evaluate
from gradtui.engine.typed.evaluate import At
from gradtui.snapshot.model import Dtype, Request
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.training import Batches, Optimizer, Tensor, TrainingRequest, Update
from gradtui.training.optimizer_text import read_optimizer
from gradtui.training.optimizers import OPTIMIZERS
from tests.engine.oracle import line

CASES = json.loads((Path(__file__).parents[2] / "cases" / "training.json").read_text())
PYTHON = {
    "(w*x + b - y)^2": "(w * x + b - y) ** 2",
    "x^4 - 3x^2 + x": "x ** 4 - 3 * x ** 2 + x",
    "(1 - x)^2 + 100(y - x^2)^2": "(1 - x) ** 2 + 100 * (y - x ** 2) ** 2",
    "sum((v - [1, 2, 3])^2)": "sum((v - torch.tensor([1., 2., 3.], dtype=v.dtype)) ** 2)",
    "cosh(x)": "cosh(x)",
}
AT: dict[str, dict[str, Any]] = {
    "(w*x + b - y)^2": {"w": 0.5, "x": 2.0, "b": 0.0, "y": 1.0},
    "x^4 - 3x^2 + x": {"x": 2.0},
    "(1 - x)^2 + 100(y - x^2)^2": {"x": -1.2, "y": 1.0},
    "sum((v - [1, 2, 3])^2)": {"v": (0.0, 0.0, 0.0)},
    "cosh(x)": {"x": 1.5},
}
OPTIMIZER_TEXTS = (
    "SGD(lr=0.01)",
    "SGD(lr=0.01, momentum=0.9)",
    "SGD(lr=0.01, momentum=0.9, dampening=0.1, weight_decay=0.01)",
    "SGD(lr=0.01, momentum=0.9, nesterov=True)",
    "SGD(lr=0.0001, maximize=True)",
    "Adam(lr=0.1, betas=(0.8, 0.99))",
    "Adam(lr=0.1, amsgrad=True, weight_decay=0.1)",
    "AdamW(lr=0.1, weight_decay=0.1)",
    "NAdam(lr=0.1)",
    "RAdam(lr=0.1)",
    "Adagrad(lr=0.5, lr_decay=0.01, initial_accumulator_value=0.1)",
    "Adadelta(lr=1.0, rho=0.8)",
    "RMSprop(lr=0.05, centered=True)",
    "RMSprop(lr=0.05, momentum=0.9)",
    "Rprop(lr=0.05)",
    "Adamax(lr=0.1)",
    "ASGD(lr=0.01, t0=3)",
    "LBFGS(lr=0.5, max_iter=4)",
    "LBFGS(line_search_fn='strong_wolfe', history_size=3)",
)
UPDATES = 8
"""So that the sixth of RAdam is there, its first whose step is rectified."""


def asked(
    expression: str, at: dict[str, Any], optimizer: Optimizer, trained: Sequence[str], dtype: Dtype = "float64"
) -> Request:
    training = TrainingRequest(optimizer, tuple(trained))
    return Request(1, expression, {name: _place(value) for name, value in at.items()}, dtype, training=training)


def made(request: Request, count: int) -> tuple[Update, ...]:
    assert request.training is not None
    snapshot = evaluate(replace(request, training=replace(request.training, count=count)))
    assert snapshot.problem is None, snapshot.problem
    assert snapshot.training is not None
    return snapshot.training.updates


def one_by_one(request: Request, count: int) -> list[Update]:
    """Each from what the one before left, by way of bytes, as the screen asks for them."""
    found = []
    for number in range(count):
        assert request.training is not None
        (update,) = made(msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=Request), 1)
        found.append(update)
        at = request.at | {name: moved.after for name, moved in update.variables.items()}
        state = {name: moved.state for name, moved in update.variables.items()}
        request = replace(request, at=at, training=replace(request.training, update=number + 1, state=state))
    return found


def by_torch(
    python: Callable[[dict[str, torch.Tensor]], torch.Tensor],
    at: dict[str, Any],
    text: str,
    trained: Sequence[str],
    dtype: torch.dtype,
) -> list[dict[str, Any]]:
    """The loop that anyone would write."""
    leaves = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in at.items()}
    name, arguments = text.removesuffix(")").split("(", 1)
    settings = eval(f"dict({arguments})")  # noqa: S307 - a text of this test
    optimizer = getattr(torch.optim, name)([leaves[one] for one in trained], **settings)
    told = []
    for _ in range(UPDATES):
        seen: list[Any] = []

        def closure(seen: list[Any] = seen) -> torch.Tensor:
            optimizer.zero_grad()
            loss = python(leaves)
            loss.backward()  # type: ignore[no-untyped-call]
            seen.append((loss.item(), {one: leaves[one].grad.tolist() for one in trained}))  # type: ignore[union-attr]
            return loss

        before = {one: leaves[one].tolist() for one in trained}
        optimizer.step(closure)
        states = {one: copy.deepcopy(dict(optimizer.state[leaves[one]])) for one in trained}
        after = {one: leaves[one].tolist() for one in trained}
        told.append(
            {
                "value": seen[0][0],
                "grad": seen[0][1],
                "before": before,
                "after": after,
                "state": states,
                "runs": len(seen),
            }
        )
    return told


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['optimizer']} on {case['expression']}")
def test_known_cases(case: dict[str, Any]) -> None:
    request = asked(case["expression"], case["at"], read_optimizer(case["optimizer"]), case["train"])
    for update, expected in zip(made(request, len(case["updates"])), case["updates"], strict=True):
        assert update.value == pytest.approx(expected["value"], abs=1e-9)
        for name, moved in update.variables.items():
            told = expected["variables"][name]
            assert moved.value == pytest.approx(_place(told["value"]), abs=1e-9)
            assert moved.grad == pytest.approx(_place(told["grad"]), abs=1e-9)
            assert moved.after == pytest.approx(_place(told["after"]), abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("expression", PYTHON)
@pytest.mark.parametrize("text", OPTIMIZER_TEXTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_as_torch_does(text: str, expression: str, dtype: Dtype) -> None:
    """At once, and one by one from what came back: to the last bit."""
    at = AT[expression]
    trained = ("w", "b") if "w" in at else tuple(at)
    python = lambda leaves: line(PYTHON[expression], leaves)  # noqa: E731
    expected = by_torch(python, at, text, trained, getattr(torch, dtype))
    request = asked(expression, at, read_optimizer(text), trained, dtype)
    for updates in (made(request, UPDATES), one_by_one(request, UPDATES)):
        for update, told in zip(updates, expected, strict=True):
            assert update.evaluations == told["runs"]
            assert repr(update.value) == repr(told["value"])  # nan is not equal to itself
            for name, moved in update.variables.items():
                assert repr(moved.value) == repr(_place(told["before"][name]))
                assert repr(moved.grad) == repr(_place(told["grad"][name]))
                assert repr(moved.after) == repr(_place(told["after"][name]))
                for key, remembered in told["state"][name].items():
                    if isinstance(remembered, torch.Tensor):
                        held = moved.state[key]
                        assert isinstance(held, Tensor)
                        assert repr(held.numbers) == repr(tuple(remembered.reshape(-1).tolist()))


def test_all_optimizers_are_tried() -> None:
    assert {text.partition("(")[0] for text in OPTIMIZER_TEXTS} == {*OPTIMIZERS}


def test_a_variable_of_another_length_begins_anew() -> None:
    request = asked("sum(v^2)", {"v": [1.0, 2.0]}, read_optimizer("Adam(lr=0.1)"), ["v"])
    (first,) = made(request, 1)
    assert request.training is not None
    longer = replace(
        request, at={"v": (1.0, 2.0, 3.0)}, training=replace(request.training, state={"v": first.variables["v"].state})
    )
    (fresh,) = made(replace(longer, training=request.training), 1)
    assert made(longer, 1)[0].variables == fresh.variables


FURTHER = (
    *("SGD(lr=0.01)", "Adam(lr=0.1)", "Adam(lr=0.1, amsgrad=True)", "AdamW(lr=0.1, amsgrad=True)", "RMSprop(lr=0.05)"),
    *("RMSprop(lr=0.05, momentum=0.9, centered=True)", "Adagrad(lr=0.5)", "LBFGS(lr=1, max_iter=5)"),
)


def test_any_optimizer_goes_on_after_any_other() -> None:
    """What it remembers is its own, or it begins anew: as torch would that had made all updates, or none."""
    at = {"w": 0.5, "x": 2.0, "b": 0.0, "y": 1.0}
    every: list[tuple[Optimizer, Request, Update]] = []
    for text in (*OPTIMIZER_TEXTS, *FURTHER):
        optimizer = read_optimizer(text)
        request = asked("(w*x + b - y)^2", at, optimizer, ["w", "b"])
        (update,) = made(request, 1)
        every.append((optimizer, request, update))
    for first, _, update in every:
        state = {name: moved.state for name, moved in update.variables.items()}
        for other, request, fresh in every:
            assert request.training is not None
            (after,) = made(replace(request, training=replace(request.training, state=state)), 1)
            assert after.variables["w"].state.keys() >= fresh.variables["w"].state.keys(), (first.text, other.text)
            if first.name != other.name and not after.variables["w"].state.keys() <= {*update.variables["w"].state}:
                assert after.variables == fresh.variables, (first.text, other.text)


def test_data_is_averaged_over_and_does_not_move() -> None:
    """Of each batch, which torch's own RandomSampler would draw."""
    x, y = [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 5.0, 7.0, 9.5]
    training = TrainingRequest(read_optimizer("SGD(lr=0.05)"), ("w", "b"), count=7, batches=Batches(2, seed=3))
    at: At = {"x": (*x,), "y": (*y,), "w": 0.0, "b": 0.0}
    snapshot = evaluate(Request(1, "p = w*x + b; (p - y)^2", at, "float64", data=("x", "y"), training=training))
    assert snapshot.problem is None, snapshot.problem
    assert snapshot.training is not None
    generator = torch.Generator().manual_seed(3)
    sampler = torch.utils.data.RandomSampler(range(5), generator=generator)
    batches = torch.utils.data.BatchSampler(sampler, 2, drop_last=False)
    w, b = (torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in "wb")
    optimizer = torch.optim.SGD([w, b], lr=0.05)
    drawn = [batch for _ in range(3) for batch in batches]
    for number, update in enumerate(snapshot.training.updates):
        assert list(update.rows) == drawn[number]
        optimizer.zero_grad()
        columns = (torch.tensor([column[row] for row in drawn[number]], dtype=torch.float64) for column in (x, y))
        xs, ys = columns
        loss = ((w * xs + b - ys) ** 2).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        assert update.value == loss.item()
        assert (update.variables["w"].after, update.variables["b"].after) == (w.item(), b.item())
    assert set(snapshot.variables) == {"w", "b"}
    assert snapshot.graph.nodes[0].name == "MeanBackward0"
    assert snapshot.value is not None
    assert snapshot.value.numbers[0] == snapshot.training.updates[0].value


def _place(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("setting", ["capturable", "differentiable"])
def test_what_torch_refuses_at_the_first_step(setting: str) -> None:
    """It takes these settings, and raises only when it moves something."""
    request = asked("x^2", {"x": 2.0}, read_optimizer(f"Adam(lr=0.1, {setting}=True)"), ["x"])
    problem = evaluate(request).problem
    assert problem is not None
    x = torch.tensor(2.0, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=0.1, **{setting: True})  # type: ignore[arg-type]
    (x**2).backward()  # type: ignore[no-untyped-call]
    with pytest.raises((AssertionError, RuntimeError)) as refused:
        optimizer.step()
    assert problem.message.removeprefix("Adam: ") == str(refused.value).partition("\n")[0]
    assert f"{setting}=True" in problem.hint


@pytest.mark.parametrize("update", range(3))
@pytest.mark.parametrize("expression", ["p = w*x + b; (p - y)^2", "sum((w*x + b - y)^2)", "mean(exp(w*x - y) + b*b)"])
def test_further_derivatives_are_of_the_rows_that_the_update_sees(expression: str, update: int) -> None:
    """As value and gradient beside them are: by torch, of the same rows."""
    x, y, at = (1.0, 2.0, 3.0, 4.0, 5.0), (2.1, 3.9, 6.2, 7.8, 9.0), (0.5, 1.0)
    training = TrainingRequest(read_optimizer("SGD(lr=0.1)"), ("w", "b"), update, batches=Batches(2, 0))
    request = Request(
        1,
        expression,
        {"x": x, "y": y, "w": at[0], "b": at[1]},
        "float64",
        data=("x", "y"),
        training=training,
        orders=OrdersRequest(2),
    )
    told = evaluate(request)
    assert told.problem is None
    assert told.training is not None
    assert told.orders is not None
    rows = list(told.training.updates[0].rows)
    told_of_rows = [one.text for one in told.notes if f"{len(rows)} row" in one.text]
    assert len(told_of_rows) == (expression.startswith("p =")), "no mean is told of that the text itself has"
    some_x, some_y = (torch.tensor(column, dtype=torch.float64)[rows] for column in (x, y))

    def f(w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        if "exp" in expression:
            return (torch.exp(w * some_x - some_y) + b * b).mean()
        squares = (w * some_x + b - some_y) ** 2
        return squares.sum() if "sum" in expression else squares.mean()

    leaves = tuple(torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in at)
    gradient = [float(one) for one in torch.autograd.grad(f(*leaves), leaves)]
    by_each = torch.autograd.grad(f(*leaves), leaves, create_graph=True)
    settings: Any = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    second = [torch.autograd.grad(one, leaves, **settings) for one in by_each]
    matrix = [[float(one) for one in row] for row in second]
    assert [told.variables[name].grad.numbers[0] for name in ("w", "b")] == pytest.approx(gradient)
    assert [told.orders.orders[0].values[name].numbers[0] for name in ("w", "b")] == pytest.approx(gradient)
    assert told.orders.taylor[0] == pytest.approx(f(*leaves).item())
    assert told.orders.hessian is not None
    assert [list(row) for row in told.orders.hessian.matrix] == [pytest.approx(row) for row in matrix]
