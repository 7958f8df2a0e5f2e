"""Steps that go far too far, gradients that are clipped to nothing, a loss that is a new leaf: what comes of them is not told as
the cause. Truth is the same training without the fault, which is healthy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
import torch
from torch import Tensor, nn

import gradtui

functional = nn.functional

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cosine": lambda made, y: 1 - functional.cosine_similarity(made, y).mean(),
    "normalised": lambda made, y: functional.mse_loss(functional.layer_norm(made, (4,)), y),
    "saturated": lambda made, y: functional.mse_loss(torch.tanh(made), y),
    "a softmax": lambda made, y: functional.mse_loss(made.softmax(1), y),
}


def told(
    loss_of: Callable[[Tensor, Tensor], Tensor],
    rate: float = 0.01,
    clip: float = 0.0,
    leaf: bool = False,
    other: bool = False,
) -> list[gradtui.Finding]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    x, y = torch.randn(32, 6), torch.rand(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(24):
            if other:  # as an attack on the data makes one
                torch.autograd.backward(loss_of(model(x), y))
            loss = loss_of(model(x), y)
            optimizer.zero_grad()
            loss = loss.detach().requires_grad_() if leaf else loss
            torch.autograd.backward(loss)
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
    return [*watch.findings]


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_that_throws_the_weights_away(name: str) -> None:
    assert told(LOSSES[name]) == []
    first = told(LOSSES[name], rate=1e8)[0]
    assert (first.update or 0) <= 1
    assert "learning rate" in first.text
    assert "smaller learning rate" in first.remedy


def factor(rate: float) -> list[gradtui.Finding]:
    """A covariance that is to fit: torch refuses it where it is none."""
    torch.manual_seed(0)
    model, x = nn.Linear(4, 4), torch.randn(12, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with suppress(RuntimeError), gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            optimizer.zero_grad()
            made = model.weight + model.weight.mT + 4 * torch.eye(4)
            torch.autograd.backward(torch.linalg.cholesky(made).diagonal().log().sum().square() + 0 * model(x).sum())
            optimizer.step()
    return [*watch.findings]


def test_what_torch_refuses_after_a_step_that_throws_the_weights_away() -> None:
    assert [one for one in factor(1e-3) if one.certainty != "perhaps"] == []
    first = factor(1e8)[0]
    assert first.update == 0
    assert "cholesky" in first.text
    assert "smaller learning rate" in first.remedy


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_that_are_clipped_to_nothing(name: str) -> None:
    assert [one.kind for one in told(LOSSES[name], clip=1e-7)] == ["clipping"]


@pytest.mark.parametrize("other", [False, True])
def test_a_loss_that_is_a_new_leaf(other: bool) -> None:
    assert told(LOSSES["saturated"], other=other) == []
    assert [one.kind for one in told(LOSSES["saturated"], leaf=True, other=other)] == ["new_leaf"]


def test_why_a_factor_is_0_comes_before_what_it_makes_0() -> None:
    """In the order of the graph it is the other way round."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"key": nn.Linear(3, 3), "value": nn.Linear(3, 3)})
    x = torch.randn(2, 4, 3)
    with gradtui.trace(model) as trace:
        value = model["value"](x) * torch.zeros(4, 1)
        loss = ((model["key"](x) @ x.mT).softmax(-1) @ value - 1).square().mean()
    assert [one.parameter for one in trace.capture(loss).findings] == ["value.weight", "key.weight"]


SILENT: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "dead": (lambda x: (x - 100).relu(), "dead"),
    "clamped": (lambda x: x.clamp(50, 60), "clamped"),
    "flat": (lambda x: x.round(), "flat"),
    "masked": (lambda x: x * 0, "decay"),  # which may be meant, so that it is not sure what is at fault
}
DECAYING: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": lambda given: torch.optim.SGD(given, lr=0.1, weight_decay=0.01),
    "AdamW": lambda given: torch.optim.AdamW(given, lr=1e-3),
    "Adam": lambda given: torch.optim.Adam(given, lr=1e-3, weight_decay=0.01),
}


@pytest.mark.parametrize("optimizer", DECAYING)
@pytest.mark.parametrize("silent", SILENT)
def test_weight_decay_is_not_the_cause_of_a_gradient_of_0(silent: str, optimizer: str) -> None:
    between, kind = SILENT[silent]
    first, last, x = nn.Linear(6, 8), nn.Linear(8, 1), torch.randn(16, 6)
    stepped = DECAYING[optimizer]([*first.parameters(), *last.parameters()])
    with gradtui.watch(nn.ModuleList([first, last]), stepped) as watch:
        for _ in range(8):
            stepped.zero_grad()
            torch.autograd.backward((last(between(first(x)) + x[:, :1]) - x.sum(1, keepdim=True)).square().mean())
            stepped.step()
    of_first = [one for one in watch.findings if {"0.weight", "first.weight"} & {one.parameter, *one.evidence}]
    assert [one.kind for one in of_first] == [kind]
