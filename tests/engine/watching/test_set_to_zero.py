"""Gradients that are set to 0 between steps and not to None: what is told is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding

Clear = Callable[[torch.optim.Optimizer], object]
Updates = Callable[[nn.Sequential, Clear], Iterator[None]]


def to_none(optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()


def to_zero(optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=False)


def by_hand(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for one in group["params"]:
            if one.grad is not None:
                one.grad.zero_()


def all_at_once(optimizer: torch.optim.Optimizer) -> None:
    having = [one.grad for group in optimizer.param_groups for one in group["params"] if one.grad is not None]
    if having:
        torch._foreach_zero_(having)


def loss(y: torch.Tensor) -> torch.Tensor:
    return (y - 1).square().mean()


def detached_later(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for update in range(10):
        inner = model[0](torch.rand(4, 3))
        inner = inner.detach() if update > 4 else inner
        clear(optimizer)
        torch.autograd.backward(loss(model[1](inner)))
        optimizer.step()
        yield


def frozen_later(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for update in range(10):
        model[0].requires_grad_(update < 5)
        clear(optimizer)
        torch.autograd.backward(loss(model(torch.rand(4, 3))))
        optimizer.step()
        yield


def without_backward(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        clear(optimizer)
        optimizer.step()
        torch.autograd.backward(loss(model(torch.rand(4, 3))))
        yield


def set_after_the_step(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        clear(optimizer)
        torch.autograd.backward(loss(model(torch.rand(4, 3))))
        optimizer.step()
        for one in model.parameters():
            assert one.grad is not None
            one.grad = one.grad / 2
        yield


def cleared_between_passes(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        for _ in range(3):
            clear(optimizer)
            torch.autograd.backward(loss(model(torch.rand(4, 3))) / 3)
        optimizer.step()
        yield


def exchanged_later(model: nn.Sequential, clear: Clear) -> Iterator[None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for update in range(12):
        if update == 5:
            model[1] = nn.Linear(3, 1)
        clear(optimizer)
        torch.autograd.backward(loss(model(torch.rand(4, 3))))
        optimizer.step()
        yield


def told(updates: Updates, clear: Clear) -> list[tuple[object, ...]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    with gradtui.watch(model) as watch:
        for _ in updates(model, clear):
            pass
    return [shown(one) for one in watch.findings]


def shown(one: Finding) -> tuple[object, ...]:
    return one.kind, one.certainty, one.parameter, one.update, one.source


@pytest.mark.parametrize("clear", [to_zero, by_hand, all_at_once])
@pytest.mark.parametrize(
    "updates",
    [
        detached_later,
        frozen_later,
        without_backward,
        set_after_the_step,
        cleared_between_passes,
        exchanged_later,
    ],
)
def test_as_where_they_are_none(updates: Updates, clear: Clear) -> None:
    expected = told(updates, to_none)
    assert expected
    assert told(updates, clear) == expected
