"""An optimizer that steps another one: what both do together is one update, of the outer one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui


class Around(torch.optim.Optimizer):
    """As Lookahead, SAM or ZeroRedundancyOptimizer are."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        self.inner, self.count = inner, 0
        super().__init__(inner.param_groups, {})
        self.parameters = [one for group in inner.param_groups for one in group["params"]]
        self.slow = [one.detach().clone() for one in self.parameters]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        result = self.inner.step(closure)
        self.count += 1
        if self.count % 3 == 0:
            with torch.no_grad():
                for slow, one in zip(self.slow, self.parameters, strict=True):
                    slow.lerp_(one, 0.5)
                    one.copy_(slow)
        return result


def trained(closure: bool, watched: bool) -> tuple[list[float], gradtui.Watch | None]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = Around(torch.optim.Adam(model.parameters(), lr=0.01))
    watch = gradtui.watch(model) if watched else None
    losses = []
    for _ in range(12):
        x = torch.randn(8, 3)

        def loss_of(x: torch.Tensor = x) -> torch.Tensor:
            optimizer.zero_grad()
            loss: torch.Tensor = (model(x) - x.sum(1, keepdim=True)).square().mean()
            torch.autograd.backward(loss)
            losses.append(loss.item())
            return loss

        if closure:
            optimizer.step(loss_of)
        else:
            loss_of()
            optimizer.step()
    if watch is not None:
        watch.close()
    return losses, watch


@pytest.mark.parametrize("closure", [False, True])
def test_one_update_of_the_outer_one(closure: bool) -> None:
    """What the outer one writes after the step of the inner one is no write between steps."""
    alone, _ = trained(closure, watched=False)
    losses, watch = trained(closure, watched=True)
    assert losses == alone
    assert watch is not None
    assert watch.findings == ()
    run = watch.run
    assert run.optimizers == ("Around",)
    assert len(run.updates) == 12
