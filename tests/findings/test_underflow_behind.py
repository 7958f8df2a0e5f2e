"""A 0 of which a logarithm is taken, or by which is divided, may be what is left of a number that underflowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import gradtui
from gradtui.snapshot.finding import Finding


def told(step: Callable[[Tensor], Tensor], place: float = 1.0) -> Finding:
    w = torch.tensor([place, place], requires_grad=True)
    with gradtui.trace() as trace:
        loss = step(w)
    found = trace.capture(loss, names={"w": w}).findings
    assert found
    return found[0]


def density(w: Tensor) -> Tensor:
    near = torch.exp(-0.5 * (torch.randn(64)[:, None] - 60 * w) ** 2)
    return torch.log((near * torch.tensor([0.5, 0.5])).sum(1)).mean()


def weighted_mean(w: Tensor) -> Tensor:
    near = torch.exp(-1e4 * (torch.linspace(2, 3, 64) - w[0]) ** 2)
    return (near * torch.linspace(0, 1, 64)).sum() / near.sum() * w[1]


def chain_of_states(w: Tensor) -> Tensor:
    state = torch.softmax(w, 0)
    for _ in range(90):
        state = (torch.softmax(torch.outer(w, w), 0) @ state) * torch.sigmoid(w - 2)
    return torch.log(state.sum())


@pytest.mark.parametrize("step", [density, weighted_mean, chain_of_states])
def test_what_underflowed_is_told(step: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    found = told(step)
    assert "underflowed" in found.text
    assert "logarithms" in found.remedy


def logarithm_of_a_hole(w: Tensor) -> Tensor:
    return torch.log(w * torch.tensor([1.0, 0.0])).sum()


def mean_of_nothing(w: Tensor) -> Tensor:
    return (w * torch.zeros(2)).sum() / torch.zeros(2).sum()


def logarithm_of_a_softmax(w: Tensor) -> Tensor:
    return torch.log(torch.softmax(w * torch.tensor([1.0, 300.0]), 0)).sum()


@pytest.mark.parametrize("step", [logarithm_of_a_hole, mean_of_nothing, logarithm_of_a_softmax])
def test_other_zeros_are_not(step: Callable[[Tensor], Tensor]) -> None:
    found = told(step)
    assert "underflowed" not in found.text + found.remedy


def test_a_difference_of_two_masks_is_told_as_that() -> None:
    def scores(w: Tensor) -> Tensor:
        hidden = w.masked_fill(torch.tensor([True, True]), -torch.inf)
        return torch.exp(hidden - hidden.max()).sum()

    found = told(scores)
    assert (found.kind, found.certainty) == ("domain", "proved")
    assert "mask" in found.text
