"""An optimizer that holds what does not run: the module that it is of is there, or it is not. Truth is who is alive."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(model: nn.Module, optimizer: torch.optim.Optimizer) -> Finding:
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.rand(4, 3)).square().mean().backward()
            optimizer.step()
    return watch.findings[0]


@pytest.mark.parametrize("alive", [True, False])
def test_a_module_is_said_to_be_gone_only_where_it_is(alive: bool) -> None:
    model: nn.Module | None = nn.Linear(3, 1)
    learner = copy.deepcopy(model)
    assert model is not None
    assert learner is not None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    if not alive:
        model = None
    first = told(learner, optimizer)
    assert (first.kind, first.certainty) == ("not_in_optimizer", "proved")
    assert ("no module has" in first.text) is not alive
    assert ("model.bias" in first.text) is alive


def test_a_copy_that_is_made_anew_at_each_step_leaves_the_original_without_a_gradient() -> None:
    model = nn.Linear(3, 1)
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    with gradtui.watch(nn.Identity(), optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            copy.deepcopy(model)(torch.rand(4, 3)).square().mean().backward()
            optimizer.step()
    (first,) = watch.findings
    assert first.kind == "new_leaf"
    assert "copy.deepcopy(model)" in str(first.source)
    assert {"model.weight", "model.bias"} <= {*first.evidence}
