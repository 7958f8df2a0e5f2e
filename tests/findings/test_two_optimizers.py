"""A training beside another with an optimizer of its own: what is told of it is the same. Truth is the training alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


def told(rate: float, size: float, others: int) -> list[tuple[str, str | None]]:
    torch.manual_seed(0)
    x, y = size * torch.randn(16, 4), torch.randn(16, 1)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    beside = [nn.Linear(4, 1) for _ in range(others)]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    around = [torch.optim.SGD(one.parameters(), lr=0.01) for one in beside]
    with gradtui.watch(model) as watch:
        for _ in range(20):
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            for one, steps in zip(beside, around, strict=True):
                steps.zero_grad()
                torch.autograd.backward(nn.functional.mse_loss(one(x), y))
                steps.step()
    return [(one.kind, one.certainty) for one in watch.findings[:1]]


@pytest.mark.parametrize(("rate", "size"), [(20.0, 1.0), (20.0, 64.0), (1e4, 1.0), (5.0, 1.0)])
@pytest.mark.parametrize("others", [1, 3])
def test_a_loss_that_grows_until_it_is_not_finite(rate: float, size: float, others: int) -> None:
    alone = told(rate, size, 0)
    assert alone
    assert told(rate, size, others) == alone


def steps_in_a_row(replaced: bool, clipped: bool) -> list[gradtui.Finding]:
    """One backward pass, and then the steps of two optimizers."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"body": nn.Sequential(nn.Linear(4, 8), nn.Tanh()), "head": nn.Linear(8, 1)})
    x = torch.randn(16, 4)
    first = torch.optim.SGD(model["body"].parameters(), lr=0.05)
    second = torch.optim.AdamW(model["head"].parameters(), lr=0.01)
    if replaced:
        model["head"] = nn.Linear(8, 1)
    with gradtui.watch(model) as watch:
        for _ in range(20):
            first.zero_grad()
            second.zero_grad()
            loss = (model["head"](model["body"](x)) - 1).square().mean()
            if clipped:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            torch.autograd.backward(loss)
            first.step()
            second.step()
    return [*watch.findings]


def test_the_second_of_two_steps_has_its_backward_too() -> None:
    """It is the first step that stands right behind it."""
    assert steps_in_a_row(False, False) == []
    assert [one.kind for one in steps_in_a_row(True, False)] == ["not_in_optimizer"]


@pytest.mark.filterwarnings("ignore:`parameters` is an empty")
def test_clipping_before_backward_once_for_two_steps() -> None:
    assert [one.kind for one in steps_in_a_row(False, True)] == ["clipping"]


def one_for_each_layer(rate: float, clears: bool) -> list[gradtui.Finding]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizers = [torch.optim.SGD(model[place].parameters(), lr=rate) for place in (0, 2, 4)]
    x, y = torch.randn(16, 4), torch.randn(16, 1)
    with gradtui.watch(model) as watch:
        for _ in range(12):
            torch.autograd.backward(nn.functional.mse_loss(model(x), y))
            for one in optimizers:
                one.step()
                if clears:
                    one.zero_grad()
    return [*watch.findings]


def test_what_several_optimizers_lack_is_told_once_of_all() -> None:
    assert one_for_each_layer(0.01, True) == []
    (uncleared,) = one_for_each_layer(0.01, False)
    assert (uncleared.kind, uncleared.update, len(uncleared.evidence)) == ("zero_grad", 3, 6)
    (still,) = one_for_each_layer(0.0, True)
    assert (still.kind, still.update, still.certainty) == ("learning_rate", None, "proved")
