"""A gradient that is next to nothing: lost on its way back, or of a branch behind a factor next to 0."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui


class Scaled(nn.Module):
    """A residual branch with a scale next to 0."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6))
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = x + self.scale * self.branch(x)
        return y


def residual() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 6), Scaled(1e-8), Scaled(1e-8), nn.Linear(6, 1))


def deep() -> nn.Module:
    layers = [layer for _ in range(12) for layer in (nn.Linear(6, 6), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(3, 6), *layers, nn.Linear(6, 1))


@pytest.mark.parametrize(("made", "certainty", "cure"), [(residual, "perhaps", "scale"), (deep, "likely", "relu")])
def test_which_of_the_two_it_is(made: Callable[[], nn.Module], certainty: str, cure: str) -> None:
    torch.manual_seed(0)
    model = made()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            x = torch.rand(16, 3)
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), x[:, :1]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    (told,) = [one for one in watch.findings if one.kind == "vanishing"]
    assert told.certainty == certainty
    assert cure in told.remedy
    assert ("relu" in told.remedy) is (cure == "relu")
