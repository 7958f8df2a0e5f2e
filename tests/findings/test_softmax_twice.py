"""A loss that takes logits and is given probabilities; a softmax elsewhere is none of its concern."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Request

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


def of(loss: Callable[[Tensor], Tensor], shape: tuple[int, ...] = (4, 3), classes: int = 5) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model, x = nn.Linear(3, classes), torch.randn(shape)
    with gradtui.trace(model) as trace:
        value = loss(model(x))
    return trace.capture(value).findings


FIVE = torch.tensor([0, 1, 2, 4])


@pytest.mark.parametrize(
    "shares",
    [
        lambda x: x.exp() / x.exp().sum(1, keepdim=True),
        lambda x: (x - x.logsumexp(1, keepdim=True)).exp(),
        lambda x: functional.normalize(x.sigmoid(), p=1, dim=1),
        functional.gumbel_softmax,
    ],
    ids=["quotient", "logsumexp", "sigmoid", "gumbel"],
)
def test_a_softmax_that_is_written_out(shares: Callable[[Tensor], Tensor]) -> None:
    (found,) = of(lambda x: functional.cross_entropy(shares(x), FIVE))
    assert (found.kind, found.certainty) == ("softmax_twice", "likely")


def test_a_softmax_over_the_classes_of_each_position() -> None:
    labels = torch.zeros(4, 6, dtype=torch.long)
    (found,) = of(lambda x: functional.cross_entropy(x.softmax(-1).transpose(1, 2), labels), (4, 6, 3))
    assert found.kind == "softmax_twice"


@pytest.mark.parametrize(
    "logits",
    [lambda x: x.sigmoid(), lambda x: x.clamp(0, 1), lambda x: 4 * x.softmax(-1)],
    ids=["sigmoid", "clamp", "4"],
)
def test_what_only_looks_like_shares(logits: Callable[[Tensor], Tensor]) -> None:
    assert of(lambda x: functional.cross_entropy(logits(x), FIVE)) == ()


def test_a_sigmoid_of_a_sigmoid() -> None:
    truth = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    lossy = functional.binary_cross_entropy_with_logits
    (found,) = of(lambda x: lossy(x.sigmoid().view(4, 1), truth), classes=1)
    assert (found.kind, found.certainty) == ("softmax_twice", "likely")
    assert of(lambda x: lossy(x, truth), classes=1) == ()
    assert of(lambda x: functional.binary_cross_entropy(x.sigmoid(), truth), classes=1) == ()


@pytest.mark.parametrize("made", [lambda x: x.softmax(-1), lambda x: x], ids=["softmax", "logits"])
def test_nll_loss_without_logarithms(made: Callable[[Tensor], Tensor]) -> None:
    (found,) = of(lambda x: functional.nll_loss(made(x), FIVE))
    assert (found.kind, found.certainty) == ("loss_input", "likely")
    assert of(lambda x: functional.nll_loss(x.log_softmax(-1), FIVE)) == ()
    picked = of(lambda x: -functional.nll_loss(made(x), FIVE, reduction="none").mean())
    assert [one.certainty for one in picked] == ["perhaps"]


@pytest.mark.parametrize(
    "text", ["{}^2(x, dim=-1)", "{}^2(x, dim=-1)^-x", "log({}^2(x, dim=-1))", "{}^2(x, dim=-1) + x"]
)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_of_a_single_number(name: str, text: str) -> None:
    """It is over no class at all: torch takes it, and so does whoever looks at it."""
    snapshot = evaluate(Request(1, text.format(name), {"x": 4.0}))
    assert not snapshot.problem
    assert "softmax_twice" not in {one.kind for one in findings(snapshot)}
