"""Trainings by gradients of `torch.func` are not watched, which is told; of what is no training it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, stack_module_state, vjp, vmap
from torch.nn.functional import mse_loss

from tests.engine.watching.test_updates_by_hand import RATE, SEED, Kept, kept, told

__all__ = ["kept"]
Weights = Mapping[str, Tensor]
UPDATES = 4
ROWS, WIDTH = 8, 3


def model() -> nn.Module:
    torch.manual_seed(SEED)
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))


def points() -> tuple[Tensor, Tensor]:
    given = torch.rand(ROWS, WIDTH)
    return given, given.sum(1, keepdim=True)


def loss_of(net: nn.Module) -> Callable[[Weights, Tensor, Tensor], Tensor]:
    return lambda weights, given, wanted: mse_loss(functional_call(net, dict(weights), (given,)), wanted)


def without_graph(weights: Weights) -> Weights:
    return {name: one.detach().clone() for name, one in weights.items()}


def moved(weights: Weights, grads: Weights) -> Weights:
    return {name: one - RATE * grads[name] for name, one in weights.items()}


def anew() -> None:
    net = model()
    weights = without_graph(dict(net.named_parameters()))
    for _ in range(UPDATES):
        weights = moved(weights, grad(loss_of(net))(weights, *points()))


def with_the_loss() -> None:
    net = model()
    weights = without_graph(dict(net.named_parameters()))
    for _ in range(UPDATES):
        grads, _ = grad_and_value(loss_of(net))(weights, *points())
        weights = moved(weights, grads)


def with_a_graph() -> None:
    """Of parameters as they are: each update hangs on the one before."""
    net = model()
    weights: Weights = dict(net.named_parameters())
    for _ in range(UPDATES):
        weights = moved(weights, grad(loss_of(net))(weights, *points()))


def with_momentum() -> None:
    net = model()
    weights = without_graph(dict(net.named_parameters()))
    speeds = {name: torch.zeros_like(one) for name, one in weights.items()}
    for _ in range(UPDATES):
        grads = grad(loss_of(net))(weights, *points())
        speeds = {name: 0.9 * one + grads[name] for name, one in speeds.items()}
        weights = moved(weights, speeds)


def in_place() -> None:
    net = model()
    for _ in range(UPDATES):
        with torch.no_grad():
            grads = grad(loss_of(net))(dict(net.named_parameters()), *points())
            for name, one in net.named_parameters():
                one.sub_(RATE * grads[name])


def several_models() -> None:
    nets = [model() for _ in range(2)]
    weights = without_graph(stack_module_state(nets)[0])
    of_each = vmap(grad(loss_of(nets[0])), in_dims=(0, None, None))
    for _ in range(UPDATES):
        weights = moved(weights, of_each(weights, *points()))


def within_vmap() -> None:
    nets = [model() for _ in range(2)]
    weights = without_graph(stack_module_state(nets)[0])

    def step(weights: Weights, given: Tensor, wanted: Tensor) -> Weights:
        return moved(weights, grad(loss_of(nets[0]))(weights, given, wanted))

    for _ in range(UPDATES):
        weights = vmap(step, in_dims=(0, None, None))(weights, *points())


def two_in_turn() -> None:
    nets = [nn.Linear(WIDTH, 1), model()]
    both = [without_graph(dict(net.named_parameters())) for net in nets]
    for _ in range(UPDATES):
        both = [moved(weights, grad(loss_of(net))(weights, *points())) for net, weights in zip(nets, both, strict=True)]


def by_vjp() -> None:
    weight, bias = torch.zeros(WIDTH, 1), torch.zeros(1)
    for _ in range(UPDATES):
        given, wanted = points()
        found: tuple[Any, ...] = vjp(lambda weight, bias, given=given: given @ weight + bias, weight, bias)
        made, back = found
        by_weight, by_bias = back((made - wanted) / ROWS)
        weight, bias = weight - RATE * by_weight, bias - RATE * by_bias


def beside_an_optimizer() -> None:
    with_an_optimizer(model(), lambda net, _: net(points()[0]).square().mean())
    anew()


def with_an_optimizer(net: nn.Module, loss: Callable[[nn.Module, Tensor], Tensor]) -> None:
    optimizer = torch.optim.SGD(net.parameters(), RATE)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        torch.autograd.backward(loss(net, points()[0]))
        optimizer.step()


def of_the_input() -> None:
    """A differential equation in the loss."""

    def loss(net: nn.Module, given: Tensor) -> Tensor:
        slope: Tensor = vmap(grad(lambda one: net(one).squeeze()))(given)
        return (slope - given).square().mean()

    with_an_optimizer(model(), loss)


def learned_to_learn() -> None:
    """Weights that several steps within the forward pass make, all of them one graph."""

    def loss(net: nn.Module, given: Tensor) -> Tensor:
        fast: Weights = dict(net.named_parameters())
        for _ in range(UPDATES):
            fast = moved(fast, grad(loss_of(net))(fast, *points()))
        return loss_of(net)(fast, *points())

    with_an_optimizer(model(), loss)


def one_for_each_row() -> None:
    """The optimizer is given what is made of the gradients of each row."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), RATE)
    each = vmap(grad(loss_of(net)), in_dims=(None, 0, 0))
    for _ in range(UPDATES):
        grads = each({name: one.detach() for name, one in net.named_parameters()}, *points())
        for name, one in net.named_parameters():
            one.grad = grads[name].clamp(-1, 1).mean(0)
        optimizer.step()


def looked_at() -> None:
    net = model()
    weights = without_graph(dict(net.named_parameters()))
    for _ in range(UPDATES):
        print({name: float(one.norm()) for name, one in grad(loss_of(net))(weights, *points()).items()})


def towards_a_low_place() -> None:
    """An input that goes down beside a training is data."""
    net, place = model(), torch.zeros(WIDTH)
    with_an_optimizer(net, lambda net, given: net(given).square().mean())
    for _ in range(UPDATES):
        with torch.no_grad():
            place = place - RATE * grad(lambda one: net(one).squeeze())(place)


TRAININGS = [
    anew, with_the_loss, with_a_graph, with_momentum, in_place, several_models, within_vmap, two_in_turn, by_vjp,
    beside_an_optimizer,
]  # fmt: skip
OTHERS = [of_the_input, learned_to_learn, one_for_each_row, looked_at, towards_a_low_place]


def unwatched(kept: Kept) -> list[str]:
    return ["" if one.source is None else one.source.text for one in told(kept).findings if one.kind == "unwatched"]


@pytest.mark.parametrize("training", TRAININGS)
def test_it_is_told_that_it_is_not_watched(kept: Kept, training: Callable[[], None]) -> None:
    training()
    (line,) = unwatched(kept)
    assert "grad" in line or "back" in line or "of_each" in line


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_training_of_weights_is_not_told_of(kept: Kept, other: Callable[[], None]) -> None:
    other()
    assert unwatched(kept) == []
