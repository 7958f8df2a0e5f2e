"""A normalisation over a single element makes a constant of it, and of the gradient torch leaves rounding alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(norm: nn.Module, *shape: int) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    count = 4
    model = nn.Sequential(nn.Linear(3, count), nn.Unflatten(1, shape), norm, nn.Flatten(), nn.Linear(count, 1))
    with gradtui.trace(model) as trace:
        loss = (model(torch.randn(6, 3)) - torch.randn(6, 1)).square().mean()
    return trace.capture(loss).findings


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.GroupNorm(4, 4), (4,)),
        (nn.GroupNorm(4, 4), (4, 1, 1)),
        (nn.LayerNorm(1), (4, 1)),
        (nn.LayerNorm([1, 1], elementwise_affine=False), (4, 1, 1)),
    ],
    ids=["group", "group of pictures", "layer", "two sizes"],
)
def test_a_single_element(norm: nn.Module, shape: tuple[int, ...], seed: int) -> None:
    torch.manual_seed(seed)
    found = told(norm, *shape)
    assert found[0].kind == "constant"
    assert "single element" in found[0].text


@pytest.mark.parametrize(
    ("norm", "shape"),
    [(nn.GroupNorm(2, 4), (4,)), (nn.GroupNorm(2, 2), (2, 2)), (nn.LayerNorm([4, 1]), (4, 1)), (nn.LayerNorm(4), (4,))],
    ids=["two in a group", "two positions", "a last size of 1", "layer"],
)
def test_several_elements(norm: nn.Module, shape: tuple[int, ...]) -> None:
    assert told(norm, *shape) == ()
