"""Clipping that finds no gradient: because it is given what is used up, or because there is none anywhere."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


@pytest.mark.filterwarnings("ignore:`parameters` is an empty")
@pytest.mark.parametrize(("is_cut", "used_up"), [(True, False), (False, True)])
def test_it_is_told_where_it_is_the_cause(is_cut: bool, used_up: bool) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    once = model.parameters()
    optimizer = torch.optim.SGD(once, lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            loss = model(torch.rand(8, 3)).square().mean()
            loss = loss.detach().requires_grad_() / 2 if is_cut else loss
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(once if used_up else model.parameters(), 1.0)
            optimizer.step()
    kinds = {one.kind for one in watch.findings}
    assert ("clipping" in kinds) is used_up
    assert is_cut is bool(kinds - {"clipping"})
