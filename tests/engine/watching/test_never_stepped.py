"""An optimizer of which no step comes, though its parameters get gradients; and what is none, as they move all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


class Around(torch.optim.Optimizer):
    """It is an optimizer to others, and does not make itself one: torch hears of the steps of what it holds alone."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        self.inner = inner

    @property
    def param_groups(self) -> list[dict[str, object]]:  # type: ignore[override]
        return self.inner.param_groups

    def step(self) -> None:  # type: ignore[override]
        self.inner.step()


class Training:
    def __init__(self) -> None:
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)
        self.of_first = torch.optim.Adam(self.first.parameters(), lr=0.01)
        self.of_last = torch.optim.SGD(self.last.parameters(), lr=0.01)
        self.x = torch.randn(20, 3)

    def backward(self) -> None:
        torch.autograd.backward(self.last(self.first(self.x).tanh()).square().mean())

    def clear(self) -> None:
        self.of_first.zero_grad()
        self.of_last.zero_grad()


def run(body: Callable[[Training, int], object], passes: int = 12) -> list[Finding]:
    training = Training()
    with gradtui.watch(nn.Sequential(training.first, training.last)) as watch:
        for number in range(passes):
            training.backward()
            body(training, number)
            training.clear()
    return [one for one in watch.findings if "step() is never called" in one.text]


def nothing(training: Training, number: int) -> None:
    """No step."""


def one_of_two(training: Training, number: int) -> None:
    training.of_last.step()


def with_an_input(training: Training, number: int) -> None:
    training.x.requires_grad_()


@pytest.mark.parametrize(
    ("body", "passes", "optimizers", "certainty"),
    [
        (nothing, 12, {"Adam", "SGD"}, "likely"),
        (nothing, 4, {"Adam", "SGD"}, "perhaps"),  # it may accumulate for the first
        (one_of_two, 12, {"Adam"}, "likely"),
        (with_an_input, 12, {"Adam", "SGD"}, "perhaps"),  # it may be an attack on the model
    ],
)
def test_told(body: Callable[[Training, int], object], passes: int, optimizers: set[str], certainty: str) -> None:
    found = run(body, passes)
    assert {(one.kind, one.certainty) for one in found} == {("step_order", certainty)}
    assert {name for name in ("Adam", "SGD") for one in found if name in one.text} == optimizers
    assert all(one.source is not None for one in found)


def both(training: Training, number: int) -> None:
    training.of_first.step()
    training.of_last.step()


def late(training: Training, number: int) -> None:
    if number == 5:
        both(training, number)


def wrapped(training: Training, number: int) -> None:
    Around(training.of_first).step()
    Around(training.of_last).step()


def by_hand(training: Training, number: int) -> None:
    with torch.no_grad():
        for one in (*training.first.parameters(), *training.last.parameters()):
            assert one.grad is not None
            one.sub_(one.grad, alpha=0.01)


def skipped(training: Training, number: int) -> None:
    """A GradScaler leaves all of them out, and is told as that."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale(torch.ones(()))
    for one in (training.of_first, training.of_last):
        for parameter in one.param_groups[0]["params"]:
            parameter.grad.fill_(torch.inf)
        scaler.step(one)


@pytest.mark.parametrize("body", [both, late, wrapped, by_hand, skipped])
def test_none(body: Callable[[Training, int], object]) -> None:
    assert run(body) == []


def test_told_of_gradients_that_are_0() -> None:
    model, x = nn.Linear(3, 1), torch.randn(5, 3)
    optimizer = torch.optim.Adam(model.parameters())
    with gradtui.watch(model) as watch:
        for _ in range(12):
            optimizer.zero_grad()
            torch.autograd.backward(model(x).round().sum())
    assert [(one.kind, one.certainty) for one in watch.findings] == [("step_order", "likely")]


def test_what_another_one_has_too() -> None:
    """An optimizer of all, made for its groups, say, beside those that step."""
    training = Training()
    everything = torch.optim.SGD([*training.first.parameters(), *training.last.parameters()], lr=0.1)
    with gradtui.watch(nn.Sequential(training.first, training.last)) as watch:
        for number in range(12):
            training.backward()
            both(training, number)
            training.clear()
    assert everything.param_groups
    assert watch.findings == ()
