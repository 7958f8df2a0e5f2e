"""The symbolic derivative of an f of columns of data: by the other variables alone, of the mean over rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from gradtui.calculus import higher_orders
from gradtui.calculus.derivative import TOO_MANY, derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.calculus.hessian import hessian
from gradtui.calculus.taylor import coefficients
from gradtui.engine.training.evaluate import evaluate
from gradtui.snapshot.model import Request
from gradtui.snapshot.orders import OrdersRequest

F = torch.nn.functional
CHANCE = random.Random(0)
ROWS = 50
X = tuple(CHANCE.uniform(-3, 3) for _ in range(ROWS))
Y = tuple(2 * x - 1 + CHANCE.gauss(0, 0.3) for x in X)
AT = {"w": 1.25, "b": 0.5}

CASES: list[tuple[str, Callable[..., Any], dict[str, str]]] = [
    (
        "p = w*x + b; (p - y)^2",
        lambda w, b, x, y: (w * x + b - y) ** 2,
        {"w": "2*mean(x*(w*x + b - y))", "b": "2*mean(w*x + b - y)"},
    ),
    ("mse_loss(w*x + b, y)", lambda w, b, x, y: F.mse_loss(w * x + b, y), {"w": "2*mean(x*(w*x + b - y))"}),
    ("sum((w*x + b - y)^2)", lambda w, b, x, y: ((w * x + b - y) ** 2).sum(), {"w": "2*sum(x*(w*x + b - y))"}),
    (
        "(w*x + b - y)^2 + 0.1*w^2",
        lambda w, b, x, y: (w * x + b - y) ** 2 + 0.1 * w**2,
        {"w": "0.2*w + 2*mean(x*(w*x + b - y))"},
    ),
    (
        "binary_cross_entropy_with_logits(w*x + b, sigmoid(y))",
        lambda w, b, x, y: F.binary_cross_entropy_with_logits(w * x + b, y.sigmoid()),
        {},
    ),
    ("log(1 + exp(-y*(w*x + b)))", lambda w, b, x, y: torch.log(1 + torch.exp(-y * (w * x + b))), {}),
    ("b*relu(w*x + 1) - y", lambda w, b, x, y: b * torch.relu(w * x + 1) - y, {"b": "mean(relu(w*x + 1))"}),
    ("huber_loss(w*x + b, y)", lambda w, b, x, y: F.huber_loss(w * x + b, y), {}),
    ("std(w*x - y)*b", lambda w, b, x, y: (w * x - y).std() * b, {"b": "std(w*x - y)"}),
    ("softmax(w*x)*y*b", lambda w, b, x, y: torch.softmax(w * x, 0) * y * b, {}),
    ("w^3*mean(x) + b*sin(w)", lambda w, b, x, y: w**3 * x.mean() + b * torch.sin(w), {"b": "sin(w)"}),
    ("dot(x, y)*w + b^2", lambda w, b, x, y: x @ y * w + b**2, {"w": "dot(x, y)", "b": "2*b"}),
]
NAMES = [text for text, _, _ in CASES]


def asked(text: str, rows: int = ROWS, **settings: Any) -> Request:
    return Request(1, text, {**AT, "x": X[:rows], "y": Y[:rows]}, "float64", data=("x", "y"), **settings)


def mean_of(f: Callable[..., Any], rows: int = ROWS) -> Callable[..., torch.Tensor]:
    """f of w and b by torch, averaged where it has an element for each row."""
    x, y = (torch.tensor(column[:rows], dtype=torch.float64) for column in (X, Y))
    return lambda w, b: f(w, b, x, y).mean()


def here() -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in AT.values())


@pytest.mark.parametrize(("text", "f", "words"), CASES, ids=NAMES)
def test_by_all_that_is_no_data(text: str, f: Callable[..., Any], words: dict[str, str]) -> None:
    told, leaves = derivatives(asked(text)), here()
    exact = torch.autograd.grad(mean_of(f)(*leaves), leaves, allow_unused=True)
    assert set(told) == {"w", "b"}
    for (name, _), grad in zip(AT.items(), exact, strict=True):
        assert told[name].numbers[0] == pytest.approx(0.0 if grad is None else grad.item(), rel=1e-11, abs=1e-12)
        written = told[name].text
        assert written is not None
        again = evaluate(Request(1, written, {**AT, "x": X, "y": Y}, "float64", names=("x", "y"))).value
        assert again is not None
        assert again.numbers[0] == pytest.approx(told[name].numbers[0], rel=1e-11, abs=1e-12)
    assert {name: told[name].text for name in words} == words


SMOOTH = [(text, f) for text, f, _ in CASES if "huber" not in text]


@pytest.mark.parametrize(("text", "f"), SMOOTH, ids=[text for text, _ in SMOOTH])
def test_of_second_order(text: str, f: Callable[..., Any]) -> None:
    told = higher_orders.derivatives(asked(text, 8, orders=OrdersRequest(2)))
    exact = torch.autograd.functional.hessian(mean_of(f, 8), here())  # type: ignore[no-untyped-call]
    for place, name in enumerate(AT):
        assert told[name].numbers[0] == pytest.approx(exact[place][place].item(), rel=1e-9, abs=1e-12)
    whole = hessian(asked(text, 8, orders=OrdersRequest(2, degree=2)))
    if whole is not None:
        places = [list(AT).index(name) for name in whole.names]
        wanted = [[exact[one][other].item() for other in places] for one in places]
        for row, numbers in zip(whole.matrix, wanted, strict=True):
            assert row == pytest.approx(numbers, rel=1e-9, abs=1e-12)


def test_words_of_second_order_have_no_elements() -> None:
    told = higher_orders.derivatives(asked("(w*x + b - y)^2", orders=OrdersRequest(2)))
    assert {name: one.text for name, one in told.items()} == {"w": "2*mean(x^2)", "b": "2"}
    whole = hessian(asked("(w*x + b - y)^2", orders=OrdersRequest(2, degree=2)))
    assert whole is not None
    assert set(whole.names) == {"w", "b"}
    polynomial = coefficients(asked("(w*x + b - y)^2", 10, orders=OrdersRequest(2, along="w", degree=4)))
    assert polynomial.numbers[3:] == (0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "f"),
    [
        ("p = v[0] + v[1]*x + v[-1]*x^2; (p - y)^2", lambda v, x, y: (v[0] + v[1] * x + v[2] * x**2 - y) ** 2),
        ("mse_loss(v[0]*sin(v[2]*x), y)", lambda v, x, y: F.mse_loss(v[0] * torch.sin(v[2] * x), y)),
        ("g(t) = v[0]*t; g(g(x)) - y*v[1]", lambda v, x, y: v[0] ** 2 * x - y * v[1]),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_elements_of_a_vector_of_weights(text: str, f: Callable[..., Any]) -> None:
    v = (0.1, 0.2, 0.3)
    request = Request(1, text, {"v": v, "x": X, "y": Y}, "float64", data=("x", "y"))
    x, y = (torch.tensor(column, dtype=torch.float64) for column in (X, Y))
    leaf = torch.tensor(v, dtype=torch.float64, requires_grad=True)

    def mean(weights: torch.Tensor) -> torch.Tensor:
        averaged: torch.Tensor = f(weights, x, y).mean()
        return averaged

    (told,) = derivatives(request).values()
    assert told.numbers == pytest.approx(torch.autograd.grad(mean(leaf), leaf)[0].tolist(), rel=1e-11, abs=1e-12)
    again = evaluate(Request(1, told.text or "", request.at, "float64", names=("x", "y"))).value
    assert again is not None
    assert again.numbers == pytest.approx(told.numbers, rel=1e-11, abs=1e-12)
    exact = torch.autograd.functional.hessian(mean, leaf)  # type: ignore[no-untyped-call]
    second = higher_orders.derivatives(replace(request, orders=OrdersRequest(2)))["v"]
    assert second.numbers == pytest.approx(exact.diagonal().tolist(), rel=1e-9, abs=1e-12)
    for place in range(3):
        along = OrdersRequest(2, along="v", element=place)
        polynomial = coefficients(replace(request, orders=along)).numbers
        assert polynomial[1] == pytest.approx(told.numbers[place], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("text", ["w*x[0] + b", "x[1:]*w + b", "w*x + [1, 2, 3]*b", "polygamma(2, w*x)*b", "w*x*"])
def test_columns_have_none_where_it_gives_up_either(text: str) -> None:
    for told in (derivatives(asked(text)), higher_orders.derivatives(asked(text, orders=OrdersRequest(2)))):
        assert not {"x", "y"} & set(told)


def test_what_would_take_long_has_words_alone() -> None:
    many = tuple(float(one % 7) for one in range(20_000))
    told = derivatives(Request(1, "(w*x + b)^2", {**AT, "x": many}, data=("x",)))
    assert told["w"].text == "2*mean(x*(w*x + b))"
    assert told["w"].numbers == ()
    assert told["w"].note == TOO_MANY


def test_no_piece_is_held_to_have_lost_what_the_sum_over_rows_loses() -> None:
    assert truth(asked("(w*x + b - y)^2", 5)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("binary_cross_entropy(sigmoid(w*x + b), y)", {"b": "mean(sigmoid(w*x + b) - y)"}),
        ("p = sigmoid(w*x + b); -(y*log(p) + (1 - y)*log(1 - p))", {"b": "mean(sigmoid(w*x + b) - y)"}),
        ("log(b) + (x - w)^2/(2*b^2)", {"w": "mean(w - x)/b^2", "b": "(b^2 - mean((x - w)^2))/b^3"}),
        ("b*(w*x - y)^2 + w^2", {"w": "2*b*mean(x*(w*x - y)) + 2*w"}),
    ],
)
def test_what_is_averaged_is_written_as_a_teacher_does(text: str, words: dict[str, str]) -> None:
    """Algebra within a mean, too; what is the same for all rows stands before it."""
    told = derivatives(asked(text))
    assert {name: told[name].text for name in words} == words
