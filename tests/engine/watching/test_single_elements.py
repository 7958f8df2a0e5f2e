"""A training in which a normalisation has a single element to normalise: a constant, of whose gradient rounding alone is left."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(norm: nn.Module, width: int, size: int = 6) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, width), norm)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(20):
            x = torch.randn(size, 3)
            optimizer.zero_grad()
            torch.autograd.backward((model(x) - x.sum(1, keepdim=True)).square().mean())
            optimizer.step()
    return watch.findings


@pytest.mark.parametrize("size", [6, 32])
@pytest.mark.parametrize(
    ("norm", "width"), [(nn.LayerNorm(1), 1), (nn.RMSNorm(1), 1), (nn.GroupNorm(4, 4), 4), (nn.RMSNorm(1, eps=1e-6), 1)]
)
def test_one_element(norm: nn.Module, width: int, size: int) -> None:
    (one,) = told(norm, width, size)
    assert one.kind == "constant"
    assert one.source is not None
    assert one.source.text == "model(x)"


@pytest.mark.parametrize(
    ("norm", "width"),
    [
        (nn.LayerNorm(4), 4),
        (nn.RMSNorm(4), 4),
        (nn.GroupNorm(2, 4), 4),
        (nn.RMSNorm(1, eps=1.0), 1),  # no sign, but a curve
        (nn.Sequential(nn.Unflatten(1, (2, 2)), nn.LayerNorm([2, 2]), nn.Flatten()), 4),
        (nn.Sequential(nn.Unflatten(1, (1, 4)), nn.GroupNorm(1, 1), nn.Flatten()), 4),
    ],
)
def test_several_elements(norm: nn.Module, width: int) -> None:
    assert told(norm, width) == ()
