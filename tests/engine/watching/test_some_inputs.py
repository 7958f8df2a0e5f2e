"""A backward pass to some parameters alone: a Snapshot of it shows no gradient that it did not give."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.api import Run
from gradtui.findings.findings import findings


def to_some(loss: torch.Tensor, wanted: list[nn.Parameter]) -> None:
    loss.backward(inputs=wanted)  # type: ignore[no-untyped-call]


def by_autograd(loss: torch.Tensor, wanted: list[nn.Parameter]) -> None:
    torch.autograd.backward([loss], inputs=wanted)


def by_hand(loss: torch.Tensor, wanted: list[nn.Parameter]) -> None:
    for one, grad in zip(wanted, torch.autograd.grad(loss, wanted), strict=True):
        one.grad = grad


def to_all(loss: torch.Tensor, wanted: list[nn.Parameter]) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


def in_two_passes(loss: torch.Tensor, wanted: list[nn.Parameter]) -> None:
    loss.backward(inputs=wanted[:1], retain_graph=True)  # type: ignore[no-untyped-call]
    loss.backward(inputs=wanted[1:])  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("backward", "last"),
    [
        (to_some, {"1.weight", "1.bias"}),
        (by_autograd, {"1.weight", "1.bias"}),
        (by_hand, {"1.weight", "1.bias"}),
        (in_two_passes, {"1.bias"}),
        (to_all, {"0.weight", "0.bias", "1.weight", "1.bias"}),
    ],
)
def test_gradients_are_those_that_the_pass_gave(
    backward: Callable[[torch.Tensor, list[nn.Parameter]], None], last: set[str]
) -> None:
    """Of every update, and torch's own. last: what the last pass before the step went to."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    grads: list[dict[str, float]] = []
    with gradtui.watch(model, optimizer, every=1) as watch:
        for _ in range(3):
            optimizer.zero_grad()
            backward(model(torch.randn(8, 3)).square().mean(), [*model[1].parameters()])
            named = model.named_parameters()
            grads.append({name: float(one.grad.norm()) for name, one in named if one.grad is not None})
            optimizer.step()
    run: Run = watch.run
    assert [*run.snapshots] == [0, 1, 2]
    for update, snapshot in run.snapshots.items():
        told = {name: one.grad.norm for name, one in snapshot.parameters.items() if one.grad is not None}
        assert told == pytest.approx({name: grads[update][name] for name in last})
        assert not findings(snapshot)
