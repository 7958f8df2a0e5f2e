"""A program that trains several models one after the other: what begins with the second is looked at as with the first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from tests.engine.watching.test_updates_by_hand import SEED

UPDATES = 8
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
CLASSES = torch.arange(64) % 3


def squeezed(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(net(x)[:, 0], y)


def broadcast(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    found: Tensor = (net(x)[:, :1] - y).square().mean()
    return found


def shuffled(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(net(x[torch.randperm(64)])[:, 0], y)


def chased(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(net(x)[:, 0], 1 + 0.9 * net(x + 1)[:, 0])


def softened(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(net(x).softmax(-1), CLASSES)


def unlogged(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return functional.nll_loss(net(x).softmax(-1), CLASSES)


def penalised(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    seen = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(net(seen).sum(), seen)
    return squeezed(net, x, y) + slope.square().mean()


def train(net: nn.Module, loss: Loss, x: Tensor, y: Tensor) -> None:
    optimizer = torch.optim.SGD(net.parameters(), 0.02)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        torch.autograd.backward(loss(net, x, y))
        optimizer.step()


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (squeezed, None),
        (broadcast, "broadcast"),
        (shuffled, "row_order"),
        (chased, "learned_target"),
        (softened, "softmax_twice"),
        (unlogged, "loss_input"),
        (penalised, "no_grad"),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 3])
def test_as_in_the_first(loss: Loss, kind: str | None, before: int) -> None:
    torch.manual_seed(SEED)
    x = torch.randn(64, 3)
    y = x.sum(1)
    nets = [nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)) for _ in range(before + 1)]
    with gradtui.watch(nets[-1]) as watch:
        for net in nets[:-1]:
            train(net, squeezed, x, y)
        train(nets[-1], loss, x, y)
    assert {one.kind for one in watch.findings} == ({kind} if kind else set())
    for one in watch.findings:
        begun = before * UPDATES
        assert (one.update or 0) in range(begun, begun + 3)
