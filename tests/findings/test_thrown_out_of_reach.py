"""Weights that one step throws so far that no later gradient moves them, though the loss hardly shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import gradtui
from gradtui.snapshot.finding import Finding

Loss = Callable[[Tensor, Tensor], Tensor]


def gaussian(p: Tensor, x: Tensor) -> Tensor:
    return (torch.log(p[1]) + (x - p[0]) ** 2 / (2 * p[1] ** 2)).mean()


def cauchy(p: Tensor, x: Tensor) -> Tensor:
    return torch.log1p((x - p) ** 2).mean()


def robust(p: Tensor, x: Tensor) -> Tensor:
    return torch.log((x - p).abs() + 1).mean()


def train(loss: Loss, rate: float, begin: tuple[float, float] = (0.0, 1.0), at_6: float | None = None) -> list[Finding]:
    """at_6: the learning rate of update 6."""
    torch.manual_seed(8)
    p = torch.nn.Parameter(torch.tensor(begin))
    optimizer = torch.optim.SGD([p], lr=rate)
    x = 0.05 * torch.randn(100, 1) + 0.2
    with gradtui.watch(torch.nn.ParameterList([p]), optimizer) as watch:
        for _ in range(25):
            optimizer.zero_grad()
            torch.autograd.backward(loss(p, x))
            optimizer.step()
    return [*watch.findings]


def test_by_a_loss_that_is_steep_where_it_is_least() -> None:
    first = train(gaussian, 0.4)[0]
    assert (first.kind, first.certainty, first.update) == ("divergence", "likely", 2)
    assert "move no more" in first.text


@pytest.mark.parametrize("loss", [cauchy, robust])
def test_healthy(loss: Loss) -> None:
    assert train(loss, 0.1) == []


def test_what_is_back_soon_is_not_told_as_that() -> None:
    """A far step from next to nothing to where the weights belong."""
    found = train(lambda p, x: (x - p).square().mean(), 0.5, (1e-7, 1e-7))
    assert [one for one in found if "move no more" in one.text] == []
