"""What a loss was given: log probabilities, targets in range, rows in the same order. Truth is what torch computes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding

functional = nn.functional
ROWS, CLASSES = 24, 3


def found(loss: Callable[[torch.Tensor], torch.Tensor]) -> list[Finding]:
    """What is told of a linear model that learns by `loss`, of its results."""
    torch.manual_seed(0)
    x = torch.randn(ROWS, 5)
    model = nn.Linear(5, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            optimizer.zero_grad()
            loss(model(x)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return [one for one in watch.findings if one.kind in ("loss_input", "softmax_twice")]


LABELS = torch.arange(ROWS) % CLASSES
SOFT = torch.softmax(torch.arange(ROWS * CLASSES).reshape(ROWS, CLASSES).cos(), -1)


def in_time(out: torch.Tensor, length: int | None = None) -> torch.Tensor:
    """ctc_loss of a sequence, or of a batch of them, for two labels each."""
    labels = torch.tensor([[1, 2]] * out.shape[1] if out.ndim > 2 else [1, 2])
    lengths = [length or len(out)] * out.shape[1] if out.ndim > 2 else length or len(out)
    return functional.ctc_loss(
        out, labels, torch.tensor(lengths), torch.tensor([2] * out.shape[1] if out.ndim > 2 else 2)
    )


WRONG: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nll_loss of logits": lambda out: functional.nll_loss(out, LABELS),
    "nll_loss of probabilities": lambda out: functional.nll_loss(out.softmax(-1), LABELS),
    "nll_loss over the batch": lambda out: functional.nll_loss(out.log_softmax(0), LABELS),
    "ctc_loss of logits": lambda out: in_time(out.reshape(6, 4, CLASSES)),
    "ctc_loss of logits, one sequence": lambda out: in_time(out),
    "ctc_loss over the batch": lambda out: in_time(out.reshape(6, 4, CLASSES).log_softmax(1)),
    "ctc_loss of probabilities": lambda out: in_time(out.reshape(6, 4, CLASSES).softmax(-1)),
    "kl_div of probabilities": lambda out: functional.kl_div(out.softmax(-1), SOFT, reduction="batchmean"),
    "kl_div of two logarithms": lambda out: functional.kl_div(out.log_softmax(-1), SOFT.log(), reduction="batchmean"),
    "targets of -1": lambda out: functional.binary_cross_entropy_with_logits(out, SOFT.round() * 2 - 1),
    "a sigmoid before": lambda out: functional.binary_cross_entropy_with_logits(out.sigmoid().view(-1), SOFT.view(-1)),
    "a softmax that is written out": lambda out: functional.cross_entropy(
        out.exp() / out.exp().sum(1, keepdim=True), LABELS
    ),
    "several hold": lambda out: functional.cross_entropy(out, torch.ones_like(SOFT)),
    "0 for unlike": lambda out: functional.cosine_embedding_loss(out, out.flip(0), (LABELS > 0).float()),
    "0 for far": lambda out: functional.hinge_embedding_loss(out.square().sum(1), target=(LABELS > 0).long()),
    "0 for the other class": lambda out: functional.soft_margin_loss(out[:, 0], (LABELS > 0).float()),
    "0 for the second": lambda out: functional.margin_ranking_loss(
        out[:, 0], out[:, 1], (LABELS > 0).float(), margin=0.1
    ),
    "an exponential before": lambda out: functional.poisson_nll_loss(out.exp().squeeze(), SOFT),
    "logits of a teacher": lambda out: functional.cross_entropy(out, SOFT.log()),
}
RIGHT: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nll_loss": lambda out: functional.nll_loss(out.log_softmax(-1), LABELS),
    "nll_loss with an eps": lambda out: functional.nll_loss((out.softmax(-1) + 1e-3).log(), LABELS),
    "ctc_loss": lambda out: in_time(out.reshape(6, 4, CLASSES).log_softmax(-1)),
    "ctc_loss, one sequence": lambda out: in_time(out.log_softmax(-1)),
    "ctc_loss, nothing behind the end": lambda out: in_time(
        out.log_softmax(-1).reshape(6, 4, CLASSES) * (torch.arange(6) < 5)[:, None, None], 5
    ),
    "kl_div": lambda out: functional.kl_div(out.log_softmax(-1), SOFT, reduction="batchmean"),
    "kl_div of logarithms": lambda out: functional.kl_div(
        out.log_softmax(-1), SOFT.log(), log_target=True, reduction="sum"
    ),
    "soft targets": lambda out: functional.cross_entropy(out, SOFT, label_smoothing=0.1),
    "rows left out": lambda out: functional.cross_entropy(out, SOFT * (LABELS > 0)[:, None]),
    "nll_loss in bfloat16": lambda out: functional.nll_loss((8 * out).bfloat16().log_softmax(-1), LABELS),
    "-1 for unlike": lambda out: functional.cosine_embedding_loss(out, out.flip(0), (LABELS > 0).float() * 2 - 1),
    "all alike": lambda out: functional.cosine_embedding_loss(out, out.flip(0), torch.ones(ROWS)),
    "-1 for the second": lambda out: functional.margin_ranking_loss(out[:, 0], out[:, 1], (LABELS > 0).float() * 2 - 1),
    "0 where neither comes first": lambda out: functional.margin_ranking_loss(
        out[:, 0], out[:, 1], (torch.arange(ROWS) > 3).float()
    ),
    "-1, 0 where it is not known, and 1": lambda out: functional.soft_margin_loss(out[:, 0], LABELS.float() - 1),
    "logarithms of rates": lambda out: functional.poisson_nll_loss(out, SOFT),
    "rates": lambda out: functional.poisson_nll_loss(out.exp(), SOFT, log_input=False),
    "labels": lambda out: functional.cross_entropy(out, LABELS),
    "0 and 1": lambda out: functional.binary_cross_entropy_with_logits(out, SOFT.round()),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    makes_nan = name == "kl_div of two logarithms"
    assert [one.certainty for one in found(WRONG[name])] == ["proved" if makes_nan else "likely"]


def test_what_a_mask_may_leave_out_is_no_alarm() -> None:
    """-1 stands where there is no label, and the loss is multiplied by 0 there."""
    marks = SOFT.round() - (LABELS == 1)[:, None].float()

    def loss(out: torch.Tensor) -> torch.Tensor:
        each = functional.binary_cross_entropy_with_logits(out, marks, reduction="none")
        return (each * (marks >= 0)).mean()

    assert [one.certainty for one in found(loss)] == ["perhaps"]


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    assert found(RIGHT[name]) == []


def test_nothing_is_read_inside_of_a_transform() -> None:
    """Numbers of a tensor of torch.func cannot be read: the training goes on, and so does the watch."""
    model = nn.Linear(5, CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def loss(weight: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(x @ weight.T, y)

    with gradtui.watch(model, optimizer) as watch:
        for _ in range(4):
            x = torch.randn(ROWS, 5)[torch.randperm(ROWS)]
            each = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))
            model.weight.grad = each(model.weight.detach(), x, 2 * SOFT).mean(0)
            optimizer.step()
    assert len(watch.run.updates) == 4


Shuffles = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def both(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    order = torch.randperm(ROWS)
    return x[order], y[order]


def both_in_parts(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(ROWS)[8:16]
    return x.index_select(0, rows), y[rows]


def a_part_of_one(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(ROWS)[:8]
    return x[rows], y[:8]


def both_of_a_batch(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(8)
    return x[8:16][rows], y[8:16][rows]


@pytest.mark.parametrize(
    ("shuffle", "is_told"),
    [
        (both_of_a_batch, False),
        (lambda x, y: (x[8:16][torch.randperm(8)], y[8:16]), True),
        (lambda x, y: (x[8:16], y[8:16]), False),
        (both, False),
        (both_in_parts, False),
        (a_part_of_one, True),
        (lambda x, y: (x[torch.randperm(ROWS)], y[torch.randperm(ROWS)]), True),
        (lambda x, y: (x, y[torch.randperm(ROWS)]), True),
        (lambda x, y: (x, y), False),
    ],
)
def test_orders_of_rows(shuffle: Shuffles, is_told: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(ROWS, 5)
    y = x.sum(1, keepdim=True)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            inputs, targets = shuffle(x, y)
            optimizer.zero_grad()
            functional.mse_loss(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert [one.certainty for one in watch.findings if one.kind == "row_order"] == ["perhaps"] * is_told


def of_all_rows(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(ROWS)[8:]  # as of a graph, of which some nodes are trained on
    return net(x)[rows], y[rows]


def of_all_rows_selected(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(ROWS)
    return torch.index_select(net(x), 0, rows), y.index_select(0, rows)


def put_back(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randperm(ROWS)
    return net(x[rows])[rows.argsort()], y


def by_two(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return net(x)[torch.randperm(ROWS)], y[torch.randperm(ROWS)]


@pytest.mark.parametrize(
    ("shuffle", "is_told"), [(of_all_rows, False), (of_all_rows_selected, False), (put_back, False), (by_two, True)]
)
def test_rows_of_what_a_model_gives_are_in_an_order_too(shuffle: Callable[..., Any], is_told: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(ROWS, 5)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            optimizer.zero_grad()
            functional.mse_loss(*shuffle(model, x, x.sum(1, keepdim=True))).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert [one.certainty for one in watch.findings if one.kind == "row_order"] == ["perhaps"] * is_told
