"""Tensors that a training differentiates by are its data; those that it should learn, and forgot, are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui

grad: Any = torch.autograd.grad


def residual(model: nn.Module, points: torch.Tensor) -> torch.Tensor:
    """Of a differential equation of second order."""
    value = model(points)
    (first,) = grad(value.sum(), points, create_graph=True)
    (second,) = grad(first[:, 0].sum(), points, create_graph=True)
    loss: torch.Tensor = (first[:, 1] - second[:, 0]).square().mean() + value[:2].square().mean()
    return loss


def forces(model: nn.Module, points: torch.Tensor) -> torch.Tensor:
    (force,) = grad(model(points).sum(), [points], create_graph=True)
    loss: torch.Tensor = (force + 1).square().mean()
    return loss


def eikonal(model: nn.Module, points: torch.Tensor) -> torch.Tensor:
    (slope,) = grad(inputs=points, outputs=model(points).sum(), create_graph=True)
    loss: torch.Tensor = (slope.norm(dim=1) - 1).square().mean()
    return loss


def plain(model: nn.Module, points: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = model(points).square().mean()
    return loss


def told(loss: Callable[[nn.Module, torch.Tensor], torch.Tensor], closure: bool) -> list[str | None]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    points = torch.rand(12, 2, requires_grad=True)
    parameters = model.parameters()
    optimizer: Any = (
        torch.optim.LBFGS(parameters, lr=0.1, max_iter=2) if closure else torch.optim.Adam(parameters, lr=1e-2)
    )

    def evaluate() -> torch.Tensor:
        optimizer.zero_grad()
        found = loss(model, points)
        found.backward()  # type: ignore[no-untyped-call]
        return found

    with gradtui.watch(model) as watch:
        for _ in range(6):
            if closure:
                optimizer.step(evaluate)
            else:
                evaluate()
                optimizer.step()
    assert points.grad is not None
    return [one.parameter for one in watch.findings if one.kind == "not_in_optimizer"]


@pytest.mark.parametrize("closure", [False, True])
@pytest.mark.parametrize("loss", [residual, forces, eikonal])
def test_points_that_are_differentiated_by_are_no_parameters(
    loss: Callable[[nn.Module, torch.Tensor], torch.Tensor], closure: bool
) -> None:
    assert told(loss, closure) == []


def test_a_tensor_that_is_only_used_is_one_that_no_optimizer_has() -> None:
    assert told(plain, closure=False) == ["points"]
