"""A training beside another with an optimizer of its own: what is told of it is the same. Truth is the training alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


def told(rate: float, size: float, others: int) -> list[tuple[str, str | None]]:
    torch.manual_seed(0)
    x, y = size * torch.randn(16, 4), torch.randn(16, 1)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    beside = [nn.Linear(4, 1) for _ in range(others)]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    around = [torch.optim.SGD(one.parameters(), lr=0.01) for one in beside]
    with gradtui.watch(model) as watch:
        for _ in range(20):
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            for one, steps in zip(beside, around, strict=True):
                steps.zero_grad()
                torch.autograd.backward(nn.functional.mse_loss(one(x), y))
                steps.step()
    return [(one.kind, one.certainty) for one in watch.findings[:1]]


@pytest.mark.parametrize(("rate", "size"), [(20.0, 1.0), (20.0, 64.0), (1e4, 1.0), (5.0, 1.0)])
@pytest.mark.parametrize("others", [1, 3])
def test_a_loss_that_grows_until_it_is_not_finite(rate: float, size: float, others: int) -> None:
    alone = told(rate, size, 0)
    assert alone
    assert told(rate, size, others) == alone
