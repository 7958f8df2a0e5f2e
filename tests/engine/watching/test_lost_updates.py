"""Updates by hand that never get into the weight, as a loop writes them that gives a new tensor its name; and new tensors
that are tried."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

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


Weights = dict[str, Tensor]


def of_an_operation(weights: Weights) -> None:
    for name, one in weights.items():
        if one.grad is not None:
            weights[name] = one - RATE * one.grad


def without_gradients(weights: Weights) -> None:
    with torch.no_grad():
        of_an_operation(weights)


def new_leaves(weights: Weights) -> None:
    for name, one in weights.items():
        weights[name] = (one - RATE * one.grad).detach().requires_grad_()  # type: ignore[operator]


def that_keep_theirs(weights: Weights) -> None:
    for name, one in weights.items():
        weights[name] = one - RATE * one.grad  # type: ignore[operator]
        weights[name].retain_grad()


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize(
    ("step", "is_told"),
    [(of_an_operation, True), (without_gradients, True), (new_leaves, False), (that_keep_theirs, False)],
)
def test_a_tensor_that_takes_the_place_of_a_weight(
    step: Callable[[Weights], object], is_told: bool, kept: Kept
) -> None:
    """Truth: whether the weights go on to get gradients."""
    torch.manual_seed(SEED)
    weights = {"w": torch.randn(3, 1, requires_grad=True), "b": torch.zeros(1, requires_grad=True)}
    with suppress(RuntimeError):  # of what needs no gradient there is no backward
        for _ in range(4):
            torch.autograd.backward((torch.randn(8, 3) @ weights["w"] + weights["b"] - 1).square().mean())
            step(weights)
    found = [one for one in told(kept).findings if one.kind == "not_a_leaf"]
    assert [one.certainty for one in found] == ["likely"] * is_told
    assert all({*one.evidence} == {"weights['w']", "weights['b']"} for one in found)
