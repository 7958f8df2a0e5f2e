"""With retain_graph, too: what is only read of the graph of an earlier update keeps none alive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui

READS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "detached": lambda carried: carried.detach(),
    "its data": lambda carried: carried.data,
    "a copy": lambda carried: torch.as_tensor(carried.tolist()),
    "a number": lambda carried: torch.full_like(carried.detach(), carried.sum().item()),
    "compared": lambda carried: (carried > 0).float(),
}


def run(read: Callable[[torch.Tensor], torch.Tensor]) -> list[str]:
    torch.manual_seed(0)
    cell, x = nn.RNNCell(3, 4), torch.rand(5, 3)
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
    state = torch.zeros(5, 4)
    with gradtui.watch(cell, optimizer) as watch:
        for _ in range(8):
            state = cell(x, read(state))
            optimizer.zero_grad()
            torch.autograd.backward((state - 1).square().mean(), retain_graph=True)
            optimizer.step()
    return [one.kind for one in watch.findings]


@pytest.mark.parametrize("name", READS)
def test_healthy(name: str) -> None:
    assert run(READS[name]) == []


def test_what_goes_on_in_it_is_told() -> None:
    torch.manual_seed(0)
    layer, total = nn.Linear(3, 1), torch.zeros(())
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    with gradtui.watch(layer, optimizer) as watch:
        for _ in range(12):
            loss = layer(torch.rand(5, 3)).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss, retain_graph=True)
            optimizer.step()
            total = total + loss
    assert [one.kind for one in watch.findings] == ["graph_kept"]
