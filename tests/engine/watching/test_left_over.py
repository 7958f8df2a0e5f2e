"""Accumulated gradients that come to no step, as zero_grad is called before each epoch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui

EPOCHS = 4


@pytest.mark.parametrize(
    ("batches", "clears_before", "steps_at_the_end", "is_told"),
    [
        (10, True, False, True),
        (11, True, False, True),
        (8, True, False, False),
        (10, False, False, False),
        (10, True, True, False),
    ],
)
def test_the_end_of_an_epoch(batches: int, clears_before: bool, steps_at_the_end: bool, is_told: bool) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(EPOCHS):
            if clears_before:
                optimizer.zero_grad()
            for batch in range(batches):
                torch.autograd.backward(model(torch.randn(8, 3)).square().mean() / 4)
                if batch % 4 == 3 or (steps_at_the_end and batch == batches - 1):
                    optimizer.step()
                    optimizer.zero_grad()
    assert [(one.kind, one.certainty) for one in watch.findings] == [("accumulation", "perhaps")] * is_told
    if is_told:
        assert f"{batches % 4} more" in watch.findings[0].text


def test_batches_that_are_passed_over_knowingly() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for batch in range(24):
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.randn(8, 3)).square().mean())
            if batch % 5:
                optimizer.step()
    assert watch.findings == ()
