"""Trainings in which no parameter of the optimizer ever has a gradient, though backward runs: where what it ends at lost its
graph."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Loss = Callable[[nn.Linear, Tensor], Tensor]


def told(loss: Loss, updates: int = 6) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(updates):
            optimizer.zero_grad()
            torch.autograd.backward(loss(model, torch.randn(16, 3)))
            optimizer.step()
    return watch.findings


def adapted(model: nn.Linear, x: Tensor) -> Tensor:
    total = torch.zeros(())
    for _ in range(4):
        fast = [one.clone().detach().requires_grad_() for one in model.parameters()]
        inner = torch.autograd.grad(nn.functional.linear(x, *fast).square().mean(), fast)
        total = (
            total
            + nn.functional.linear(x, *(one - 0.1 * grad for one, grad in zip(fast, inner, strict=True)))
            .square()
            .mean()
        )
    return total


def gathered(model: nn.Linear, x: Tensor) -> Tensor:
    each = [model(one).square().mean().detach() for one in x]
    return torch.tensor(each, requires_grad=True).mean()


def copied(model: nn.Linear, x: Tensor) -> Tensor:
    learner = copy.deepcopy(model)
    made: Tensor = learner(x).square().mean()
    return made


def asked_later(model: nn.Linear, x: Tensor) -> Tensor:
    made: Tensor = model(x).detach()
    scaled = made * 2
    scaled.requires_grad_()
    return scaled.square().mean()


def wrapped(model: nn.Linear, x: Tensor) -> Tensor:
    weights: dict[str, Tensor] = {name: nn.Parameter(one.data) for name, one in model.named_parameters()}
    made: Tensor = torch.func.functional_call(model, weights, (x,)).square().mean()
    return made


CUT: list[tuple[Loss, str]] = [
    (adapted, "one.clone().detach()"),
    (gathered, "detach()"),
    (copied, "copy.deepcopy(model)"),
    (asked_later, "model(x).detach()"),
    (wrapped, "one.data"),
]


@pytest.mark.parametrize(("loss", "line"), CUT)
def test_where_the_graph_was_lost(loss: Loss, line: str) -> None:
    first = told(loss)[0]
    assert first.certainty == "likely"
    assert first.kind in ("new_leaf", "detached")
    assert first.source is not None
    assert line in str(first.source.text)


def beside(model: nn.Linear, x: Tensor) -> Tensor:
    """What is cut off is data to a penalty, as of a critic; the rest learns."""
    made: Tensor = model(x)
    between = made.detach().requires_grad_()
    return between.square().mean() + made.square().mean()


def test_what_learns_beside_such_a_leaf() -> None:
    assert not any(one.certainty != "perhaps" for one in told(beside))


def test_gradients_that_are_set_by_hand() -> None:
    """As of a first-order MAML, or Reptile."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            optimizer.zero_grad()
            fast = [one.clone().detach().requires_grad_() for one in model.parameters()]
            torch.autograd.backward(nn.functional.linear(torch.randn(16, 3), *fast).square().mean())
            for one, other in zip(model.parameters(), fast, strict=True):
                one.grad = other.grad
            optimizer.step()
    assert watch.findings == ()


def test_what_else_moves_the_weights_is_no_fault() -> None:
    torch.manual_seed(0)
    model, scale = nn.Linear(3, 1), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            with torch.no_grad():
                for one in model.parameters():
                    one.add_(0.01 * torch.randn_like(one))
                loss = model(torch.randn(16, 3)).square().mean()
            torch.autograd.backward((scale * loss).sum())
            optimizer.step()
    assert not any(one.certainty != "perhaps" for one in watch.findings)
