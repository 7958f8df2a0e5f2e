"""Layers of which nearly all elements are saturated: told of those within a model, by torch's own derivative."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

FAR, NEAR = 100.0, 1.0
ACTS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def told(model: nn.Module, x: Tensor) -> list[str]:
    with gradtui.trace(model):
        loss = nn.functional.mse_loss(model(x), torch.randn(len(x), 1))
    return [one.text for one in gradtui.capture(loss, model=model).findings if one.kind == "saturated"]


def mean_derivative(layer: nn.Module, act: nn.Module, x: Tensor) -> float:
    operand = layer(x).detach().requires_grad_()
    (slope,) = torch.autograd.grad(act(operand).sum(), operand)
    return float(slope.mean())


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("behind", [nn.Identity, nn.Dropout], ids=["next to it", "behind dropout"])
@pytest.mark.parametrize("scale", [FAR, NEAR])
def test_a_layer_within_a_model(act: str, behind: Callable[[], nn.Module], scale: float) -> None:
    torch.manual_seed(0)
    first, squashed = nn.Linear(10, 32), ACTS[act]()
    x = torch.randn(64, 10) * scale
    texts = told(nn.Sequential(first, squashed, behind(), nn.Linear(32, 1)), x)
    true = mean_derivative(first, squashed, x)
    assert len(texts) == (scale == FAR)
    for text in texts:
        number = re.search(r"derivative is ([\d.e-]+) in the mean", text)
        assert number is not None
        assert float(number[1]) == pytest.approx(true, rel=0.05)


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate, self.layer, self.last = nn.Linear(10, 32), nn.Linear(10, 32), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(torch.sigmoid(self.gate(x)) * self.layer(x))
        return made


@pytest.mark.parametrize("make", [Gated, lambda: nn.Sequential(nn.Linear(10, 1), nn.Sigmoid())], ids=["gate", "output"])
def test_what_may_well_be_at_its_ends(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    assert told(make(), torch.randn(64, 10) * FAR) == []
