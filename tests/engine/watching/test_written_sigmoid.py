"""A sigmoid before a loss that has one inside, also where it is written out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding

Way = Callable[[torch.Tensor], torch.Tensor]
SHARES: dict[str, Way] = {
    "sigmoid": torch.sigmoid,
    "exp": lambda z: 1 / (1 + torch.exp(-z)),
    "exp of one": lambda z: torch.tensor(1.0) / (1.0 + torch.exp(-z)),
    "exp twice": lambda z: torch.exp(z) / (1 + torch.exp(z)),
    "power": lambda z: (1 + (-z).exp()) ** -1,
    "tanh": lambda z: 0.5 * (torch.tanh(z / 2) + 1),
    "clamped": lambda z: torch.sigmoid(z).clamp(1e-6, 1 - 1e-6),
    "squeezed": lambda z: (1 / (1 + torch.exp(-z))).view(-1, 1),
    "survival": lambda z: 1 - torch.exp(-nn.functional.softplus(z)),
    "hard": nn.functional.hardsigmoid,
}
NONE: dict[str, Way] = {
    "logits": lambda z: z,
    "bounded logits": lambda z: 6 * torch.sigmoid(z) - 3,
    "tanh": lambda z: 4 * torch.tanh(z),
    "gate": lambda z: z * torch.sigmoid(z),
    "logit": lambda z: torch.logit(torch.sigmoid(z)),
    "log": lambda z: torch.log(1 + torch.exp(z)) - 1,
    "exponential": lambda z: torch.exp(z),
}


def told(way: Way, loss: nn.Module | None = None) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            x = torch.randn(16, 3)
            optimizer.zero_grad()
            y = (x.sum(1, keepdim=True) > 0).float()
            torch.autograd.backward((loss or nn.BCEWithLogitsLoss())(way(model(x)), y))
            optimizer.step()
    return watch.findings


@pytest.mark.parametrize("name", SHARES)
def test_a_sigmoid(name: str) -> None:
    (one,) = told(SHARES[name])
    assert (one.kind, one.certainty) == ("softmax_twice", "likely")


@pytest.mark.parametrize("name", NONE)
def test_none(name: str) -> None:
    assert told(NONE[name]) == ()


def test_for_a_loss_without_one() -> None:
    assert told(SHARES["exp"], nn.BCELoss()) == ()
