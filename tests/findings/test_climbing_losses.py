"""Updates that make a loss larger, as their sign is wrong; and losses that grow for other reasons."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui

Weights = torch.Tensor
Update = Callable[[Weights], object]


class Ascent(torch.optim.Optimizer):
    """Somebody's own, with a wrong sign."""

    def __init__(self, parameters: list[Weights], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    def step(self) -> None:  # type: ignore[override]
        with torch.no_grad():
            for group in self.param_groups:
                for one in group["params"]:
                    one.add_(one.grad, alpha=group["lr"])


def by_hand(rate: float) -> Callable[[Weights], Update]:
    def made(_: Weights) -> Update:
        def update(w: Weights) -> None:
            assert w.grad is not None
            with torch.no_grad():
                w += rate * w.grad
            w.grad.zero_()

        return update

    return made


def stepping(make: Callable[[Weights], torch.optim.Optimizer]) -> Callable[[Weights], Update]:
    def made(w: Weights) -> Update:
        optimizer = make(w)

        def update(_: Weights) -> None:
            optimizer.step()
            optimizer.zero_grad()

        return update

    return made


def texts(make: Callable[[Weights], Update], harder: float = 0.0) -> tuple[list[str], list[float]]:
    """harder: by how much the target goes away at each update. The loss has a curvature of 2 on all its axes."""
    torch.manual_seed(0)
    w, target, losses = nn.Parameter(torch.zeros(4)), torch.ones(4), []
    update = make(w)
    with gradtui.watch(nn.ParameterList([w])) as watch:
        for _ in range(30):
            loss = (w - target).square().sum()
            torch.autograd.backward(loss)
            update(w)
            losses.append(loss.item())
            target = target * (1 + harder)
    assert all(one.certainty == "perhaps" for one in watch.findings)
    return [one.text for one in watch.findings if one.kind == "divergence"], losses


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (by_hand(0.001), "added"),
        (by_hand(0.02), "added"),
        (stepping(lambda w: Ascent([w], 0.01)), "added"),
        (stepping(lambda w: torch.optim.SGD([w], 0.01, maximize=True)), "maximize"),
        (stepping(lambda w: torch.optim.Adam([w], 0.01, maximize=True)), "maximize"),
    ],
)
def test_a_wrong_sign(make: Callable[[Weights], Update], word: str) -> None:
    found, losses = texts(make)
    assert losses[-1] > losses[0]
    assert [word in one for one in found] == [True]


@pytest.mark.parametrize(
    ("make", "harder"),
    [
        (by_hand(-1.01), 0.0),  # beyond the edge at which it is stable: it leaps over the least, ever farther
        (by_hand(-1e-5), 0.02),
        (by_hand(-0.001), 0.1),
        (stepping(lambda w: torch.optim.SGD([w], 0.05, momentum=0.5)), 0.2),
        (stepping(lambda w: torch.optim.Adam([w], 0.01)), 0.05),
    ],
)
def test_a_loss_that_grows_for_another_reason(make: Callable[[Weights], Update], harder: float) -> None:
    found, losses = texts(make, harder)
    assert losses[-1] > losses[0]
    assert not [one for one in found if "added" in one or "maximize" in one]


def test_a_loss_that_falls() -> None:
    assert texts(by_hand(-0.1))[0] == []


def trained(make: Callable[[nn.Module], torch.optim.Optimizer], size: int) -> tuple[list[tuple[str, str]], list[float]]:
    """size: of a minibatch."""
    torch.manual_seed(0)
    model, losses = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3)), []
    x = torch.randn(90, 6)
    y = x[:, :3].argmax(1)
    optimizer = make(model)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(40):
            rows = torch.randint(0, 90, (size,))
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            losses.append(loss.item())
    return [(one.kind, one.certainty) for one in watch.findings], losses


def momentum(rate: float) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: torch.optim.SGD(model.parameters(), rate, momentum=0.9)


@pytest.mark.parametrize(
    ("rate", "size", "certainty"), [(1, 16, "likely"), (2, 16, "likely"), (5, 16, "likely"), (20, 90, "likely")]
)
def test_steps_too_large_for_a_loss_to_fall(rate: float, size: int, certainty: str) -> None:
    """It goes up and down, and ever farther up."""
    found, losses = trained(momentum(rate), size)
    assert losses[-1] > 10 * losses[0]
    assert found == [("divergence", certainty)]


def test_steps_so_large_that_nothing_is_gained() -> None:
    assert trained(lambda model: torch.optim.SGD(model.parameters(), 4.0), 16)[0] == [("divergence", "perhaps")]


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_steps_that_are_large_and_serve(rate: float) -> None:
    found, losses = trained(momentum(rate), 16)
    assert losses[-1] < losses[0]
    assert found == []


def squares(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return nn.functional.mse_loss(out[:, 0], y.float(), reduction="none")


def entropy(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(out, y)


@pytest.mark.parametrize(
    ("loss", "is_negated"),
    [
        (lambda out, y: -entropy(out, y), True),
        (lambda out, y: -squares(out, y).mean(), True),
        (lambda out, y: (-squares(out, y)).sum(), True),
        (lambda out, y: -nn.functional.binary_cross_entropy_with_logits(out[:, 0], y.float()), True),
        (lambda out, y: entropy(out, y).neg().neg(), False),
        (lambda out, y: entropy(out, y) - out.square().mean(), False),
        (lambda out, y: -nn.functional.nll_loss(out.softmax(1), y), False),
        (lambda out, y: -out.log_softmax(1)[:, 0].mean(), False),
        (lambda out, y: -(out.log_softmax(1).exp() * out.log_softmax(1)).sum(), False),
    ],
)
def test_a_minus_before_a_loss(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], is_negated: bool) -> None:
    """Of an update, and of a capture."""
    torch.manual_seed(0)
    model, x, y = nn.Linear(4, 3), torch.randn(6, 4), torch.arange(6) % 3
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(3):
            optimizer.zero_grad()
            torch.autograd.backward(loss(model(x), y))
            optimizer.step()
    for found in (watch.findings, gradtui.capture(loss(model(x), y), model=model).findings):
        assert [one.certainty for one in found if one.kind == "divergence"] == ["perhaps"] * is_negated
