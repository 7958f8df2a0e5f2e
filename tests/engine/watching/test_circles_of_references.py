"""A graph that only circles of references keep is gone with the next collection of garbage: nothing holds it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import gradtui


class Step:
    def __init__(self, loss: Tensor) -> None:
        self.loss, self.me = loss, self


def an_object(loss: Tensor, held: list[object]) -> None:
    Step(loss)


def a_list(loss: Tensor, held: list[object]) -> None:
    both: list[object] = [loss]
    both.append(both)


def a_function(loss: Tensor, held: list[object]) -> None:
    def report(count: int) -> float:
        return report(count - 1) if count else loss.item()

    report(2)


def a_caught_error(loss: Tensor, held: list[object]) -> None:
    def check() -> None:
        try:
            raise ValueError(loss.shape)
        except ValueError as error:
            kept = error
            assert kept is not None

    check()
    _ = [loss for _ in range(2)]


def a_list_that_stays(loss: Tensor, held: list[object]) -> None:
    held.append(loss)


@pytest.fixture
def seldom() -> Iterator[None]:
    """Nothing is collected in the few steps of a test."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000)
    yield
    gc.set_threshold(*before)


def found(keep: Callable[[Tensor, list[object]], None]) -> list[str]:
    torch.manual_seed(0)
    model, x, held = nn.Linear(3, 1), torch.randn(8, 3), list[object]()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(40):
            loss = model(x).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            keep(loss, held)
    return [one.kind for one in watch.findings]


@pytest.mark.usefixtures("seldom")
@pytest.mark.parametrize("keep", [an_object, a_list, a_function, a_caught_error])
def test_circles_hold_nothing(keep: Callable[[Tensor, list[object]], None]) -> None:
    assert found(keep) == []


@pytest.mark.usefixtures("seldom")
def test_circles_that_hold_one_another_hold_nothing() -> None:
    """Of each layer one, by the hooks of what counts operations by module; a collection of garbage frees the last of them."""
    torch.manual_seed(0)
    model, x = nn.Sequential(*(nn.Linear(3, 3) for _ in range(6))), torch.randn(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch, FlopCounterMode(display=False):
        for _ in range(12):
            loss = model(x).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    assert [one.kind for one in watch.findings] == []


@pytest.mark.usefixtures("seldom")
def test_what_stays_holds_them() -> None:
    assert found(a_list_that_stays) == ["graph_kept"]


@pytest.mark.usefixtures("seldom")
def test_where_nobody_collects_circles_hold_them() -> None:
    gc.disable()
    try:
        assert found(an_object) == ["graph_kept"]
    finally:
        gc.enable()
        gc.collect()
