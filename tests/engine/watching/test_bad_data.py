"""Data that a training makes nan or infinite before the model sees them: the line that does so, and not that of the model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from msgspec.structs import replace
from torch import nn

import gradtui
from gradtui.findings.findings import findings
from gradtui.snapshot.finding import Finding, Kind

Prepared = Callable[[torch.Tensor], torch.Tensor]


def scaled(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean(0)) / x.std(0)  # the last column is the same throughout


def unit_vectors(x: torch.Tensor) -> torch.Tensor:
    lengths = torch.where(x.sum(1) > 0, 0.0, x.norm(dim=1))
    return torch.relu(-x - 1e3) / lengths.unsqueeze(1)


def logarithms(x: torch.Tensor) -> torch.Tensor:
    counts = torch.relu(x)
    return counts.log()


def roots_without_grad(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        x = x - 100
        return x.sqrt().flip(0)


def sample_by_sample(x: torch.Tensor) -> torch.Tensor:
    rows = []
    for row in x:
        row = row * 0
        rows.append((row - row.min()) / (row.max() - row.min()))
    return torch.stack(rows)


def in_two_parts(x: torch.Tensor) -> torch.Tensor:
    left, right = torch.split((x - x) / (x * 0), 2, 1)
    return torch.cat([left, right], 1)


def of_one_batch(x: torch.Tensor) -> torch.Tensor:
    few = (x[:1] - x[:1].mean(0)) / x[:1].var(0, unbiased=False)
    only: torch.Tensor = next(iter(few))  # iterated over, as zip() does
    return only.expand(6, 3)


def first(prepared: Prepared, target: Prepared = torch.zeros_like) -> Finding:
    torch.manual_seed(0)
    model = nn.Linear(3, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(3):
            x = torch.randn(6, 3)
            x[:, 2] = 1
            optimizer.zero_grad()
            nn.functional.mse_loss(model(prepared(x)), target(x)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return watch.findings[0]


CASES: list[tuple[Prepared, int, Kind]] = [
    (scaled, 1, "zero_by_zero"),
    (unit_vectors, 2, "zero_by_zero"),
    (logarithms, 2, "pole"),
    (roots_without_grad, 3, "domain"),
    (sample_by_sample, 4, "zero_by_zero"),
    (in_two_parts, 1, "zero_by_zero"),
    (of_one_batch, 1, "zero_by_zero"),
]


@pytest.mark.parametrize(("prepared", "line", "kind"), CASES)
def test_the_line_that_makes_it_bad(prepared: Prepared, line: int, kind: Kind) -> None:
    for told in (first(prepared), first(torch.ones_like, prepared)):
        assert (told.kind, told.certainty) == (kind, "proved")
        assert told.source is not None
        assert told.source.line == prepared.__code__.co_firstlineno + line
        assert "data" in told.text


CRITIC = nn.Linear(3, 3)


def critic(x: torch.Tensor) -> torch.Tensor:
    value: torch.Tensor = CRITIC(x)
    return value


def cut_off_at_once(x: torch.Tensor) -> torch.Tensor:
    return (-critic(x).square()).log().detach()


def advantage_of_one_step(x: torch.Tensor) -> torch.Tensor:
    left = (x - critic(x))[:1, :1]
    left = (left - left.mean()) / left.std()
    cut = left.detach()
    return cut.expand(6, 3)


def learned_without_grad(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        value = critic(x) * 0
        share = value / value.sum(1, keepdim=True)
    return share + 1


def at_the_end_of_a_graph(x: torch.Tensor) -> torch.Tensor:
    value = critic(x)
    value = (value - 1e3).sqrt()
    return (value * 2).flip(0).tanh().detach() + x


@pytest.mark.parametrize(
    ("prepared", "line", "kind"),
    [
        (cut_off_at_once, 1, "domain"),
        (advantage_of_one_step, 2, "domain"),
        (learned_without_grad, 3, "zero_by_zero"),
        (at_the_end_of_a_graph, 2, "domain"),
    ],
)
@pytest.mark.filterwarnings("ignore:std.*degrees of freedom")
def test_what_is_learned_and_went_bad_before_it_was_cut_off(prepared: Prepared, line: int, kind: Kind) -> None:
    for told in (first(prepared), first(torch.ones_like, prepared)):
        assert (told.kind, told.certainty) == (kind, "proved")
        assert told.source is not None
        assert told.source.line == prepared.__code__.co_firstlineno + line
        assert "learned" in told.text
        assert "it is data" not in told.text


def test_what_is_learned_and_bad_from_the_start_is_not_called_data() -> None:
    def prepared(x: torch.Tensor) -> torch.Tensor:
        share = spoilt(critic(x)).detach()
        return share + x

    told = first(prepared)
    assert told.kind == "input"
    assert "share" not in told.text


def spoilt(x: torch.Tensor) -> torch.Tensor:
    x = x * 2
    x[0, 0] = torch.nan
    return x


def written_over(x: torch.Tensor) -> torch.Tensor:
    x = x / 2
    x.view(-1)[3:5].fill_(torch.inf)
    return x


@pytest.mark.parametrize("prepared", [spoilt, written_over])
def test_what_is_written_into_them_was_not_made_by_a_line(prepared: Prepared) -> None:
    for told in (first(prepared), first(torch.ones_like, prepared)):
        assert told.kind == "input"


def test_traced_data_that_are_infinite() -> None:
    """Of which the model makes nan, where what it learns is finite."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    with gradtui.trace(model) as trace:
        loss = model(logarithms(torch.randn(6, 3))).sum()
    told = trace.capture(loss).findings[0]
    assert told.kind == "pole"
    assert told.source is not None
    assert told.source.line == logarithms.__code__.co_firstlineno + 2


def test_an_infinity_that_an_unseen_tensor_brings_in_is_no_overflow() -> None:
    """Of the operation itself nothing was seen, and of its operands the weights alone are known."""
    model, x = nn.Linear(3, 3), torch.ones(6, 3)
    x[0, 0] = torch.inf
    with gradtui.trace(model) as trace:
        loss = nn.functional.linear(x, model.weight.abs(), model.bias).sum()
    snapshot = replace(trace.capture(loss), witnesses=())
    assert [one.kind for one in findings(snapshot) if one.phase == "forward"] == ["input"]
