"""Trainings that look like another fault, or like one and are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.snapshot.finding import Finding

Loss = Callable[[nn.Linear, Tensor], Tensor]


def told(
    loss: Loss, rate: float = 0.5, steps: int = 60, begin: Callable[[nn.Linear], object] = lambda model: None
) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    begin(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(steps):
            optimizer.zero_grad()
            torch.autograd.backward(loss(model, x))
            optimizer.step()
    return watch.findings


def perceptron(model: nn.Linear, x: Tensor) -> Tensor:
    label = torch.where(x[:, 0] > 0, 1.0, -1.0)
    return torch.relu(-label * model(x)[:, 0]).mean()


def other_sign(model: nn.Linear, x: Tensor) -> Tensor:
    return functional.relu(-(torch.sign(x[:, 0]) * model(x)[:, 0])).sum()


@pytest.mark.parametrize("loss", [perceptron, other_sign])
def test_a_perceptron_that_has_learned_is_no_dead_relu(loss: Loss) -> None:
    found = told(loss, 1.0, 200)
    assert [one.kind for one in found] == ["zero"]
    assert found[0].certainty == "perhaps"


def test_a_loss_that_has_sunk_to_minus_infinity_has_no_least() -> None:
    """float64 would but take longer."""
    found = told(lambda model, x: -model(x).square().mean(), steps=80)[0]
    assert found.kind == "divergence"
    assert "float64" not in found.remedy


def test_a_training_that_begins_at_the_least_loss_needs_no_larger_rate() -> None:
    true = torch.tensor([[1.0, -2.0, 3.0, 0.5]])

    def begin(model: nn.Linear) -> None:
        with torch.no_grad():
            model.weight.copy_(true)
            model.bias.zero_()

    found = told(
        lambda model, x: functional.mse_loss(model(x), (x.double() @ true.double().T).float()), 0.01, begin=begin
    )
    assert not [one for one in found if one.certainty != "perhaps"]


def test_a_rate_that_is_far_too_small_is_told_still() -> None:
    found = told(lambda model, x: functional.mse_loss(model(x), x[:, :1]), 1e-9)
    assert "lost_update" in [one.kind for one in found if one.certainty == "likely"]


@pytest.mark.parametrize("is_divided", [True, False])
@pytest.mark.parametrize(
    "divide", [lambda one: one.div_(4), lambda one: one.mul_(0.25), lambda one: one.__itruediv__(4.0)]
)
def test_gradients_that_are_divided_after_they_add_up(divide: Callable[[Tensor], Tensor], is_divided: bool) -> None:
    torch.manual_seed(0)
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(20):
            optimizer.zero_grad()
            for part in x.chunk(4):
                torch.autograd.backward(functional.mse_loss(model(part), part[:, :1]))
            for one in model.parameters():
                if is_divided and one.grad is not None:
                    divide(one.grad)
            optimizer.step()
    assert ("accumulation" in [one.kind for one in watch.findings]) is not is_divided


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (lambda one: torch.optim.lr_scheduler.PolynomialLR(one, 10), "total_iters"),
        (lambda one: torch.optim.lr_scheduler.LinearLR(one, 1.0, 0.0, 10), "total_iters"),
        (lambda one: torch.optim.lr_scheduler.MultiStepLR(one, [10], gamma=0.0), "milestones"),
        (lambda one: torch.optim.lr_scheduler.LambdaLR(one, lambda step: step // 1000), "//"),
        (lambda one: torch.optim.lr_scheduler.LambdaLR(one, lambda step: 1 - step / 20), "max(0"),
    ],
)
def test_a_schedule_that_is_over_divides_no_integers(
    schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler], says: str
) -> None:
    torch.manual_seed(0)
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = schedule(optimizer)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(40):
            optimizer.zero_grad()
            torch.autograd.backward(functional.mse_loss(model(x), x[:, :1]))
            optimizer.step()
            scheduler.step()
    (found,) = [one for one in watch.findings if one.kind == "learning_rate"]
    assert says in found.remedy
    assert ("//" in found.remedy) is (says == "//")


def test_units_that_begin_alike_are_told_though_the_first_step_leaves_them() -> None:
    """The classes begin alike, too, so that nothing comes back at first."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), torch.randn(32, 4)
    for one in model.parameters():
        nn.init.constant_(one, 0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(20):
            optimizer.zero_grad()
            torch.autograd.backward(functional.cross_entropy(model(x), x[:, :3].argmax(1)))
            optimizer.step()
    assert "symmetry" in [one.kind for one in watch.findings]


def by_attribute(optimizer: torch.optim.Optimizer) -> None:
    optimizer.lr = 0.001  # type: ignore[attr-defined]


def by_the_name_of_others(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        group["learning_rate"] = 0.001


def by_its_group(optimizer: torch.optim.Optimizer) -> None:
    optimizer.param_groups[0]["lr"] = 0.001


def by_a_note_of_its_own(optimizer: torch.optim.Optimizer) -> None:
    optimizer.lr = optimizer.param_groups[0]["lr"]  # type: ignore[attr-defined]
    by_its_group(optimizer)


@pytest.mark.parametrize(
    ("change", "place"),
    [(by_attribute, "lr"), (by_the_name_of_others, "learning_rate"), (by_its_group, ""), (by_a_note_of_its_own, "")],
)
def test_a_rate_that_is_set_where_no_optimizer_looks(
    change: Callable[[torch.optim.Optimizer], None], place: str
) -> None:
    torch.manual_seed(0)
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for update in range(12):
            if update == 6:
                change(optimizer)
            optimizer.zero_grad()
            torch.autograd.backward(functional.mse_loss(model(x), x[:, :1]))
            optimizer.step()
    found = [one for one in watch.findings if one.kind == "learning_rate"]
    assert [one.certainty for one in found] == (["perhaps"] if place else [])
    assert all(place in one.text and "0.001" in one.text for one in found)
