"""Backward through one loss twice before a step, which doubles each gradient; and what looks like it and adds nothing twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Passes = Callable[[Tensor, Tensor, torch.optim.Optimizer], None]
scaler = torch.amp.GradScaler("cpu", init_scale=8.0)


def again(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(loss, retain_graph=True)
    torch.autograd.backward(loss)


def thrice_in_one_line(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(3):
        torch.autograd.backward(loss, retain_graph=True)


def scaled(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(scaler.scale(loss), retain_graph=True)
    torch.autograd.backward(scaler.scale(loss))


def part_first(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(loss, retain_graph=True)
    torch.autograd.backward(loss + 0.1 * out.abs().mean())


def two_losses(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(loss, retain_graph=True)
    torch.autograd.backward(0.1 * out.abs().mean())


def cleared_between(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(loss, retain_graph=True)
    optimizer.zero_grad()
    torch.autograd.backward(loss)


def by_rows(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.backward(out, torch.full_like(out, 0.1), retain_graph=True)
    torch.autograd.backward(out, torch.full_like(out, 0.2))


def looked_at_first(out: Tensor, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    torch.autograd.grad(loss, out, retain_graph=True)
    torch.autograd.backward(loss)


@pytest.mark.parametrize(
    ("passes", "certainty"),
    [
        (again, ["likely"]),
        (thrice_in_one_line, ["likely"]),
        (scaled, ["likely"]),
        (part_first, ["perhaps"]),
        *((one, []) for one in (two_losses, cleared_between, by_rows, looked_at_first)),
    ],
)
def test_twice_before_a_step(passes: Passes, certainty: list[str]) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            x = torch.randn(16, 3)
            optimizer.zero_grad()
            out = model(x)
            passes(out, (out - x.sum(1, keepdim=True)).square().mean(), optimizer)
            optimizer.step()
    assert [one.certainty for one in watch.findings if one.kind == "accumulation"] == certainty
