"""A gradient that is 0 on several ways, for another reason on each: told is the one by the weight, which holds on all of them.
Truth is a second run in which that alone is mended, and a gradient comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Loss = Callable[[nn.Module, Tensor], Tensor]
"""Of a layer and what is given to it: zeros, or what they should be."""


def steps_of_an_equation(layer: nn.Module, given: Tensor) -> Tensor:
    """Of which the last speed goes into no place any more."""
    state = torch.tensor([1.0, 0.0])
    for _ in range(3):
        speed = torch.tanh(layer(given[:1]))[:, 0]
        state = state + 0.1 * torch.cat([state[1:], speed])
    return (state[0] - 2).square()


def a_part_that_is_not_used(layer: nn.Module, given: Tensor) -> Tensor:
    both: Tensor = torch.cat([layer(given), layer(given)], 1)
    return both[:, :1].exp().sum()


def a_loss_at_its_best_beside_another(layer: nn.Module, given: Tensor) -> Tensor:
    y: Tensor = layer(given)
    return (y - y.detach()).square().sum() + y.sum()


@pytest.mark.parametrize(
    "loss",
    [steps_of_an_equation, a_part_that_is_not_used, a_loss_at_its_best_beside_another],
    ids=lambda one: one.__name__,
)
def test_the_one_by_the_weight(loss: Loss) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3, 1, bias=False)
    weight = layer.weight
    (gradient,) = torch.autograd.grad(loss(layer, torch.ones(2, 3)), weight)
    assert gradient.count_nonzero()
    with gradtui.trace(layer) as trace:
        value = loss(layer, torch.zeros(2, 3))
    (told,) = (one for one in trace.capture(value).findings if one.parameter == "weight")
    assert told.kind == "masked"
