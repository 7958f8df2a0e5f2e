"""A gradient that create_graph=True gave a graph, and that goes into f without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

torch.manual_seed(0)
MODEL = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
POINTS, OTHERS = torch.randn(5, 3), torch.randn(5, 3)


def penalised(cut: Callable[[Tensor], Tensor]) -> list[tuple[str, str]]:
    """Kind and certainty of what is found where the norm of `cut(gradient)` is added to a loss that learns."""
    with gradtui.trace(MODEL):
        x = POINTS.clone().requires_grad_()
        (grad,) = torch.autograd.grad(MODEL(x).sum(), x, create_graph=True)
        loss = MODEL(OTHERS).square().mean() + (cut(grad).norm(dim=1) - 1).square().mean()
    return [(finding.kind, finding.certainty) for finding in gradtui.capture(loss, model=MODEL).findings]


CUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "detach": lambda grad: grad.detach(),
    "data": lambda grad: grad.data,
    "detach and clone": lambda grad: grad.detach().clone(),
}


@pytest.mark.parametrize("cut", CUTS)
def test_is_told(cut: str) -> None:
    assert ("detached", "likely") in penalised(CUTS[cut])


def test_perhaps_where_the_graph_is_used_too() -> None:
    """As a weight that is meant as a constant."""
    assert ("detached", "perhaps") in penalised(lambda grad: grad * grad.detach().abs())


def test_not_where_the_graph_is_kept() -> None:
    assert not [kind for kind, _ in penalised(lambda grad: grad) if kind == "detached"]


def test_not_where_it_is_only_looked_at() -> None:
    def looked_at(grad: Tensor) -> Tensor:
        assert grad.detach().norm() > 0
        return grad

    assert not [kind for kind, _ in penalised(looked_at) if kind == "detached"]


def test_before_the_bias_that_cancels_in_every_difference() -> None:
    """The penalty of a critic, of a gradient without a graph."""
    x = POINTS.clone().requires_grad_()
    with gradtui.trace(MODEL) as trace:
        (grad,) = torch.autograd.grad(MODEL(x).sum(), x)
        loss = MODEL(OTHERS).mean() - MODEL(POINTS).mean() + (grad.norm(dim=1) - 1).square().mean()
    assert [one.kind for one in trace.capture(loss).findings] == ["no_grad", "zero"]
