"""A first step without a gradient: told where each later one takes that of the update before, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gradtui

UPDATES = 6


def train(
    loop: Callable[[torch.optim.Optimizer, Callable[[], Tensor]], None], kind: Any = torch.optim.SGD
) -> list[str]:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(20, 3)
    optimizer = kind(net.parameters(), lr=0.1)
    with gradtui.watch(net, optimizer) as watch:
        loop(optimizer, lambda: (net(x) - x[:, :1]).square().mean())
    return [one.kind for one in watch.findings]


def steps_first(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> None:
    for _ in range(UPDATES):
        optimizer.step()
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]


def steps_before_the_loop(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> None:
    optimizer.step()
    for _ in range(UPDATES):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    loss().backward()  # type: ignore[no-untyped-call]


def leaves_the_first_backward_out(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> None:
    for update in range(UPDATES):
        made = loss()
        if update:
            made.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def leaves_the_first_of_its_closure_out(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor]) -> None:
    calls = 0

    def closure() -> Tensor:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        made = loss()
        if calls > 1:
            made.backward()  # type: ignore[no-untyped-call]
        return made

    for _ in range(UPDATES):
        optimizer.step(closure)  # type: ignore[arg-type]


def test_told() -> None:
    assert train(steps_first) == ["step_order"]


@pytest.mark.parametrize(
    ("loop", "kind"),
    [
        (steps_before_the_loop, torch.optim.SGD),
        (leaves_the_first_backward_out, torch.optim.SGD),
        (leaves_the_first_of_its_closure_out, torch.optim.SGD),
        (leaves_the_first_of_its_closure_out, torch.optim.LBFGS),
    ],
)
def test_each_step_takes_its_own(loop: Any, kind: Any) -> None:
    assert train(loop, kind) == []
