"""Runs that only try shapes, on the meta device or with fake tensors, as people make them before they train: they are passed by,
and the training is told as if they were not there. torch warns, here an error, of whoever asks for numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional

import gradtui

LABELS = (0, 4)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm, self.linear = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.norm(self.convolution(x)))
        made: torch.Tensor = self.linear(functional.dropout(features).mean((2, 3)))
        return made


def loss_of(net: nn.Module) -> torch.Tensor:
    return functional.cross_entropy(net(torch.randn(2, 3, 8, 8)), torch.tensor(LABELS))


def whole_update(net: nn.Module) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for _ in range(2):
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(net))
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        scheduler.step()


def backward_alone(net: nn.Module) -> None:
    torch.autograd.backward(loss_of(net))
    for parameter in net.parameters():
        assert parameter.grad is not None
        parameter.grad.mul_(0.5)
    nn.utils.clip_grad_value_(net.parameters(), 0.5)


def by_hand(net: nn.Module) -> None:
    for _ in range(2):
        grads = torch.autograd.grad(loss_of(net), [*net.parameters()])
        with torch.no_grad():
            for parameter, grad in zip(net.parameters(), grads, strict=True):
                parameter.sub_(0.1 * grad)


def of_second_order(net: nn.Module) -> None:
    grads = torch.autograd.grad(loss_of(net), [*net.parameters()], create_graph=True)
    torch.autograd.backward(torch.stack([grad.square().sum() for grad in grads]).sum())


def forward_alone(net: nn.Module) -> None:
    loss_of(net)


def train(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(4):
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(net))
        optimizer.step()


def watched(dry: Callable[[], None]) -> tuple[list[Any], list[float | None]]:
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with gradtui.watch(net, optimizer) as watch:
        dry()
        torch.manual_seed(1)
        train(net, optimizer)
        dry()
        torch.manual_seed(2)
        train(net, optimizer)
        dry()
    return [(one.kind, one.certainty) for one in watch.findings], [update.loss for update in watch.run.updates]


@pytest.mark.parametrize("around", [lambda: torch.device("meta"), FakeTensorMode], ids=["meta", "fake"])
@pytest.mark.parametrize("run", [whole_update, backward_alone, by_hand, of_second_order, forward_alone])
def test_is_passed_by(
    run: Callable[[nn.Module], None],
    around: Callable[[], AbstractContextManager[object]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def dry() -> None:
        with around():
            run(Net())

    plain = watched(lambda: None)
    assert len(plain[1]) == 8
    assert watched(dry) == plain
    assert capsys.readouterr().err == ""
