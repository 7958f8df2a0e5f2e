"""`torch.jit.trace` while something looks on: it makes the graph that it makes alone, and finds nothing of ours in it.

It warns, here an error, of each number or size that is read meanwhile, and refuses what it then finds in its graph.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
from torch import nn

import gradtui

# torch's own word on torch.jit, and on Python 3.14
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:`torch.jit:{kind}") for kind in ("FutureWarning", "DeprecationWarning")
]
jit: Any = torch.jit
LOOKING: list[Callable[[nn.Module], AbstractContextManager[Any]]] = [gradtui.trace, gradtui.watch]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.last(torch.softmax(torch.tanh(self.norm(self.first(x))), -1).clone())
        return made


def kinds(graph: Any) -> list[str]:
    return [node.kind() for node in graph.nodes()]


@pytest.mark.parametrize("look", LOOKING)
def test_the_graph_is_as_without(look: Callable[[nn.Module], AbstractContextManager[Any]]) -> None:
    torch.manual_seed(0)
    net, x = Net(), torch.randn(16, 4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    alone: Any = jit.trace(net, x)
    with look(net) as looking:
        made: Any = jit.trace(net, x)
        for _ in range(3):
            optimizer.zero_grad()
            torch.autograd.backward(made(x).square().mean())
            optimizer.step()
    assert kinds(made.inlined_graph) == kinds(alone.inlined_graph)
    torch.testing.assert_close(made(x), net(x))
    assert looking.findings == ()
    if look is gradtui.watch:
        assert len(looking.run.updates) == 3
