"""Gradients that vanish while weight decay, or an optimizer that divides by their size, moves the weights all the same.

Truth: the same training from the same begin with these gradients set to 0, which comes to the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize, prune

import gradtui
from gradtui.snapshot.finding import Finding

DATA = torch.Generator().manual_seed(1)
X = torch.randn(32, 5, generator=DATA)
Y = X.sum(1, keepdim=True).tanh()
STEPS = 15
ALIKE = 3e-4
"""By how much the weights of both may be apart, in the mean: what learns at a rate of 1e-3 comes 1e-2 far."""
Optimizer = Callable[[Iterable[Tensor]], torch.optim.Optimizer]

OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": lambda given: torch.optim.SGD(given, lr=0.1),
    "SGD with decay": lambda given: torch.optim.SGD(given, lr=0.1, weight_decay=1e-3),
    "SGD with decay and momentum": lambda given: torch.optim.SGD(given, lr=0.1, weight_decay=1e-3, momentum=0.9),
    "AdamW": lambda given: torch.optim.AdamW(given, lr=1e-3),
    "AdamW without decay": lambda given: torch.optim.AdamW(given, lr=1e-3, weight_decay=0),
    "Adam with decay": lambda given: torch.optim.Adam(given, lr=1e-3, weight_decay=1e-3),
    "NAdam with its own decay": lambda given: torch.optim.NAdam(
        given, lr=1e-3, weight_decay=0.1, decoupled_weight_decay=True
    ),
    "RMSprop": lambda given: torch.optim.RMSprop(given, lr=1e-3),
    "Adamax": lambda given: torch.optim.Adamax(given, lr=1e-3),
}


def deep() -> nn.Sequential:
    layers = [layer for _ in range(16) for layer in (nn.Linear(12, 12), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(5, 12), nn.Sigmoid(), *layers, nn.Linear(12, 1))


class Residual(nn.Module):
    """As deep; the parts begin at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(5, 12), nn.Linear(12, 1)
        self.parts = nn.ModuleList(nn.Linear(12, 12) for _ in range(16))
        self.gains = nn.Parameter(torch.zeros(16))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for gain, part in zip(self.gains, self.parts, strict=True):
            x = x + gain * torch.sigmoid(part(x))
        made: Tensor = self.last(x)
        return made


class Normalised(nn.Module):
    """The biases of convolutions before a normalisation, and of keys, have a gradient of rounding alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.query, self.key, self.last = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(x[:, None])).transpose(1, 2)
        x = functional.scaled_dot_product_attention(self.query(x), self.key(x), x)
        made: Tensor = self.last(x.mean(1))
        return made


def parametrized(make: Callable[[nn.Linear], nn.Module]) -> Callable[[], nn.Module]:
    """A layer of which the weight is made of other parameters, before a normalisation."""
    return lambda: nn.Sequential(make(nn.Linear(5, 12)), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 1))


class OwnLayer(nn.Module):
    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.W1, self.b1 = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.W1, self.b1)


HEALTHY: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 1)),
    "residual": Residual,
    "normalised": Normalised,
    "weight_norm": parametrized(parametrizations.weight_norm),
    "spectral_norm": parametrized(parametrizations.spectral_norm),
    "weight_norm of old": parametrized(nn.utils.weight_norm),
    "pruned": parametrized(lambda layer: prune.random_unstructured(layer, "weight", 0.3)),  # type: ignore[no-untyped-call]
    "parametrized bias": parametrized(
        lambda layer: parametrize.register_parametrization(layer, "bias", nn.Identity(), unsafe=True)
    ),
    "a layer of one's own": parametrized(OwnLayer),
}


def train(
    model: nn.Module, optimizer: Optimizer, kept: Callable[[str], bool] = lambda name: True
) -> tuple[Finding, ...]:
    """kept: of which the gradients are not set to 0."""
    stepped = optimizer(model.parameters())
    with gradtui.watch(model, stepped) as run:
        for _ in range(STEPS):
            stepped.zero_grad()
            functional.mse_loss(model(X), Y).backward()  # type: ignore[no-untyped-call]
            for name, one in model.named_parameters():
                if one.grad is not None and not kept(name):
                    one.grad.zero_()
            stepped.step()
    return run.findings


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_told_whatever_moves_the_weights(name: str) -> None:
    model, other = seeded(deep), seeded(deep)
    found = train(model, OPTIMIZERS[name])
    assert [(one.kind, one.certainty) for one in found] == [("vanishing", "likely")]
    told = {*found[0].evidence}
    assert "0.weight" in told
    assert not any(one.startswith("34.") for one in told)
    train(other, OPTIMIZERS[name], lambda name: name not in told)
    for each, without in zip(model.named_parameters(), other.parameters(), strict=True):
        if each[0] in told:
            assert (each[1] - without).norm().item() <= ALIKE * math.sqrt(without.numel()), each[0]


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("model", HEALTHY)
def test_nothing_of_what_learns(model: str, name: str) -> None:
    assert not [one for one in train(seeded(HEALTHY[model]), OPTIMIZERS[name]) if one.kind == "vanishing"]
