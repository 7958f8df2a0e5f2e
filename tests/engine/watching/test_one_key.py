"""A training in which attention has one key to choose from: query and key learn nothing, though all weights have gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(shapes: list[tuple[int, int]], batch_first: bool, written_out: bool = False) -> tuple[Finding, ...]:
    """Of a training on inputs of these shapes."""
    torch.manual_seed(0)
    if written_out:
        layer = nn.Linear(8, 24)

        def run(x: torch.Tensor) -> torch.Tensor:
            q, k, v = layer(x).chunk(3, dim=-1)
            y: torch.Tensor = torch.softmax(q @ k.transpose(-2, -1), -1) @ v
            return y

        model: nn.Module = layer
    else:
        run = model = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=batch_first)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for shape in shapes:
            optimizer.zero_grad()
            torch.autograd.backward((run(torch.rand(*shape, 8)) - torch.rand(8)).square().mean())
            optimizer.step()
    return watch.findings


@pytest.mark.parametrize(
    ("shape", "batch_first", "written_out"), [((1, 6), False, False), ((6, 1), True, False), ((6, 1), True, True)]
)
def test_of_one_position(shape: tuple[int, int], batch_first: bool, written_out: bool) -> None:
    (one,) = told([shape] * 5, batch_first, written_out)
    assert (one.kind, one.certainty, one.update) == ("constant", "perhaps", None)
    assert one.parameter in ("self_attn.in_proj_weight", "weight")
    assert one.source is not None
    assert Path(one.source.file or "").name == Path(__file__).name


@pytest.mark.parametrize(
    ("shapes", "batch_first", "written_out"),
    [
        ([(1, 6)] * 5, True, False),
        ([(6, 2)] * 5, False, False),
        ([(6, 2)] * 5, True, True),
        ([(4, 1), (4, 5), (4, 1), (4, 3)], True, False),
        ([(4, 1), (4, 5), (4, 1), (4, 3)], True, True),
    ],
)
def test_of_several(shapes: list[tuple[int, int]], batch_first: bool, written_out: bool) -> None:
    """Or of one now and then."""
    assert not told(shapes, batch_first, written_out)
