"""`on_finding` is a person's own: what it raises reaches the training, and the run of it is whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


class StoppedError(Exception):
    pass


def stop(one: Finding) -> None:
    raise StoppedError(one.kind)


def by_an_optimizer(weight: torch.Tensor) -> Callable[[], object]:
    return torch.optim.SGD([weight], lr=3.0).step


def by_hand(weight: torch.Tensor) -> Callable[[], object]:
    def step() -> None:
        assert weight.grad is not None
        with torch.no_grad():
            weight.sub_(3.0 * weight.grad)

    return step


def train(model: nn.Linear, step: Callable[[], object], updates: int) -> None:
    for _ in range(updates):
        model.zero_grad()
        torch.autograd.backward(model(torch.ones(1, 1)).square().sum())
        step()


@pytest.mark.parametrize("stepping", [by_an_optimizer, by_hand])
def test_what_it_raises_ends_the_training(
    stepping: Callable[[torch.Tensor], Callable[[], object]], capsys: pytest.CaptureFixture[str]
) -> None:
    model = nn.Linear(1, 1, bias=False)
    watch = gradtui.watch(model, on_finding=stop)
    with pytest.raises(StoppedError), watch:
        train(model, stepping(model.weight), 200)
    assert 5 < len(watch.run.updates) < 200
    assert watch.run.ended
    assert len(watch.findings) > 0
    assert not capsys.readouterr().err


def test_who_goes_on_is_told_no_more() -> None:
    model = nn.Linear(1, 1, bias=False)
    step, heard = by_an_optimizer(model.weight), []

    def once(one: Finding) -> None:
        heard.append(one)
        raise StoppedError

    with gradtui.watch(model, on_finding=once) as watch:
        with pytest.raises(StoppedError):
            train(model, step, 200)
        known = len(watch.run.updates)
        train(model, step, 3)
    assert len(watch.run.updates) == known + 3
    assert len(heard) == 1


def test_what_is_known_at_the_end_alone_is_raised_there() -> None:
    model = nn.Linear(1, 1, bias=False)
    watch = gradtui.watch(model, on_finding=stop)
    train(model, torch.optim.SGD(model.parameters(), lr=0.0).step, 5)
    with pytest.raises(StoppedError):
        watch.close()
    assert watch.run.ended
    watch.close()
