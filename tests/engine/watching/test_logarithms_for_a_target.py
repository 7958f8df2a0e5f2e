"""`kl_div` of two logarithms makes nan, of which the target is told, and not that a logarithm should be kept above 0."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import gradtui


@pytest.mark.parametrize("log_target", [False, True])
def test_the_target(log_target: bool) -> None:
    torch.manual_seed(0)
    teacher, student = nn.Linear(4, 3), nn.Linear(4, 3)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    with gradtui.watch(student, optimizer) as watch:
        for _ in range(8):
            x = torch.randn(16, 4)
            target = functional.log_softmax(teacher(x), dim=1).detach()
            given = functional.log_softmax(student(x), dim=1)
            loss = functional.kl_div(given, target, reduction="batchmean", log_target=log_target)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    told = [(one.kind, one.certainty) for one in watch.findings]
    assert told == ([] if log_target else [("loss_input", "proved")])
