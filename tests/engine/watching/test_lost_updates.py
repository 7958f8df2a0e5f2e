"""Updates by hand that never get into the weight, as a loop writes them that gives a new tensor its name; and new tensors
that are tried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.engine.watching.test_updates_by_hand import RATE, SEED, Kept, by_copy, by_new_data, kept, told

__all__ = ["kept"]
Step = Callable[[nn.Module], object]


def named_anew(model: nn.Module) -> None:
    with torch.no_grad():
        for one in model.parameters():
            one = one - RATE * one.grad  # type: ignore[assignment, operator]


def with_a_graph(model: nn.Module) -> None:
    for one in model.parameters():
        one = one - RATE * one.grad  # type: ignore[assignment, operator]


def with_a_decay(model: nn.Module) -> None:
    with torch.no_grad():
        for one in model.parameters():
            new = one.add(one.grad + 0.01 * one, alpha=-RATE)  # type: ignore[operator]
            del new


def of_its_data(model: nn.Module) -> None:
    for one in model.parameters():
        data = one.data
        data = data - RATE * one.grad  # type: ignore[operator]


def tried(model: nn.Module) -> None:
    """As a model is adapted to a task, to be looked at."""
    new: dict[str, Tensor] = {
        name: (one - RATE * one.grad).detach()  # type: ignore[operator]
        for name, one in model.named_parameters()
    }
    with torch.no_grad():
        torch.func.functional_call(model, new, (torch.randn(4, 3),))


def copied(model: nn.Module) -> None:
    by_copy([*model.parameters()])


def put_in(model: nn.Module) -> None:
    by_new_data([*model.parameters()])


@pytest.mark.parametrize(
    ("step", "is_lost"),
    [
        *((one, True) for one in (named_anew, with_a_graph, with_a_decay, of_its_data)),
        *((one, False) for one in (tried, copied, put_in)),
    ],
)
def test_an_update_that_is_lost(step: Step, is_lost: bool, kept: Kept) -> None:
    torch.manual_seed(SEED)
    model = nn.Linear(3, 1)
    for _ in range(5):
        model.zero_grad()
        torch.autograd.backward(model(torch.randn(8, 3)).square().mean())
        step(model)
    assert [(one.kind, one.certainty) for one in told(kept).findings] == [("lost_update", "likely")] * is_lost
