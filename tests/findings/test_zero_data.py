"""A weight that is multiplied by data of 0: whose numbers are told as evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui

Made = Callable[[torch.dtype], tuple[nn.Module, torch.Tensor]]


@pytest.mark.parametrize(("features", "told"), [(1, "1 element "), (3, "3 elements ")])
def test_the_numbers_are_of_what_gets_no_gradient(features: int, told: str) -> None:
    model = nn.Linear(features, 1)
    with gradtui.trace(model):
        loss = model(torch.zeros(1, features)).sum()
    found = gradtui.capture(loss, model=model).why("weight")[0]
    (numbers,) = (evidence for evidence in found.evidence if "element" in evidence)
    assert told in numbers
    assert "operand" not in numbers, "that are the data, which are 0"


def addmm(dtype: torch.dtype) -> tuple[nn.Module, torch.Tensor]:
    return nn.Linear(4, 3, dtype=dtype), torch.zeros(16, 4, dtype=dtype)


def convolution(dtype: torch.dtype) -> tuple[nn.Module, torch.Tensor]:
    return nn.Conv2d(2, 3, 3, dtype=dtype), torch.zeros(2, 2, 6, 6, dtype=dtype)


def transposed(dtype: torch.dtype) -> tuple[nn.Module, torch.Tensor]:
    return nn.ConvTranspose1d(2, 3, 3, dtype=dtype), torch.zeros(2, 2, 6, dtype=dtype)


def without_bias(dtype: torch.dtype) -> tuple[nn.Module, torch.Tensor]:
    return nn.Linear(4, 3, bias=False, dtype=dtype), torch.zeros(16, 4, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("share", [1.0, 1e-4])
@pytest.mark.parametrize("made", [addmm, convolution, transposed, without_bias])
def test_data_of_0_are_told_in_any_dtype(made: Made, share: float, dtype: torch.dtype) -> None:
    """A bias keeps the result from being 0; of what is 0 all the same it is not the dtype that makes it so."""
    torch.manual_seed(0)
    model, data = made(dtype)
    with gradtui.trace(model) as trace:
        loss = (model(data) - 1).square().mean() * share
    assert [(one.kind, one.parameter) for one in trace.capture(loss).findings] == [("masked", "weight")]


def test_what_is_less_than_a_half_holds_is_no_data_of_0() -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 3, dtype=torch.float16)
    with gradtui.trace(model) as trace:
        loss = model(torch.full((16, 4), 1e-3, dtype=torch.float16)).square().sum() * 1e-7
    assert [(one.kind, one.parameter) for one in trace.capture(loss).findings] == [("underflow", "weight")]


@pytest.mark.parametrize("scale", [1e-8, 1e-12])
@pytest.mark.parametrize(
    "first", [nn.Linear(4, 8), nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 2, 1), nn.Flatten())]
)
def test_tiny_data_are_no_small_weights(first: nn.Module, scale: float) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(first, nn.Tanh(), nn.Linear(8, 1))
    with gradtui.trace(model) as trace:
        loss = (model(torch.rand(16, 4) * scale) - 1).square().mean()
    found = trace.capture(loss).findings[0]
    assert found.kind == "vanishing"
    assert "inputs" in found.remedy


@pytest.mark.parametrize("steps", [60, 120])
def test_what_vanishes_in_a_wide_dtype_needs_no_other_dtype(steps: int) -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict({"first": nn.Linear(2, 6), "again": nn.Linear(6, 6), "last": nn.Linear(6, 1)})
    with gradtui.trace(model) as trace:
        state = model["first"](torch.randn(3, 2))
        for _ in range(steps):
            state = torch.tanh(0.1 * model["again"](state))
        loss = model["last"](state).square().mean()
    snapshot = trace.capture(loss)
    grad = snapshot.parameters["first.weight"].grad
    assert grad is not None
    assert not any(grad.numbers), "by torch"
    found = snapshot.findings[0]
    assert "vanished" in found.text
    assert not any(word in found.remedy for word in ("bfloat16", "GradScaler"))
