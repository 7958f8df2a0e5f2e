"""What one backward pass tells of several parameters is told of each in a training only as far as it is so in all of it.

Truth is which layers a loss was made of.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Linear(2, 2)
        self.body = nn.Linear(3, 3)
        self.cut = nn.Linear(3, 3)
        self.first, self.second = nn.Linear(3, 1), nn.Linear(3, 1)

    def forward(self, x: torch.Tensor, second: bool) -> torch.Tensor:
        inside = self.body(x) + self.cut(x).detach()
        out: torch.Tensor = (self.second if second else self.first)(inside)
        return out


def taking_turns(net: Net, steps: int) -> list[torch.optim.Optimizer]:
    """A GAN's two losses, of which only the later one is made of a head of its own."""
    return [torch.optim.SGD(net.parameters(), lr=0.01)] * steps


def of_two_optimizers(net: Net, steps: int) -> list[torch.optim.Optimizer]:
    own: list[torch.optim.Optimizer] = [torch.optim.SGD(one.parameters(), lr=0.01) for one in (net.first, net.second)]
    rest = [nn.ModuleList([net.spare, net.cut]).parameters(), net.body.parameters()]
    for one, more in zip(own, rest, strict=True):
        one.add_param_group({"params": [*more]})
    return own * (steps // 2)


def trained(optimizers: Callable[[Net, int], list[torch.optim.Optimizer]]) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    net = Net()
    with gradtui.watch(net) as watch:
        for step, optimizer in enumerate(optimizers(net, 8)):
            net.zero_grad()
            net(torch.rand(4, 3), second=step % 2 == 1).square().mean().backward()
            optimizer.step()
    return watch.findings


@pytest.mark.parametrize("optimizers", [taking_turns, of_two_optimizers])
def test_each_cause_is_told_of_its_own_parameters(
    optimizers: Callable[[Net, int], list[torch.optim.Optimizer]],
) -> None:
    told = {str(one.kind): one for one in trained(optimizers) if one.kind in ("unused", "detached")}
    assert {*told} == {"unused", "detached"}
    for kind, layer in (("unused", "spare"), ("detached", "cut")):
        assert {*told[kind].evidence} >= {f"{layer}.weight", f"{layer}.bias"}
        assert told[kind].text.startswith(f"{layer}.* (2 parameters): ")
        assert not any(head in told[kind].text for head in ("first", "second", "4 parameters"))
