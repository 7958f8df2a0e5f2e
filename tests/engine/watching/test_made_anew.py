"""Weights that are made anew for each update, and that no optimizer has."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.engine.watching.kept_calls.tape import MOST_MADE
from gradtui.snapshot.finding import Finding

Training = Callable[[], Iterator[None]]


class Within(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        head = nn.Linear(4, 1)
        return head(self.body(x))  # type: ignore[no-any-return]


def in_the_forward_pass() -> Iterator[None]:
    model = Within()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        step(optimizer, model(torch.rand(4, 3)))
        yield


def in_the_loop() -> Iterator[None]:
    body = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1)
    for _ in range(5):
        head = nn.Linear(4, 1)
        step(optimizer, head(body(torch.rand(4, 3))))
        yield


def a_bare_one() -> Iterator[None]:
    body = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1)
    for _ in range(5):
        gain = nn.Parameter(torch.ones(4))
        step(optimizer, body(torch.rand(4, 3)) * gain)
        yield


def beside_much_else() -> Iterator[None]:
    """More than a pass may hold that is run once more where something is wrong."""
    body = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1)
    for _ in range(5):
        head = nn.Linear(4, 1)
        torch.zeros(MOST_MADE // 4 + 1)
        step(optimizer, head(body(torch.rand(4, 3))))
        yield


def of_which_the_values_are_cut() -> Iterator[None]:
    """That is told of the parameter that it is a copy of."""
    body, gain = nn.Linear(3, 4), nn.Parameter(torch.ones(4))
    optimizer = torch.optim.SGD([*body.parameters(), gain], lr=0.1)
    for _ in range(5):
        step(optimizer, body(torch.rand(4, 3)) * nn.Parameter(gain.data.clone()))
        yield


def once() -> Iterator[None]:
    body, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
    for _ in range(5):
        step(optimizer, head(body(torch.rand(4, 3))))
        yield


def added_to_the_optimizer() -> Iterator[None]:
    body = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1)
    for _ in range(5):
        body.append = nn.Linear(4, 4)
        optimizer.add_param_group({"params": [*body.append.parameters()]})
        step(optimizer, body.append(body(torch.rand(4, 3))))
        yield


def copies_with_an_optimizer_of_their_own() -> Iterator[None]:
    """Reptile: the model goes part of the way to what a copy has learned."""
    model = nn.Linear(3, 1)
    for _ in range(5):
        learner = copy.deepcopy(model)
        optimizer = torch.optim.SGD(learner.parameters(), lr=0.1)
        for _ in range(2):
            step(optimizer, learner(torch.rand(4, 3)))
        with torch.no_grad():
            for slow, fast in zip(model.parameters(), learner.parameters(), strict=True):
                slow.lerp_(fast, 0.5)
        yield


def step(optimizer: torch.optim.Optimizer, y: Tensor) -> None:
    optimizer.zero_grad()
    torch.autograd.backward((y - 1).square().mean())
    optimizer.step()


def found(training: Training) -> list[Finding]:
    torch.manual_seed(0)
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        for _ in training():
            pass
    return [one for one in watch.findings if one.kind == "not_in_optimizer"]


BAD: list[tuple[Training, Callable[..., object], int]] = [
    (in_the_forward_pass, Within.forward, 1),
    (in_the_loop, in_the_loop, 4),
    (a_bare_one, a_bare_one, 4),
    (beside_much_else, beside_much_else, 5),
]


@pytest.mark.parametrize(("training", "function", "line"), BAD)
def test_the_line_that_makes_them(training: Training, function: Callable[..., object], line: int) -> None:
    (told,) = found(training)
    assert told.certainty == "perhaps"
    assert told.source is not None
    assert told.source.line == function.__code__.co_firstlineno + line


@pytest.mark.parametrize(
    "training",
    [once, added_to_the_optimizer, copies_with_an_optimizer_of_their_own, of_which_the_values_are_cut],
)
def test_nothing_is_said_of_others(training: Training) -> None:
    assert found(training) == []
