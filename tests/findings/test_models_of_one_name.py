"""Models that are trained one after the other in a function: what one lacks is told, though its parameters have the names of
those of another that lacks nothing. And optimizers that share parameters."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding

STEPS = 12


def train(whole: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam((model if whole else model[2]).parameters(), lr=0.01)
    for _ in range(STEPS):
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]))
        optimizer.step()


def told(models: Sequence[bool]) -> list[Finding]:
    torch.manual_seed(0)
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        for whole in models:
            train(whole)
    return [*watch.findings]


@pytest.mark.parametrize("before", [1, 2])
def test_the_last_gives_its_optimizer_a_part(before: int) -> None:
    (found,) = told([*[True] * before, False])
    assert (found.kind, found.certainty, found.update) == ("not_in_optimizer", "perhaps", before * STEPS)
    assert set(found.evidence) == {"0.weight", "0.bias"}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_several_that_lack_nothing(count: int) -> None:
    assert told([True] * count) == []


def in_turn(again: bool) -> list[Finding]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    made = [torch.optim.Adam(model.parameters(), lr=0.01) for _ in range(2)]
    with gradtui.watch(model) as watch:
        for update in range(2 * STEPS):
            optimizer = made[update % 2 if again else update // STEPS]
            x = torch.randn(16, 4)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]))
            optimizer.step()
    return [*watch.findings]


def test_two_optimizers_that_take_turns_are_none_made_anew() -> None:
    assert in_turn(True) == []
    assert [(one.kind, one.update) for one in in_turn(False)] == [("optimizer_anew", STEPS)]
