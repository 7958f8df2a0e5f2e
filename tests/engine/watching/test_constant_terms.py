"""A penalty of a gradient that has no graph, in a loss that learns otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

import gradtui
from tests.engine.watching.test_updates_by_hand import SEED

UPDATES = 5
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]


def told(loss: Loss, turns: int = 1) -> list[tuple[str, str]]:
    """Kinds and lines."""
    torch.manual_seed(SEED)
    nets = [nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)) for _ in range(turns)]
    optimizers = [torch.optim.SGD(net.parameters(), 0.01) for net in nets]
    with gradtui.watch(nets[0]) as watch:
        for _ in range(UPDATES):
            for net, optimizer in zip(nets, optimizers, strict=True):
                x = torch.rand(6, 3)
                optimizer.zero_grad()
                torch.autograd.backward(loss(net, x, x.sum(1, keepdim=True)) if net is nets[0] else net(x).mean())
                optimizer.step()
    kinds = ("no_grad", "detached")
    return [(one.kind, "" if one.source is None else one.source.text) for one in watch.findings if one.kind in kinds]


def slope(net: nn.Module, x: Tensor, graph: bool) -> Tensor:
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(net(x).sum(), x, create_graph=graph)
    return found


def penalty(gradient: Tensor) -> Tensor:
    found: Tensor = (gradient.norm(dim=1) - 1).square().mean()
    return found


def added(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mse_loss(net(x), y) + 10 * penalty(slope(net, x, False))


def added_to(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    loss = mse_loss(net(x), y)
    loss += penalty(slope(net, x, False))
    return loss


def subtracted(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mse_loss(net(x), y) - slope(net, x, False).square().sum()


def summed(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return sum([penalty(slope(net, x, False)), mse_loss(net(x), y)], start=torch.zeros(()))


def detached(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mse_loss(net(x), y) + penalty(slope(net, x, True).detach())


def under_no_grad(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    gradient = slope(net, x, True)
    with torch.no_grad():
        term = penalty(gradient)
    return mse_loss(net(x), y) + term


def residual_with_place(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(net(x).sum(), x, retain_graph=True)
    return (found + 2 * x).square().mean() + mse_loss(net(x), y)


def forces(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Beside those that are known, which were made of the places before."""
    x = x.clone().requires_grad_()
    known = -2 * x
    (found,) = torch.autograd.grad(net(x).sum(), inputs=x, retain_graph=True)
    return mse_loss(net(x), y) + 10 * mse_loss(-found, known)


@pytest.mark.parametrize("turns", [1, 2])
@pytest.mark.parametrize("loss", [added, added_to, subtracted, summed, residual_with_place, forces])
def test_without_create_graph(loss: Loss, turns: int) -> None:
    ((kind, line),) = told(loss, turns)
    assert kind == "no_grad"
    assert "+" in line or "-" in line or "sum(" in line


@pytest.mark.parametrize("loss", [detached, under_no_grad])
def test_cut_off(loss: Loss) -> None:
    assert [kind for kind, _ in told(loss)] == ["detached"]


def with_graph(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mse_loss(net(x), y) + penalty(slope(net, x, True))


def attacked(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mse_loss(net(x), y) + mse_loss(net(x + 0.1 * slope(net, x, False).sign()), y)


def weighed(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """One loss by how large the gradient of another is."""
    found: Tensor = mse_loss(net(x), y) + slope(net, x, False).norm() * net(x).square().mean()
    return found


def looked_at(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    print(float(penalty(slope(net, x, False))))
    return mse_loss(net(x), y)


def adapted(net: nn.Module, x: Tensor, y: Tensor, clipped: bool = False) -> Tensor:
    """First-order MAML: weights of a single number are moved by gradients without a graph, too."""
    fast: dict[str, Tensor] = {**dict(net.named_parameters())}
    for _ in range(2):
        made = torch.func.functional_call(net, fast, (x,))
        grads = torch.autograd.grad(mse_loss(made, y), [*fast.values()])
        size = torch.stack([one.norm() for one in grads]).norm() if clipped else torch.ones(())
        fast = {name: one - 0.1 * (grad / size) for (name, one), grad in zip(fast.items(), grads, strict=True)}
    found: Tensor = mse_loss(torch.func.functional_call(net, fast, (x,)), y)
    return found


def all_of_the_inputs(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """First-order MAML with copies, of which nothing else is in the loss."""
    copies = {name: one.detach().clone().requires_grad_() for name, one in net.named_parameters()}
    total = torch.zeros(())
    for _ in range(2):
        grads = torch.autograd.grad(mse_loss(torch.func.functional_call(net, copies, (x,)), y), [*copies.values()])
        fast = {name: one - 0.1 * grad for (name, one), grad in zip(copies.items(), grads, strict=True)}
        total = total + mse_loss(torch.func.functional_call(net, fast, (x,)), y)
    torch.autograd.backward(total)
    for name, one in net.named_parameters():
        one.grad = copies[name].grad
    return mse_loss(net(x), y)


def adapted_by_clipped(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return adapted(net, x, y, clipped=True)


def adapted_by_elements(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    weight, *_ = net.parameters()
    (grad,) = torch.autograd.grad(mse_loss(net(x), y), [weight])
    return mse_loss(net(x), y) + mse_loss((weight[0, 0] - grad[0, 0]).expand_as(y), y)


@pytest.mark.parametrize(
    "loss",
    [with_graph, attacked, weighed, looked_at, adapted, adapted_by_clipped, adapted_by_elements, all_of_the_inputs],
)
def test_of_others_nothing(loss: Loss) -> None:
    assert told(loss) == []


def test_what_a_gradient_was_taken_of_may_be_what_is_learned() -> None:
    torch.manual_seed(SEED)
    net, x = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)), torch.rand(6, 3, requires_grad=True)
    optimizer = torch.optim.SGD([x], 0.01)
    with gradtui.watch(net) as watch:
        for _ in range(UPDATES):
            optimizer.zero_grad()
            energy = net(x).sum()
            (slope,) = torch.autograd.grad(energy, x, retain_graph=True)
            torch.autograd.backward(energy + (x - slope).square().mean())
            optimizer.step()
    assert "no_grad" not in [one.kind for one in watch.findings]
