"""What is told of a backward pass does not hang on how many of its gradients were read together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from msgspec import json
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import gradtui
from gradtui.engine.autograd import summed
from gradtui.engine.tensors import reader


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 12, sparse=True)
        self.cell, self.last = nn.LSTM(12, 20, batch_first=True), nn.Linear(20, 3)

    def forward(self, words: Tensor) -> Any:
        return self.last(self.cell(self.embedding(words))[0])


class Doubling(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return (grad.t() * 2).t()


def encoder() -> tuple[nn.Module, Tensor]:
    layer = nn.TransformerEncoderLayer(40, 2, 160, dropout=0.0, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    return encoder, encoder(torch.randn(8, 12, 40))


def convolutions() -> tuple[nn.Module, Tensor]:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 4)
    )
    return model, model(torch.randn(5, 3, 8, 8))


def recurrent() -> tuple[nn.Module, Tensor]:
    model = Recurrent()
    return model, model(torch.arange(40).reshape(4, 10))


def rerun() -> tuple[nn.Module, Tensor]:
    model = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 9))
    x = torch.randn(7, 6, requires_grad=True)
    return model, checkpoint(model, x, use_reentrant=True) + model(x)


def of_one_s_own() -> tuple[nn.Module, Tensor]:
    model = nn.Linear(150, 120)
    hidden = model(torch.randn(130, 150))
    hidden.register_hook(lambda grad: grad * 3)
    return model, Doubling.apply(hidden).t() + hidden.t()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("step", [encoder, convolutions, recurrent, rerun, of_one_s_own])
@pytest.mark.parametrize("factor", [1.0, 0.0, torch.inf])
def test_in_any_batches(
    step: Callable[[], tuple[nn.Module, Tensor]], factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model, output = step()
    loss = (output * factor).square().mean()
    told = []
    for most in (reader.MOST_HELD, 30_000, 1):
        monkeypatch.setattr(reader, "MOST_HELD", most)
        monkeypatch.setattr(summed, "MOST_HELD", most)
        told.append(json.decode(json.encode(gradtui.capture(loss, model=model))))
    assert told[1] == told[0]
    assert told[2] == told[0]
