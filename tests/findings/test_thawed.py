"""Frozen at first, thawed later: it has gradients from then on, and no optimizer unless it is given to one. Or never frozen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(thaw: int, given: bool) -> tuple[list[Finding], bool]:
    """And whether the weights moved."""
    torch.manual_seed(0)
    body, head = nn.Linear(4, 8), nn.Linear(8, 1)
    model = nn.Sequential(body, nn.Tanh(), head)
    body.requires_grad_(thaw == 0)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    before = body.weight.detach().clone()
    with gradtui.watch(model, optimizer) as watch:
        for update in range(20):
            if update == thaw:
                body.requires_grad_(True)
                if given:
                    optimizer.add_param_group({"params": body.parameters()})
            x = torch.randn(16, 4)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]))
            optimizer.step()
    return [*watch.findings], not torch.equal(body.weight, before)


@pytest.mark.parametrize("thaw", [3, 12])
def test_what_is_thawed_and_in_no_optimizer_is_told_since_then(thaw: int) -> None:
    (found,), moved = told(thaw, False)
    assert not moved
    assert (found.kind, found.update, found.certainty) == ("not_in_optimizer", thaw, "likely")


def test_what_was_never_frozen_may_be_meant() -> None:
    (found,), moved = told(0, False)
    assert not moved
    assert (found.kind, found.update, found.certainty) == ("not_in_optimizer", None, "perhaps")


def test_what_is_thawed_and_given_to_the_optimizer_learns() -> None:
    found, moved = told(12, True)
    assert moved
    assert found == []


def by_attribute(module: nn.Module) -> None:
    module.requires_grad = False  # type: ignore[assignment]


def by_each_parameter(module: nn.Module) -> None:
    for one in module.parameters():
        one.requires_grad = False


@pytest.mark.parametrize("freeze", [by_attribute, by_each_parameter, nn.Module.requires_grad_])
def test_an_attribute_of_a_module_freezes_nothing(freeze: Callable[..., object]) -> None:
    torch.manual_seed(0)
    first = nn.Linear(4, 8)
    model = nn.Sequential(nn.Sequential(first, nn.Tanh()), nn.Linear(8, 1))
    freeze(model[0], *([False] if freeze is nn.Module.requires_grad_ else []))
    optimizer, before = torch.optim.SGD(model.parameters(), lr=0.01), first.weight.detach().clone()
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            x = torch.randn(16, 4)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]))
            optimizer.step()
    moved = not torch.equal(first.weight, before)
    (found,) = watch.findings
    assert moved is (freeze is by_attribute)
    assert (found.kind, found.certainty) == ("frozen", "likely" if moved else "perhaps")
    assert ("requires_grad_(False) of the module" in found.remedy) is moved
