"""Steps that a narrow dtype rounds away: how large they were is said only where that is known."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


@pytest.mark.parametrize(("optimizer", "told"), [(torch.optim.SGD, False), (torch.optim.Adam, True)])
def test_the_rate_is_the_size_of_a_step_only_where_the_gradient_is_not(
    optimizer: type[torch.optim.Optimizer], told: bool
) -> None:
    rate = 0.00025
    model = nn.Linear(3, 1, bias=False, dtype=torch.bfloat16)
    nn.init.ones_(model.weight)
    x = torch.ones(4, 3, dtype=torch.bfloat16)
    steps = optimizer(model.parameters(), lr=rate)  # type: ignore[call-arg]
    with gradtui.watch(model, steps) as watch:
        for _ in range(12):
            steps.zero_grad()
            (1e-3 * model(x).mean()).backward()
            steps.step()
    (found,) = [one for one in watch.run.findings if one.kind == "lost_update"]
    assert (str(rate) in found.text or "2.5e-4" in found.text) is told
