"""Weights that move no more as they have come to where they belong, and biases that a normalisation takes off again."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


def kinds(model: nn.Module, x: torch.Tensor, y: torch.Tensor, rate: float, updates: int) -> dict[str, str | None]:
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(updates):
            optimizer.zero_grad()
            torch.autograd.backward((model(x) - y).square().mean())
            optimizer.step()
    return {one.kind: one.parameter for one in watch.findings}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_training_that_is_over(dtype: torch.dtype) -> None:
    """It fits in 40 updates, and what rounding leaves of the gradient moves nothing in 600 further ones."""
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 32, dtype=dtype)[:, None]
    model = nn.Linear(1, 1, dtype=dtype)
    assert kinds(model, x, 3 * x + 0.37, 0.2, 640) == {}
    assert model.weight.item() == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rate", [0.05, 0.003])
def test_a_bias_before_a_normalisation(dtype: torch.dtype, rate: float) -> None:
    torch.manual_seed(0)
    layers = nn.Linear(6, 16), nn.BatchNorm1d(16, affine=False), nn.ReLU(), nn.Linear(16, 2)
    model = nn.Sequential(*layers).to(dtype)
    x, y = torch.randn(64, 6).to(dtype), torch.randn(64, 2).to(dtype)
    assert kinds(model, x, y, rate, 12).get("lost_update") != "0.bias"


def test_what_vanishes_is_that_in_a_narrow_dtype_too() -> None:
    torch.manual_seed(0)
    deep = [layer for _ in range(24) for layer in (nn.Linear(8, 8), nn.Sigmoid())]
    model = nn.Sequential(*deep, nn.Linear(8, 1))
    x, y = torch.randn(32, 8), torch.randn(32, 1)
    state = {name: one.clone() for name, one in model.state_dict().items()}
    alone = kinds(model, x, y, 0.05, 12)
    assert alone == {"vanishing": "0.weight"}
    model.load_state_dict(state)
    model.bfloat16()
    assert kinds(model, x.bfloat16(), y.bfloat16(), 0.05, 12)["vanishing"] == "0.weight"
    model.float().load_state_dict(state)
    assert kinds(model, x, y, 0.05, 300) == alone
