"""A loss that grows by powers though not at each update, as batches differ. Truth is the training: it is torch that diverges."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn

import gradtui
from gradtui.findings.over_time.history import History, OptimizerHistory
from gradtui.findings.over_time.loss_curve import detect
from gradtui.snapshot.finding import Finding


def trained(rate: float, seed: int, updates: int, scheduled: bool = False) -> tuple[list[float], list[Finding]]:
    """A linear model on batches of 4, which some rates are too large for."""
    torch.manual_seed(seed)
    x = torch.randn(64, 6)
    y = x @ torch.randn(6, 1)
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    losses = []
    with gradtui.watch(model) as watch:
        for _ in range(updates):
            batch = torch.randint(64, (4,))
            loss = nn.functional.mse_loss(model(x[batch]), y[batch])
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if scheduled:
                scheduler.step()
    return losses, [one for one in watch.findings if one.kind == "divergence"]


@pytest.mark.parametrize(
    ("rate", "seed", "updates"), [(0.7, 0, 16), (0.7, 1, 40), (1.0, 0, 40), (1.0, 1, 16), (0.7, 2, 40)]
)
def test_it_is_told_with_where_it_began(rate: float, seed: int, updates: int) -> None:
    losses, found = trained(rate, seed, updates)
    assert losses[-1] > 1e3 * losses[0]
    assert any(after < before for before, after in pairwise(losses)), "not at each update"
    assert [one.update for one in found] == [0 if losses[1] > losses[0] else 1]


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_is_not_too_large_is_none(seed: int) -> None:
    losses, found = trained(0.2, seed, 40)
    assert losses[-1] < losses[0]
    assert not found


def test_the_learning_rate_is_that_of_the_steps_and_not_of_the_end() -> None:
    _, found = trained(3.0, 1, 8, scheduled=True)
    assert "3" in found[0].text
    assert f"{3 * 0.9**7:.2f}" not in found[0].text


@pytest.mark.parametrize(
    "drawn",
    [
        lambda number, place: number.lognormvariate(0, 2),
        lambda number, place: 100 * 0.7**place * number.lognormvariate(0, 1),
        lambda number, place: 5 / (1 + place) + 2000 * (place % 10 == 9),
    ],
    ids=["batches apart", "learning", "a hard batch now and then"],
)
def test_batches_that_differ_are_none(drawn: Callable[[random.Random, int], float]) -> None:
    number = random.Random(0)
    for count in (10, 20, 50):
        losses = [(place, drawn(number, place)) for place in range(count)]
        assert not [*detect(ended([loss for _, loss in losses], 1.0))]


@pytest.mark.parametrize("rate", [2.0, 3.0, 20.0])
def test_units_that_die_while_the_loss_grows_are_a_consequence(rate: float) -> None:
    torch.manual_seed(0)
    x, y = torch.rand(8, 3), torch.rand(8, 1)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(9):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            losses.append(loss.item())
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert all(after > before for before, after in pairwise(losses))
    assert all(one.grad is not None and not one.grad.any() for one in model[0].parameters()), "dead"
    assert [(one.kind, one.update) for one in watch.findings] == [("divergence", 0)]


@pytest.mark.parametrize(
    ("fallen", "grown"),
    [([2.0, 0.3, 4e-2, 1e-6], [1e-4, 1e-3, 5e-3, 1e-2, 2e-2]), ([9e3, 40.0, 1e-3], [1e-2, 0.1, 0.5, 2.0, 5.0, 8.0])],
)
def test_it_grows_beyond_what_it_was(fallen: list[float], grown: list[float]) -> None:
    """Next to its least a loss grows by powers where a step goes a little too far."""
    assert [one.row for one in detect(ended([*fallen, *grown]))] == []
    further = [grown[-1] * 1e3**place for place in range(1, 3)]
    assert [one.row for one in detect(ended([*fallen, *grown, *further]))] == ["loss grows"]


def test_a_margin_that_all_keep_and_one_does_not_next() -> None:
    """From a loss of 0 each other one is far away."""
    torch.manual_seed(0)
    y = torch.arange(32) % 2
    x = torch.randn(32, 4)
    x[:, 0] = torch.where(y > 0, 3.0, -3.0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    losses = []
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(60):
            optimizer.zero_grad()
            loss = nn.functional.multi_margin_loss(model(x), y)
            losses.append(loss.item())
            torch.autograd.backward(loss)
            optimizer.step()
    assert 0.0 in losses[:-1]
    assert [one for one in watch.findings if one.certainty != "perhaps"] == []


def ended(losses: list[float], moved: float = 0.1) -> History:
    """The steps may account for whatever there is."""
    count = len(losses)
    one = OptimizerHistory(
        "Adam",
        frozenset(),
        0,
        losses=[*enumerate(losses)],
        moves=[moved] * count,
        changes=[1.0] * count,
        gradients=[math.inf] * count,
        top_rates=[0.1] * count,
    )
    return History(optimizers=[one], ended=True)


def thrown(rate: float, std: float | None) -> tuple[list[float], list[Finding]]:
    """A classifier that Adam trains, from torch's own init or from a small one."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
    for parameter in model.parameters() if std is not None else ():
        nn.init.normal_(parameter, std=std or 0.0)
    optimizer, rule = torch.optim.Adam(model.parameters(), lr=rate), torch.randn(10, 4)
    losses = []
    with gradtui.watch(model) as watch:
        for _ in range(40):
            x = torch.randn(32, 10)
            loss = nn.functional.cross_entropy(model(x), (x @ rule).argmax(1))
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return losses, [one for one in watch.findings if one.certainty != "perhaps"]


@pytest.mark.parametrize(("rate", "std"), [(1.0, None), (3.0, None), (10.0, None), (1.0, 0.02), (3.0, 0.02)])
def test_a_rate_by_which_the_first_step_throws_the_weights_away_is_the_cause_of_what_comes(
    rate: float, std: float | None
) -> None:
    losses, (found,) = thrown(rate, std)
    assert max(losses[1:6]) > 30 * losses[0]
    assert losses[-1] > 0.9 * losses[0]
    assert (found.kind, found.update) == ("divergence", 0)
    assert f"learning rate {rate:.0f}" in found.text


@pytest.mark.parametrize(("rate", "std"), [(0.01, None), (0.01, 0.02), (0.03, 0.02)])
def test_a_rate_by_which_it_learns_is_none_however_small_the_weights_are(rate: float, std: float | None) -> None:
    losses, found = thrown(rate, std)
    assert min(losses[-10:]) < losses[0]
    assert not found


def test_an_attack_that_makes_the_loss_large_from_next_to_nothing_is_none() -> None:
    torch.manual_seed(0)
    model = nn.Linear(10, 4).requires_grad_(False)
    image = torch.randn(1, 10)
    model.weight *= 5
    label = model(image).argmax(1)
    moved = nn.Parameter(1e-4 * torch.randn(1, 10))
    optimizer = torch.optim.Adam([moved], lr=0.1, maximize=True)
    losses = []
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(40):
            loss = nn.functional.cross_entropy(model(image + moved), label)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert losses[5] > 10 * losses[0]
    assert not [one for one in watch.findings if one.certainty != "perhaps"]
