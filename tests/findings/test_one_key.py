"""Attention to a single key: of weights that make query, key and value a part learns nothing, as torch's own gradients show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.snapshot.finding import Finding


class Attention(nn.Module):
    """qkv of one layer, as GPTs have it; `steps`: whether it attends at each position to what came before, one by one."""

    def __init__(self, steps: bool = False) -> None:
        super().__init__()
        self.made, self.steps = nn.Linear(8, 24), steps

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.made(x)[:, None].split(8, dim=-1)
        ends = range(1, x.shape[1] + 1) if self.steps else [x.shape[1]]
        return torch.cat(
            [functional.scaled_dot_product_attention(q[:, :, :end], k[:, :, :end], v[:, :, :end]) for end in ends], 2
        )


class WrittenOut(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.made(x).split(8, dim=-1)
        y: Tensor = (q @ k.transpose(1, 2) / 8**0.5).softmax(-1) @ v
        return y


class Torchs(nn.Module):
    def __init__(self, weights: bool, batch_first: bool) -> None:
        super().__init__()
        self.made, self.weights = nn.MultiheadAttention(8, 2, batch_first=batch_first), weights

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.made(x, x, x, need_weights=self.weights)[0]
        return y


def found(model: nn.Module, x: Tensor) -> tuple[tuple[Finding, ...], Tensor]:
    """And the gradient of the weights by which query, key and value are made."""
    with gradtui.trace(model) as trace:
        loss = model(x).square().mean()
    findings = trace.capture(loss).findings
    weight = next(one for name, one in model.named_parameters() if name in ("made.weight", "made.in_proj_weight"))
    return findings, torch.autograd.grad(loss, weight)[0]


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (Attention, (5, 1, 8)),
        (WrittenOut, (5, 1, 8)),
        (lambda: Torchs(weights=True, batch_first=True), (5, 1, 8)),
        (lambda: Torchs(weights=False, batch_first=True), (5, 1, 8)),
        (lambda: Torchs(weights=True, batch_first=False), (1, 5, 8)),
        (lambda: Torchs(weights=False, batch_first=False), (1, 5, 8)),
    ],
    ids=["GPT", "written out", "batch first", "batch first, fused", "batch for sequence", "batch for sequence, fused"],
)
def test_of_one_position(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    findings, gradient = found(make(), torch.rand(shape))
    assert gradient[:16].norm() < 1e-5 * gradient[16:].norm()
    (one,) = findings
    assert (one.kind, one.certainty) == ("constant", "perhaps")
    assert one.parameter in ("made.weight", "made.in_proj_weight")


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (Attention, (5, 3, 8)),
        (lambda: Attention(steps=True), (5, 3, 8)),
        (WrittenOut, (5, 3, 8)),
        (lambda: Torchs(weights=True, batch_first=True), (1, 5, 8)),
        (lambda: Torchs(weights=False, batch_first=False), (5, 1, 8)),
    ],
    ids=["GPT", "step by step", "written out", "one example", "one example, fused"],
)
def test_of_several_positions(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    """The first step of several has one, and the line of it others as well."""
    torch.manual_seed(0)
    findings, gradient = found(make(), torch.rand(shape))
    assert gradient[:16].any()
    assert not findings
