"""A weight decay that halves the weights in dozens of steps, while the loss hardly falls; and decays that leave them room."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import gradtui

ADAMW, SGD = torch.optim.AdamW, torch.optim.SGD


@pytest.mark.parametrize(
    ("kind", "rate", "decay", "is_told"),
    [
        (ADAMW, 1e-3, 15.0, True),
        (ADAMW, 1e-3, 50.0, True),
        (SGD, 1e-2, 10.0, True),
        (ADAMW, 1e-3, 1.0, False),
        (ADAMW, 1e-2, 1.0, False),  # it learns, and the weights grow
        (ADAMW, 1e-2, 0.1, False),
        (SGD, 1e-2, 1.0, False),
        (SGD, 1e-1, 0.1, False),
    ],
)
def test_decay(kind: Any, rate: float, decay: float, is_told: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
    x = torch.randn(256, 6)
    y = x @ torch.randn(6, 1)
    optimizer = kind(model.parameters(), lr=rate, weight_decay=decay)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(60):
            optimizer.zero_grad()
            torch.autograd.backward((model(x) - y).square().mean())
            optimizer.step()
    assert [(one.kind, one.certainty) for one in watch.findings] == [("decay", "likely")] * is_told
