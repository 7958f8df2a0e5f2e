"""Gradients that a program scales itself between backward and step, by numbers of Python's or of torch's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Scale = Callable[[Tensor], object]


def told(scale: Scale, dtype: torch.dtype = torch.float32, rate: float = 0.1) -> list[tuple[str, str]]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1).to(dtype)
    nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    x = torch.rand(16, 3, dtype=dtype) + 1
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(12):
            optimizer.zero_grad()
            torch.autograd.backward((model(x).float() - 20).square().mean())
            for one in model.parameters():
                assert one.grad is not None
                scale(one.grad)
            optimizer.step()
    return [(one.kind, one.certainty) for one in watch.findings]


WAYS: dict[str, Callable[[float], Scale]] = {
    "a number": lambda factor: lambda gradient: gradient.mul_(factor),
    "a tensor": lambda factor: lambda gradient: gradient.mul_(torch.tensor(factor)),
    "a tensor of one": lambda factor: lambda gradient: gradient.mul_(torch.tensor([factor])),
    "a bound by the norm": lambda factor: lambda gradient: gradient.mul_(factor / (gradient.norm() + 1e-6)),
    "a divisor": lambda factor: lambda gradient: gradient.mul_(1.0 / torch.tensor(1 / factor)),
}


@pytest.mark.parametrize("name", WAYS)
def test_that_nothing_is_left_is_the_cause_of_what_never_moves(name: str) -> None:
    assert told(WAYS[name](1e-9))[:1] == [("clipping", "likely")]


@pytest.mark.parametrize("name", WAYS)
def test_what_still_moves_may_be_meant(name: str) -> None:
    assert set(told(WAYS[name](1e-4))) <= {("clipping", "perhaps"), ("learning_rate", "perhaps")}


@pytest.mark.parametrize("name", WAYS)
def test_healthy(name: str) -> None:
    assert told(WAYS[name](50.0 if name == "a bound by the norm" else 0.5), rate=1e-3) == []


def test_a_dtype_is_to_blame_where_little_is_taken() -> None:
    assert told(WAYS["a tensor"](0.5), torch.bfloat16, rate=1e-6)[:1] == [("lost_update", "proved")]
