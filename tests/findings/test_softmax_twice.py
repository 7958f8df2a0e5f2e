"""A loss that takes logits and is given probabilities; a softmax elsewhere is none of its concern."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.snapshot.finding import Finding

LABELS = torch.tensor([0, 1, 2, 1])


def told(classes: int, twice: bool) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model, x = nn.Linear(3, classes), torch.randn(4, 3)
    with gradtui.trace(model) as trace:
        made = model(x)
        loss = functional.cross_entropy(made.softmax(-1) if twice else made, LABELS)
    return trace.capture(loss).findings


@pytest.mark.parametrize("classes", [3, 10])
def test_a_softmax_of_a_softmax(classes: int) -> None:
    (found,) = told(classes, twice=True)
    assert (found.kind, found.certainty) == ("softmax_twice", "likely")
    sure = torch.eye(classes)[:3]  # the best that probabilities can be
    least = functional.cross_entropy(sure, torch.arange(3)).item()
    assert f"{least:.4g}" in found.text
    assert f"{math.exp(-least):.4g}" in found.text


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("labels", [LABELS, functional.one_hot(LABELS, 3).float()], ids=["labels", "probabilities"])
@pytest.mark.parametrize(
    "log_softmax",
    [lambda x: x.log_softmax(-1), nn.LogSoftmax(dim=1), lambda x: x.softmax(-1).log()],
    ids=["method", "module", "log"],
)
def test_logarithms_of_probabilities_are_logits(
    log_softmax: Callable[[Tensor], Tensor], labels: Tensor, smoothing: float
) -> None:
    """By torch itself the loss is the same."""
    torch.manual_seed(0)
    model, x = nn.Linear(3, 3), torch.randn(4, 3)
    with gradtui.trace(model) as trace:
        loss = functional.cross_entropy(log_softmax(model(x)), labels, label_smoothing=smoothing)
    torch.testing.assert_close(loss, functional.cross_entropy(model(x), labels, label_smoothing=smoothing))
    assert trace.capture(loss).findings == ()


def test_logits_are_right() -> None:
    assert told(10, twice=False) == ()


def test_a_log_softmax_that_is_no_loss_is_meant() -> None:
    """As the target of a distillation, or attention of attention."""
    model = nn.Linear(3, 3)
    with gradtui.trace(model) as trace:
        loss: Tensor = model(torch.ones(4, 3)).softmax(-1).log_softmax(-1).square().mean()
    assert trace.capture(loss).findings == ()
