"""Gradients that are lost, come back, and are lost again for good: the cause is told then, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Loss = Callable[[Tensor, bool], Tensor]
"""Of what comes out, and whether the gradient is lost."""


def hinge(y: Tensor, lost: bool) -> Tensor:
    return nn.functional.relu((-1 if lost else 9) - y.square().sum(1)).mean()


def dead(y: Tensor, lost: bool) -> Tensor:
    return nn.functional.relu(y - (9 if lost else -9)).pow(2).mean()


def detached(y: Tensor, lost: bool) -> Tensor:
    return (y.detach() if lost else y).square().mean() + torch.zeros((), requires_grad=True)


def told(loss: Loss, lost: str, beside: int = 0) -> Finding:
    """lost: a letter an update, x where it is. beside: so many others of another optimizer learn after each."""
    torch.manual_seed(0)
    net, other = nn.Linear(3, 2, bias=False), nn.Linear(3, 2)
    optimizer, others = (torch.optim.SGD(one.parameters(), lr=1e-3) for one in (net, other))
    with gradtui.watch(net) as watch:
        for letter in lost:
            optimizer.zero_grad()
            torch.autograd.backward(loss(net(torch.ones(4, 3)), letter == "x"))
            optimizer.step()
            for _ in range(beside):
                others.zero_grad()
                torch.autograd.backward(other(torch.ones(4, 3)).square().mean())
                others.step()
    (finding,) = (one for one in watch.findings if one.parameter in ("weight", "net.weight"))
    return finding


@pytest.mark.parametrize("lost", ["...xxxxx.xxxxx", "...x.xx.x.xx.x.xx.x.xxxx", "..x.x.xxxx"])
@pytest.mark.parametrize(("loss", "kind"), [(hinge, "zero"), (dead, "zero"), (detached, "detached")])
def test_the_cause_is_that_of_the_first_time(loss: Loss, kind: str, lost: str) -> None:
    once, again = told(loss, "...xxxxx"), told(loss, lost)
    assert (once.kind, again.kind) == (kind, kind)
    assert (once.update, again.update) == (3, lost.rindex(".") + 1)
    assert again.source is not None
    assert again.source == once.source


def test_beside_another_optimizer() -> None:
    assert told(detached, "...xxxxx.xxxxx", beside=2).kind == "detached"
