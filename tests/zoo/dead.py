"""Snippets with gradients of zero, next to nothing, or far too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

from tests.zoo.case import broken


def regression() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(16, 4)
    return x, x.sum(1, keepdim=True)


@broken("dead", "0.weight", "zero", "flat", "0.*, 2.* (3 parameters)")
def relu_dead_by_its_bias() -> Iterator[Any]:
    first = nn.Linear(4, 8)
    nn.init.constant_(first.bias, -100.0)
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(8, 1))
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("saturated", "0.weight", "zero", "saturated")
def tanh_of_unscaled_inputs() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = model[1](1e6 * model[0](x))  # <- here
    yield F.mse_loss(model[2](hidden), y)


@broken("vanishing", "0.0.weight", "tiny", "the norm falls from", "Sigmoid", "x a layer")
def sigmoid_stack() -> Iterator[Any]:
    model = nn.Sequential(*(nn.Sequential(nn.Linear(16, 16), nn.Sigmoid()) for _ in range(12)), nn.Linear(16, 1))
    x = torch.randn(8, 16)
    yield model
    yield model(x).pow(2).mean()


@broken("exploding", "weight_hh_l0", "huge", "it grows by", "Addmm")
def exploding_rnn() -> Iterator[Any]:
    model = nn.RNN(4, 8, nonlinearity="relu")
    with torch.no_grad():
        model.get_parameter("weight_hh_l0").copy_(2.5 * torch.eye(8))
    yield model
    output, _ = model(torch.randn(30, 2, 4))  # <- here
    yield output[-1].sum()


@broken("exploding", "weight", "huge", "loss * 1e8")
def loss_times_a_large_number() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    loss = F.mse_loss(model(x), y)
    yield loss * 1e8  # <- here


@broken("masked", "0.weight", "zero", "0")
def mask_of_zeros() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    x, y = regression()
    lengths = torch.zeros(16)
    yield model
    mask = (torch.arange(16) < lengths).float().unsqueeze(1)
    yield (F.mse_loss(model(x), y, reduction="none") * mask).sum()  # <- here


@broken("clamped", "weight", "zero", "outside its bounds")
def clamp_saturates() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    nn.init.constant_(model.bias, 50.0)
    x, y = regression()
    yield model
    probability = model(x).clamp(0, 1)  # <- here
    yield F.mse_loss(probability, y.sigmoid())


@broken("flat", "weight", "zero", "flat between its jumps")
def rounding() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    yield F.mse_loss(torch.round(model(x)), y)  # <- here


@broken("constant", "weight", "zero", "one element")
def softmax_over_one_output() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    probability = F.softmax(model(x), dim=1)  # <- here
    yield F.binary_cross_entropy(probability, (y > 0).float())


@broken("masked", "A", "zero", "all 0")
def lora_in_its_first_step() -> Iterator[Any]:
    a, b = torch.randn(2, 4, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    x, y = regression()
    yield {"A": a, "B": b}
    yield F.mse_loss(F.linear(F.linear(x, a), b), y)  # <- here


class Silent(torch.autograd.Function):
    """A backward that somebody meant to write later."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> None:
        return None


@broken("zero", "weight", "none", "None", "Silent")
def backward_that_returns_nothing() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    yield F.mse_loss(Silent.apply(model(x)), y)  # type: ignore[no-untyped-call]  # <- here


@broken("underflow", "weight", "zero", "float16")
def half_precision_underflow() -> Iterator[Any]:
    model = nn.Linear(4, 1).half()
    x, y = regression()
    yield model
    loss = (model(x.half()) - y.half()).pow(2).mean()
    yield loss * 1e-4 * 1e-4  # <- here
