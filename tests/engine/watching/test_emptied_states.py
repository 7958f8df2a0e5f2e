"""An optimizer whose state is emptied between its steps begins with averages of 0 again, as a new one does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui

Between = Callable[[nn.Module, torch.optim.Optimizer, dict[str, Any], dict[str, Any]], object]


def cleared(model: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: dict[str, Any]) -> None:
    optimizer.state.clear()


def loaded(model: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: dict[str, Any]) -> None:
    optimizer.load_state_dict(state)


def replaced(
    model: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: dict[str, Any]
) -> None:
    optimizer.state = type(optimizer.state)(dict)


def another_fold(
    model: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: dict[str, Any]
) -> None:
    model.load_state_dict(weights)
    optimizer.load_state_dict(state)


def left(model: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: dict[str, Any]) -> None:
    optimizer.load_state_dict(optimizer.state_dict())


def kinds(between: Between, every: int, kind: Callable[..., torch.optim.Optimizer]) -> list[tuple[str, str]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = kind(model.parameters(), lr=1e-2)
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    with gradtui.watch(model, optimizer) as watch:
        for update in range(12):
            if update and update % every == 0:
                between(model, optimizer, weights, state)
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.rand(8, 3)).square().mean())
            optimizer.step()
    return [(one.kind, one.certainty) for one in watch.findings if one.kind == "optimizer_anew"]


@pytest.mark.parametrize(
    ("between", "every", "kind", "certainty"),
    [
        (cleared, 4, torch.optim.Adam, "likely"),
        (cleared, 1, torch.optim.RMSprop, "likely"),
        (loaded, 3, torch.optim.AdamW, "likely"),
        (replaced, 4, torch.optim.Adagrad, "likely"),
        (loaded, 6, torch.optim.Adam, "perhaps"),  # once: another phase
        (another_fold, 4, torch.optim.Adam, ""),
        (left, 4, torch.optim.Adam, ""),
        (cleared, 4, torch.optim.SGD, ""),  # it has none
    ],
)
def test_what_is_told_of_it(
    between: Between, every: int, kind: Callable[..., torch.optim.Optimizer], certainty: str
) -> None:
    assert kinds(between, every, kind) == ([("optimizer_anew", certainty)] if certainty else [])
