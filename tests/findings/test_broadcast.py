"""A loss of shapes [n, 1] and [n] is told; one of equal shapes, and a table of distances, are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn

import gradtui

Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, Loss] = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.huber_loss,
    "squares": lambda p, y: ((p - y) ** 2).mean(),
    "turned": lambda p, y: (y - p).abs().sum(),
}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def kinds(loss: Loss, target: tuple[int, ...], last: Callable[[Tensor], Tensor] = lambda one: one) -> list[str]:
    model = nn.Linear(3, 1)
    with gradtui.trace(model) as trace:
        value = loss(last(model(torch.randn(5, 3))), torch.randn(target))
    return [one.kind for one in trace.capture(value).findings]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_is_broadcast(name: str) -> None:
    assert kinds(LOSSES[name], (5,)) == ["broadcast"]
    assert kinds(LOSSES[name], (5, 1), lambda one: one.squeeze(-1)) == ["broadcast"]
    assert kinds(LOSSES[name], (5, 1)) == []


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, y: F.mse_loss(p, y).sqrt(),
        lambda p, y: 0.5 * ((p - y) ** 2).mean() + 1e-3 * p.square().mean(),
        lambda p, y: -(F.l1_loss(p, y) / -3),
    ],
)
def test_a_part_of_a_loss_or_its_root_that_is_broadcast(loss: Loss) -> None:
    assert kinds(loss, (5,)) == ["broadcast"]
    assert kinds(loss, (5, 1)) == []


def test_distances_of_all_pairs_are_meant() -> None:
    assert kinds(lambda p, _: ((p - p.squeeze(-1)) ** 2).mean(), (5,)) == []
    assert kinds(lambda p, _: F.mse_loss(p, p.squeeze(-1)), (5,)) == []
    assert kinds(lambda p, y: (p - y).abs().amin(1).mean(), (7,)) == []
    assert kinds(lambda p, y: torch.exp(-((p - y) ** 2)).mean(), (5,)) == []
