"""A loss that is a sum is as large as it has terms, and so are its gradients: that is no explosion. What grows in layers is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

import gradtui
from gradtui.api import Snapshot

COUNT, WIDTH = 20_000, 32


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH))


def errors(made: torch.Tensor) -> torch.Tensor:
    return (made - 3).square()


def labels(made: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(made), dtype=torch.long)


def one_after_the_other(made: torch.Tensor) -> torch.Tensor:
    loss = made.new_zeros(())
    for part in torch.tensor_split(made, 400):
        loss = loss + errors(part).sum()
    return loss


def of_a_mask(made: torch.Tensor) -> torch.Tensor:
    return (errors(made) * (torch.arange(WIDTH) < 30)).sum()


SUMS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sum": lambda made: errors(made).sum(),
    "mse_loss": lambda made: functional.mse_loss(made, torch.full_like(made, 3), reduction="sum"),
    "huber_loss": lambda made: functional.huber_loss(made, torch.full_like(made, 3), reduction="sum"),
    "l1_loss": lambda made: functional.l1_loss(made * 10, torch.full_like(made, 30), reduction="sum"),
    "cross_entropy": lambda made: functional.cross_entropy(made * 10, labels(made), reduction="sum"),
    "label smoothing": lambda made: functional.cross_entropy(
        made * 10, labels(made), reduction="sum", label_smoothing=0.1
    ),
    "with logits": lambda made: functional.binary_cross_entropy_with_logits(
        made * 10, torch.ones_like(made), reduction="sum"
    ),
    "no loss at all": lambda made: made * 3,
    "sum over features, then examples": lambda made: errors(made).sum(-1).sum(),
    "sum of means": lambda made: errors(made).mean(-1).sum() * 3,
    "one after the other": one_after_the_other,
    "masked": of_a_mask,
    "negative": lambda made: -(-errors(made)).sum(),
    "beside a penalty": lambda made: errors(made).sum() + 1e-3 * made.mean(),
    "half of it": lambda made: 0.5 * errors(made).view(-1).sum(),
    "stacked": lambda made: torch.stack([errors(part).sum() for part in torch.tensor_split(made, 20)]).sum(),
}


def captured(made: nn.Module, loss: Callable[[torch.Tensor], torch.Tensor], trace: bool, x: torch.Tensor) -> Snapshot:
    if not trace:
        return gradtui.capture(loss(made(x)), model=made)
    with gradtui.trace(made) as watched:
        output = loss(made(x))
    return watched.capture(output)


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize("name", SUMS)
def test_a_sum_of_many_terms_is_no_explosion(name: str, trace: bool) -> None:
    """Each has gradients that would be one if the layers had made it, by torch: 10,000 times the weights."""
    made, loss, x = model(), SUMS[name], torch.randn(COUNT, WIDTH)
    weights = [*made.parameters()]
    grads = torch.autograd.grad(loss(made(x)).sum(), weights)
    assert any(grad.norm() > 1e4 * one.detach().norm().clamp(min=1) for grad, one in zip(grads, weights, strict=True))
    assert not captured(made, loss, trace, x).findings


def test_a_recurrence_over_many_steps_is_none() -> None:
    torch.manual_seed(0)
    cell, h, loss = nn.RNNCell(8, 32), torch.zeros(64, 32), torch.zeros(())
    for _ in range(150):
        h = cell(torch.randn(64, 8), h)
        loss = loss + (h - 3).square().sum()
    assert not gradtui.capture(loss, model=cell).findings


def deep() -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(14)))
    for one in made.parameters():
        nn.init.normal_(one, std=0.7)
    return made


@pytest.mark.parametrize("name", SUMS)
def test_what_grows_in_each_layer_is_told_as_before(name: str) -> None:
    (found,) = captured(deep(), SUMS[name], False, torch.randn(200, WIDTH)).findings
    assert found.kind == "exploding"
    assert found.node is not None


@pytest.mark.parametrize("by", [1e7, 1e9])
def test_what_multiplies_a_mean_is_told_as_before(by: float) -> None:
    for loss in (lambda made: by * errors(made).mean(), lambda made: (by * errors(made)).mean()):
        (found,) = captured(model(), loss, False, torch.randn(200, WIDTH)).findings
        assert found.kind == "exploding"
        assert "MulBackward0" in found.text


def test_the_sum_is_not_blamed_for_what_layers_do() -> None:
    snapshot = captured(deep(), SUMS["sum"], False, torch.randn(200, WIDTH))
    (found,) = snapshot.findings
    assert found.node is not None
    assert snapshot.graph.nodes[found.node].name == "MmBackward0"
