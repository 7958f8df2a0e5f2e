"""Steps that people report, in which a gradient is asked for too late, is read without its graph, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import grad, vmap

import gradtui
from gradtui.snapshot.finding import Finding
from tests.torch_version import sees_what_is_kept

X = torch.randn(6, 3)
hidden: Any = None


def _first(model: nn.Module, step: Callable[[], torch.Tensor]) -> Finding:
    with gradtui.trace(model) as trace:
        loss = step()
    return trace.capture(loss).findings[0]


def test_a_gradient_that_is_asked_for_after_the_forward_pass() -> None:
    model, image = nn.Linear(3, 2), torch.randn(4, 3)

    def late() -> torch.Tensor:
        score: torch.Tensor = model(image).max()
        image.requires_grad_()
        return score

    found = _first(model, late)
    assert (found.kind, found.parameter) == ("unused", "image")
    assert found.source is not None
    assert found.source.text == "image.requires_grad_()"


def test_what_requires_a_gradient_and_is_used_is_no_fault() -> None:
    model, image = nn.Linear(3, 2), torch.randn(4, 3)

    def probe() -> torch.Tensor:
        score = model(image).detach().max()
        image.requires_grad_()
        loss: torch.Tensor = model(image).pow(2).mean() + score
        return loss

    with gradtui.trace(model) as trace:
        loss = probe()
    assert not trace.capture(loss).findings


def test_a_gradient_that_backward_left_is_read_into_the_loss() -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def penalty() -> torch.Tensor:
        x = X.clone().requires_grad_()
        score = model(x)
        score.sum().backward(retain_graph=True)
        assert x.grad is not None
        loss: torch.Tensor = score.mean() + x.grad.pow(2).mean()
        return loss

    found = _first(model, penalty)
    assert (found.kind, found.certainty) == ("no_grad", "perhaps")
    assert found.source is not None
    assert found.source.text == "x.grad"


def test_a_leaf_made_on_the_spot_is_a_constant() -> None:
    model = nn.Linear(3, 2)
    found = _first(model, lambda: (model(X), torch.zeros(1, requires_grad=True).sum())[1])
    assert (found.kind, found.certainty) == ("constant", "proved")


def _filled(row: torch.Tensor) -> torch.Tensor:
    return torch.zeros(3).copy_(row).sum()


def _branched(row: torch.Tensor) -> torch.Tensor:
    return row.sum() if row.sum() > 0 else row.prod()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a branch for each example": (lambda: vmap(_branched)(X), "left_torch"),
    "a sum that is not batched": (lambda: vmap(_filled)(X), "inplace"),
    "dropout within vmap": (lambda: vmap(lambda row: row + torch.rand(3))(X), "not_differentiable"),
    "requires_grad_ within grad": (lambda: grad(lambda x: x.clone().requires_grad_().sum())(X), "not_a_leaf"),
    "a scale below 0": (lambda: torch.distributions.Normal(X, -X.abs(), validate_args=True), "domain"),
    "a probability above 1": (lambda: torch.distributions.Bernoulli(X.abs() + 2, validate_args=True), "domain"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_torch_refuses_is_told_with_its_line(case: str) -> None:
    step, kind = REFUSED[case]
    with pytest.raises((RuntimeError, ValueError)) as raised, gradtui.trace() as trace:
        step()
    found = trace.findings[0]
    assert (found.kind, found.certainty) == (kind, "proved")
    assert found.source is not None
    assert raised.value.__notes__


@sees_what_is_kept
def test_a_state_in_a_tuple_of_the_file_is_named() -> None:
    model = nn.LSTM(3, 4, batch_first=True)

    def pieces() -> torch.Tensor:
        global hidden
        hidden = None
        for piece in range(2):
            out, hidden = model(X[None], hidden)
            loss: torch.Tensor = out.pow(2).mean()
            if piece == 0:
                torch.autograd.backward(loss)
        return loss

    found = _first(model, pieces)
    assert found.kind == "freed"
    assert "hidden" in found.text


def test_another_model_that_is_switched_off_and_on_is_no_fault() -> None:
    """A generator's step, traced as that of either."""
    made, judge = nn.Linear(2, 3), nn.Linear(3, 1)

    def step() -> torch.Tensor:
        fake = made(X[:, :2])
        judge.requires_grad_(False)
        loss: torch.Tensor = -judge(fake).mean()
        judge.requires_grad_(True)
        return loss

    for model in (made, judge):
        with gradtui.trace(model) as trace:
            loss = step()
        assert all(one.certainty == "perhaps" for one in trace.capture(loss).findings)
