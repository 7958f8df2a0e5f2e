"""A loss of second derivatives, some parts of which learn by other ways: those of functions of straight pieces are 0."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from tests.engine.watching.test_updates_by_hand import SEED

UPDATES = 6


def slope(y: Tensor, x: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return found


def told(function: nn.Module, loss: Callable[[nn.Module], Tensor], closure: bool = False) -> list[gradtui.Finding]:
    torch.manual_seed(SEED)
    last = nn.Linear(12, 1)
    net = nn.Sequential(nn.Linear(1, 12), function, nn.Linear(12, 12), function, last)
    if loss is penalty:
        nn.init.zeros_(last.weight)
    by_steps = torch.optim.Adam(net.parameters(), 0.01)
    by_closures = torch.optim.LBFGS(net.parameters(), 0.1, max_iter=2)

    def evaluate() -> Tensor:
        net.zero_grad()
        value = loss(net)
        torch.autograd.backward(value)
        return value

    with gradtui.watch(net) as watch:
        for _ in range(UPDATES):
            if closure:
                by_closures.step(evaluate)  # type: ignore[no-untyped-call]
            else:
                evaluate()
                by_steps.step()
    return [one for one in watch.findings if one.kind == "flat"]


def equation(net: nn.Module) -> Tensor:
    """u'' = -sin(3x), u(0) = 0."""
    x = torch.rand(20, 1, requires_grad=True)
    curved = slope(slope(net(x), x), x)
    found: Tensor = (curved + torch.sin(3 * x)).square().mean() + net(torch.zeros(1, 1)).square().sum()
    return found


def penalty(net: nn.Module) -> Tensor:
    """Of first derivatives, which are 0 at first, as the last layer is."""
    x = torch.rand(20, 1, requires_grad=True)
    found: Tensor = (slope(net(x), x).norm(dim=1) - 1).square().mean() + net(x).mean()
    return found


@pytest.mark.parametrize("closure", [False, True])
@pytest.mark.parametrize(
    "function",
    [nn.ReLU(), nn.LeakyReLU(), nn.PReLU(), nn.Hardtanh()],
    ids=lambda one: type(one).__name__,
)
def test_it_is_told_where_it_is_taken(function: nn.Module, closure: bool) -> None:
    (found,) = told(function, equation, closure)
    assert found.source is not None
    assert "torch.autograd.grad" in found.source.text
    assert found.certainty == "likely"


@pytest.mark.parametrize("function", [nn.Tanh(), nn.SiLU(), nn.GELU(), nn.Softplus(), nn.ELU()])
def test_of_smooth_ones_nothing(function: nn.Module) -> None:
    assert told(function, equation) == []


def test_of_first_derivatives_nothing() -> None:
    assert told(nn.LeakyReLU(), penalty) == []
