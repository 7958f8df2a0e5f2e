"""A loss that is not finite, and that no step takes: the program leaves such a batch out. Truth: the weights stay finite."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Takes = Callable[[Tensor, list[Tensor]], bool]


def by_norm(_: Tensor, gradients: list[Tensor]) -> bool:
    return bool(nn.utils.get_total_norm(gradients).isfinite())


def by_loss(loss: Tensor, _: list[Tensor]) -> bool:
    return bool(loss.isfinite())


def always(*_: object) -> bool:
    return True


def told(takes: Takes, bad: float, ends: bool = False) -> tuple[list[Finding], nn.Module]:
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for update in range(20):
            x = torch.randn(8, 2)
            y = x.sum(1, keepdim=True)
            if update == 9:
                x[3, 0] = bad
            loss = nn.functional.l1_loss(model(x), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            if takes(loss, [one.grad for one in model.parameters() if one.grad is not None]):
                optimizer.step()
            elif ends:
                break
    return [*watch.findings], model


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("takes", [by_norm, by_loss])
def test_a_batch_that_is_left_out_is_told_as_perhaps(takes: Takes, bad: float) -> None:
    found, model = told(takes, bad)
    assert all(one.isfinite().all() for one in model.parameters())
    assert [(one.kind, one.certainty, one.update) for one in found] == [("input", "perhaps", 9)]


@pytest.mark.parametrize(("takes", "ends"), [(always, False), (by_loss, True)])
def test_one_that_a_step_takes_or_that_ends_the_training_is_a_fault(takes: Takes, ends: bool) -> None:
    found, _ = told(takes, torch.nan, ends)
    assert (found[0].kind, found[0].certainty, found[0].update) == ("input", "proved", 9)


def test_a_step_by_a_finite_gradient_of_a_loss_that_is_infinite_once() -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for update in range(10):
            given = torch.tensor(0.0 if update == 5 else 1.0)
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.ones(4, 2)).square().mean() - given.log())
            optimizer.step()
    (found,) = watch.findings
    assert (found.update, found.certainty) == (5, "proved")
    assert "from here on" not in found.text
