"""A model of layers that are bounded, called on one line: what is watched says as much as what is traced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "Hardtanh": lambda: nn.Hardtanh(50, 60),
    "ReLU6": nn.ReLU6,
    "normalised": lambda: nn.Sequential(nn.LayerNorm(4), nn.Hardtanh(50, 60)),
    "Conv": lambda: nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 1, 1), nn.Hardtanh(-60, -50), nn.Flatten()),
}


def model_of(name: str) -> nn.Sequential:
    torch.manual_seed(0)
    first = nn.Linear(3, 4)
    nn.init.constant_(first.bias, -100)
    return nn.Sequential(first, LAYERS[name](), nn.Linear(4, 1))


def of_the_first(found: tuple[gradtui.Finding, ...]) -> list[tuple[str, str]]:
    return [(one.kind, one.certainty) for one in found if one.parameter == "0.weight"]


@pytest.mark.parametrize("name", LAYERS)
def test_watched_as_traced(name: str) -> None:
    model, x = model_of(name), torch.rand(5, 3)
    with gradtui.trace(model):
        loss = model(x).square().mean()
    traced = of_the_first(gradtui.capture(loss, model=model).findings)
    assert [kind for kind, _ in traced] == ["clamped"]
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            torch.autograd.backward(model(x).square().mean())
            optimizer.step()
    assert of_the_first(watch.findings) == traced


def test_a_margin_that_all_keep_is_none() -> None:
    model = model_of("ReLU6")
    x = torch.rand(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(4):
            y = model[0](x)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.triplet_margin_loss(y, y + 0.01, y + 50))
            optimizer.step()
    assert [one.certainty for one in watch.findings if one.certainty != "perhaps"] == []
