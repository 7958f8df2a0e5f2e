"""Gradients that are switched off in a training and stay off, behind a guard that passes over backward then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

import gradtui

UPDATES, AFTER = 12, 5


@pytest.fixture(autouse=True)
def _gradients() -> Iterator[None]:
    yield
    torch.set_grad_enabled(True)


def validated(model: nn.Module, x: Tensor, stays: bool) -> None:
    with nullcontext() if stays else torch.no_grad():
        if stays:
            torch.set_grad_enabled(False)
        model(x).square().mean()


@pytest.mark.parametrize(
    ("stays", "goes_on", "is_told"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_what_stays_off(stays: bool, goes_on: bool, is_told: bool) -> None:
    """goes_on: the loop does, after it was validated once; else that is the end."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for update in range(UPDATES):
            loss = model(torch.randn(8, 3)).square().mean()
            if loss.requires_grad:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            if update == AFTER:
                validated(model, torch.randn(8, 3), stays)
                if not goes_on:
                    break
    found = [(one.kind, one.certainty, one.update) for one in watch.findings]
    assert found == ([("no_grad", "perhaps", AFTER + 1)] if is_told else [])
    if is_told:
        assert watch.findings[0].source is not None
        assert watch.findings[0].source.text == "torch.set_grad_enabled(False)"
