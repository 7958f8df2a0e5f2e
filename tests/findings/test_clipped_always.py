"""Gradients that are clipped at every update, by optimizers that take a step as they are, and by those that do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Make = Callable[[Iterable[Tensor]], torch.optim.Optimizer]
BY_THE_GRADIENT: list[Make] = [
    lambda of: torch.optim.SGD(of, lr=1e-3),
    lambda of: torch.optim.SGD(of, lr=1e-3, momentum=0.9),
]
SCALE_FREE: list[Make] = [
    torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.Adadelta
]  # fmt: skip
SMALL, LARGE = 10.0, 1e4
"""How many times the loss is what it would be at a gradient of about 1."""


def trained(make: Make, loss: float, most: float) -> tuple[list[str], Tensor]:
    """What is told of it, and the weights that come of it. Gradients are the same at each step."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = make(model.parameters())
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            optimizer.zero_grad()
            torch.autograd.backward(loss * (model(torch.ones(8, 3)) - 5).mean())
            nn.utils.clip_grad_norm_(model.parameters(), most)
            optimizer.step()
    certainties: list[str] = [one.certainty for one in watch.findings if one.kind == "clipping"]
    return certainties, model.weight.detach()


def told(make: Make, loss: float, most: float = 0.5) -> list[str]:
    return trained(make, loss, most)[0]


@pytest.mark.parametrize("make", BY_THE_GRADIENT)
def test_a_step_that_is_that_much_smaller(make: Make) -> None:
    assert told(make, SMALL) == ["perhaps"]
    assert told(make, LARGE) == ["likely"]
    assert told(make, SMALL, most=1e3) == []


@pytest.mark.parametrize("make", SCALE_FREE)
def test_a_step_that_is_as_large_as_without(make: Make) -> None:
    clipped, free = (trained(make, LARGE, most)[1] for most in (0.5, math.inf))
    torch.testing.assert_close(clipped, free, rtol=1e-3, atol=1e-5)
    assert told(make, SMALL) == []
    assert told(make, LARGE) == ["perhaps"]


@pytest.mark.parametrize("make", SCALE_FREE[:3])
def test_next_to_nothing_is_left_of_it(make: Make) -> None:
    assert told(make, LARGE, most=1e-8) == ["likely"]
