"""Closures without backward(): told where the optimizer wants gradients of them, and not of one that needs none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Closure = Callable[[], Tensor]


class OwnOptimizer(torch.optim.Optimizer):
    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {"lr": 0.05})
        self.own: list[Tensor] = self.param_groups[0]["params"]

    def move(self, ways: Any, by: float) -> None:
        for one, way in zip(self.own, ways, strict=True):
            one.add_(way, alpha=by)


class Perturbing(OwnOptimizer):
    """SPSA: by the loss on both sides along a random way."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        ways = [torch.randn_like(one).sign() for one in self.own]
        self.move(ways, 0.01)
        up = closure()
        self.move(ways, -0.02)
        slope = float((up - closure()) / 0.02)
        self.move(ways, 0.01 - 0.05 * slope)
        return up


class Differentiating(OwnOptimizer):
    """By the gradient of the loss, which it takes itself."""

    def step(self, closure: Any = None) -> Any:
        loss = closure()
        ways = torch.autograd.grad(loss, self.own)
        with torch.no_grad():
            self.move(ways, -0.1)
        return loss


class Searching(OwnOptimizer):
    """Halves its step until the loss falls."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        ways, before, by = [one.grad for one in self.own], closure(), 1.0
        self.move(ways, -by)
        while closure() > before and by > 1e-3:
            self.move(ways, by / 2)
            by /= 2
        return before


class Evolving(OwnOptimizer):
    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        self.move([torch.randn_like(one) for one in self.own], 0.01)


def train(
    make: Callable[[Any], torch.optim.Optimizer],
    *,
    before: bool = False,
    inside: bool = False,
    clears: bool = False,
    gives: bool = True,
) -> list[Finding]:
    """before, inside: whether backward runs before the step, and in the closure; clears: there, zero_grad."""
    torch.manual_seed(0)
    net, x = nn.Linear(3, 1), torch.randn(20, 3)
    optimizer = make(net.parameters())

    def loss() -> Tensor:
        made: Tensor = (net(x) - x[:, :1]).square().mean()
        return made

    def closure() -> Tensor:
        if clears:
            optimizer.zero_grad()
        made = loss()
        if inside:
            torch.autograd.backward(made)
        return made

    with gradtui.watch(net, optimizer) as watch:
        for _ in range(8):
            optimizer.zero_grad()
            if before:
                torch.autograd.backward(loss())
            optimizer.step(closure) if gives else optimizer.step()  # type: ignore[arg-type]
    return [*watch.findings]


def lbfgs(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.LBFGS(parameters, lr=0.1, max_iter=4)


def adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.1)


@pytest.mark.parametrize(
    ("make", "case", "certainty"),
    [
        (lbfgs, {"clears": True}, "proved"),
        (lbfgs, {}, "proved"),
        (lbfgs, {"before": True, "clears": True}, "proved"),
        (lbfgs, {"before": True}, "likely"),
        (adam, {"clears": True}, "proved"),
        (adam, {"before": True, "clears": True}, "proved"),
    ],
)
def test_told(make: Callable[[Any], torch.optim.Optimizer], case: dict[str, bool], certainty: str) -> None:
    (found,) = train(make, **case)
    assert (found.kind, found.certainty) == ("step_order", certainty)
    assert "the closure" in found.text
    assert "no backward()" in found.text


@pytest.mark.parametrize(
    ("make", "case"),
    [
        (lbfgs, {"inside": True, "clears": True}),
        (adam, {"inside": True, "clears": True}),
        (adam, {"before": True}),
        (Perturbing, {}),
        (Differentiating, {}),
        (Searching, {"before": True}),
        (Evolving, {"gives": False}),
    ],
)
def test_healthy(make: Callable[[Any], torch.optim.Optimizer], case: dict[str, bool]) -> None:
    assert [one for one in train(make, **case) if one.certainty != "perhaps"] == []


def test_what_is_never_moved_is_told() -> None:
    """An optimizer of torch's own leaves alone what has no gradient."""
    found = train(adam, gives=False)
    assert [(one.kind, one.certainty) for one in found] == [("step_order", "proved")]
