"""Leaves that have a gradient and are in no optimizer: of which it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Extra = Callable[[int], None]
"""What else a script does, before the update of this number."""


def told(begin: Callable[[], object], extra: Extra) -> list[str | None]:
    """begin: what comes before the training, and stays alive."""
    torch.manual_seed(0)
    with gradtui.watch(nn.Linear(1, 1)) as watch:
        kept = begin()
        net = nn.Linear(3, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for update in range(5):
            extra(update)
            optimizer.zero_grad()
            torch.autograd.backward(net(torch.rand(4, 3)).square().mean())
            optimizer.step()
        del kept
    return [one.parameter for one in watch.findings if one.kind == "not_in_optimizer"]


def nothing(update: int) -> None: ...


def one_of_the_begin() -> Tensor:
    x = torch.ones(3, requires_grad=True)
    torch.autograd.backward(x.square().sum())
    return x


def saliency() -> tuple[nn.Module, Tensor]:
    probe, other = torch.ones(2, 3, requires_grad=True), nn.Linear(3, 1)
    torch.autograd.backward(other(probe).sum())
    return other, probe


def several() -> list[Tensor]:
    w, b = (torch.tensor(2.0, requires_grad=True) for _ in range(2))
    for _ in range(4):
        torch.autograd.backward(w * 3 + b)
    return [w, b]


@pytest.mark.parametrize("begin", [one_of_the_begin, saliency, several])
def test_a_pass_before_the_training_is_none_of_it(begin: Callable[[], object]) -> None:
    assert told(begin, nothing) == []


class Noise:
    """A new leaf of each second update, as where two optimizers step in turn: two steps see the same one."""

    def __call__(self, update: int) -> None:
        if update % 2 == 0:
            self.noise = torch.randn(3, requires_grad=True)
            torch.autograd.backward(self.noise.square().sum())


def test_a_new_leaf_for_two_steps_is_none_that_stays() -> None:
    assert told(lambda: None, Noise()) == []


class Forgotten:
    """cleared: whether its own gradient is: the next one then begins anew, and not at what there is."""

    def __init__(self, cleared: bool) -> None:
        self.head = nn.Linear(3, 1, bias=False)
        self.cleared = cleared

    def __call__(self, update: int) -> None:
        if self.cleared:
            self.head.zero_grad()
        torch.autograd.backward(self.head(torch.rand(4, 3)).square().mean())


@pytest.mark.parametrize("cleared", [False, True])
def test_a_gradient_that_comes_in_each_update_is_told(cleared: bool) -> None:
    forgotten = Forgotten(cleared)
    assert told(lambda: None, forgotten) == ["head.weight"]


class Zero:
    """A number that a loss begins with, made once: a variable, or a buffer."""

    def __init__(self, registered: bool) -> None:
        self.zero = torch.zeros((), requires_grad=True)
        self.body = nn.Linear(3, 1)
        if registered:
            self.body.register_buffer("zero", self.zero)

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return 0.5 * (self.zero + y.square().mean())


@pytest.mark.parametrize("registered", [False, True])
def test_a_number_that_a_loss_begins_with_is_nothing_to_learn(registered: bool) -> None:
    loss = Zero(registered)
    assert learned(loss, loss.body) == []


class Gain:
    """A factor that is learned by nobody. held: by what."""

    def __init__(self, held: str) -> None:
        gain = torch.ones(3, requires_grad=True)
        self.body = nn.Linear(3, 1)
        if held == "buffer":
            self.body.register_buffer("gain", gain)
        self.scaled: Callable[[Tensor], Tensor] = lambda x: x * gain

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(self.scaled(x))
        return y.square().mean()


@pytest.mark.parametrize(("held", "name"), [("buffer", "gain"), ("closure", "parameter 0")])
def test_a_factor_is_told_from_the_start(held: str, name: str) -> None:
    loss = Gain(held)
    (told,) = learned(loss, loss.body)
    assert (told.parameter, told.certainty, told.update) == (name, "perhaps", None)


def learned(loss: Callable[[Tensor], Tensor], model: nn.Module) -> list[gradtui.Finding]:
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            optimizer.zero_grad()
            torch.autograd.backward(loss(torch.rand(4, 3)))
            optimizer.step()
    return [one for one in watch.findings if one.kind == "not_in_optimizer"]
