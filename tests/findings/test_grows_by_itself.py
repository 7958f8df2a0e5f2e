"""A loss that grows by powers though no step can have raised it: its weight grows, or a sum over more and more data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Make = Callable[[nn.Module], torch.optim.Optimizer]


def told(
    optimizer: Make,
    weight: Callable[[int], float],
    most: float | None = None,
    size: Callable[[int], int] = lambda _: 64,
) -> list[Finding]:
    """Of noise there is nothing to learn."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    made, losses = optimizer(model), []
    with gradtui.watch(model, made) as watch:
        for update in range(18):
            x, y = torch.randn(size(update), 4), torch.randn(size(update), 1)
            loss = weight(update) * nn.functional.mse_loss(model(x), y)
            made.zero_grad()
            torch.autograd.backward(loss)
            if most is not None:
                nn.utils.clip_grad_norm_(model.parameters(), most)
            made.step()
            losses.append(loss.item())
    assert losses[-1] > 1e3 * losses[0]
    return [*watch.findings]


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.01)


def momentum(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


@pytest.mark.parametrize("factor", [2.0, 3.0])
@pytest.mark.parametrize(("optimizer", "most"), [(adam, None), (momentum, 0.5), (adam, 1.0)])
def test_a_weight_that_grows_by_powers(optimizer: Make, most: float | None, factor: float) -> None:
    found = told(optimizer, lambda update: 1e-3 * factor**update, most)
    assert [one.certainty for one in found if one.kind == "divergence"] == ["perhaps"]


def test_a_sum_over_more_and_more() -> None:
    found = told(adam, lambda update: 2.0**update, size=lambda update: 2 ** min(update, 10))
    assert [one.certainty for one in found] == ["perhaps"]


def test_two_that_learn_in_turn() -> None:
    torch.manual_seed(0)
    models = nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1)])
    optimizers = [adam(one) for one in models]
    with gradtui.watch(models) as watch:
        for update in range(18):
            for model, optimizer in zip(models, optimizers, strict=True):
                loss = 2.0**update * nn.functional.mse_loss(model(torch.randn(64, 4)), torch.randn(64, 1))
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
    assert {one.certainty for one in watch.findings if one.kind == "divergence"} == {"perhaps"}


def test_one_model_that_two_optimizers_throw_away() -> None:
    torch.manual_seed(0)
    x, model = torch.randn(64, 6) * 3, nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 1))
    optimizers = [torch.optim.SGD(one.parameters(), lr=0.1) for one in model]
    with gradtui.watch(model) as watch:
        for _ in range(16):
            loss = nn.functional.mse_loss(model(x), x[:, :1])
            for optimizer in optimizers:
                optimizer.zero_grad()
            torch.autograd.backward(loss)
            for optimizer in optimizers:
                optimizer.step()
    assert (watch.findings[0].kind, watch.findings[0].certainty) == ("divergence", "likely")


@pytest.mark.parametrize("most", [None, 1e30])
@pytest.mark.parametrize("settings", [{"lr": 0.5}, {"lr": 0.3, "momentum": 0.9}, {"lr": 0.1, "maximize": True}])
def test_steps_that_overshoot_account_for_it(settings: dict[str, float], most: float | None) -> None:
    torch.manual_seed(0)
    x, model = torch.randn(64, 6) * 3, nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), **settings)  # type: ignore[arg-type]
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(16):
            optimizer.zero_grad()
            loss: Tensor = nn.functional.mse_loss(model(x), x[:, :1])
            torch.autograd.backward(loss)
            if most is not None:
                nn.utils.clip_grad_norm_(model.parameters(), most)
            optimizer.step()
    as_asked = "perhaps" if "maximize" in settings else "likely"
    assert (watch.findings[0].kind, watch.findings[0].certainty) == ("divergence", as_asked)


def test_a_step_of_several_evaluations_goes_further_than_its_ends_tell() -> None:
    x = nn.Parameter(torch.tensor([-1.2, 1.0]))
    model = nn.ParameterList([x])
    optimizer = torch.optim.LBFGS(model.parameters(), lr=3, max_iter=5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        torch.autograd.backward(loss)
        return loss

    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            optimizer.step(closure)  # type: ignore[no-untyped-call]
    assert (watch.findings[0].kind, watch.findings[0].certainty) == ("divergence", "likely")


@pytest.mark.parametrize("optimizer", [momentum, adam], ids=lambda one: one.__name__)
def test_targets_that_grow_ahead_of_the_weights(optimizer: Make) -> None:
    """Each step still goes the right way, and not far enough."""
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    made, losses, ends = optimizer(model), list[float](), list[float]()
    with gradtui.watch(model, made) as watch:
        for year in range(36):
            goods = torch.randn(50, 2)
            prices = (goods @ torch.tensor([[2.0], [1.0]]) + 3) * 1.3**year
            made.zero_grad()
            loss = nn.functional.mse_loss(model(goods), prices)
            torch.autograd.backward(loss)
            before = [one.detach().clone() for one in model.parameters()]
            made.step()
            losses.append(loss.item())
            moved = zip(before, model.parameters(), strict=True)
            again = torch.autograd.grad(nn.functional.mse_loss(model(goods), prices), [*model.parameters()])
            ends.append(
                sum(float(((new.detach() - old) * g).sum()) for (old, new), g in zip(moved, again, strict=True))
            )
    assert losses[-1] > 1e3 * losses[0]
    assert max(ends) < 0.1 * losses[-1]
    assert [one.certainty for one in watch.findings if one.kind == "divergence"] == ["perhaps"]


@pytest.mark.parametrize("rate", [0.6, 2.0])
def test_steps_that_go_too_far_are_told_all_the_same(rate: float) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    made = torch.optim.SGD(model.parameters(), lr=rate)
    x = torch.randn(60, 3) * 3
    with gradtui.watch(model, made) as watch:
        for update in range(15):
            made.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(model(x[update % 2 :: 2]), torch.ones(30, 1)))
            made.step()
    assert [one.certainty for one in watch.findings if one.kind == "divergence"] == ["likely"]
