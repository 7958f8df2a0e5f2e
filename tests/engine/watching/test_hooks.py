"""A Snapshot of a run has the gradients behind a person's hooks, and runs none of them that only looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui


def run(
    put_on: Callable[[torch.Tensor], object], watched: bool = True, to: str | None = None
) -> tuple[list[dict[str, float]], Any]:
    """The gradients of each step, and the run. put_on: on what goes into the last layer; to: on this weight, instead, once."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    if to is not None:
        put_on(model.get_parameter(to))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = gradtui.watch(model, optimizer, every=1) if watched else None
    grads = []
    for _ in range(3):
        optimizer.zero_grad()
        hidden = model[1](model[0](torch.randn(8, 3)))
        if to is None:
            put_on(hidden)
        model[2](hidden).square().mean().backward()
        grads.append({name: float(one.grad.norm()) for name, one in model.named_parameters() if one.grad is not None})
        optimizer.step()
    if watch is not None:
        watch.close()
    return grads, watch


def same_as_torch(put_on: Callable[[torch.Tensor], object], to: str | None = None) -> None:
    grads, watch = run(put_on, to=to)
    assert grads == pytest.approx(run(put_on, watched=False, to=to)[0])
    assert [*watch.run.snapshots] == [0, 1, 2]
    for update, snapshot in watch.run.snapshots.items():
        told = {name: one.grad.norm for name, one in snapshot.parameters.items() if one.grad is not None}
        assert told == pytest.approx(grads[update])


def removed(hidden: torch.Tensor) -> None:
    hidden.register_hook(lambda gradient: 100 * gradient).remove()  # type: ignore[no-untyped-call]


def one_of_two(hidden: torch.Tensor) -> None:
    first = hidden.register_hook(lambda gradient: 100 * gradient)  # type: ignore[no-untyped-call]
    hidden.register_hook(lambda gradient: 3 * gradient)  # type: ignore[no-untyped-call]
    first.remove()


def in_place(hidden: torch.Tensor) -> None:
    def hook(gradient: torch.Tensor) -> None:
        gradient.mul_(5)

    hidden.register_hook(hook)  # type: ignore[no-untyped-call]


def once(hidden: torch.Tensor) -> None:
    def hook(gradient: torch.Tensor) -> torch.Tensor:
        handle.remove()
        return 7 * gradient

    handle = hidden.register_hook(hook)  # type: ignore[no-untyped-call]


def scaled(hidden: torch.Tensor) -> None:
    hidden.register_hook(lambda gradient: 0.5 * gradient)  # type: ignore[no-untyped-call]


def noisy(tensor: torch.Tensor) -> None:
    """By random numbers of its own, of which a run more would take some."""
    numbers = torch.Generator().manual_seed(1)
    tensor.register_hook(lambda gradient: gradient + torch.randn(gradient.shape, generator=numbers))  # type: ignore[no-untyped-call]


def averaged(tensor: torch.Tensor) -> None:
    """With all those before."""
    before: list[torch.Tensor] = []

    def hook(gradient: torch.Tensor) -> torch.Tensor:
        before.append(gradient.clone())
        return torch.stack(before).mean(0)

    tensor.register_hook(hook)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("to", [None, "0.weight", "2.bias"])
@pytest.mark.parametrize("put_on", [removed, one_of_two, in_place, once, scaled, noisy, averaged])
def test_gradients_are_those_of_the_step(put_on: Callable[[torch.Tensor], object], to: str | None) -> None:
    same_as_torch(put_on, to)


@pytest.mark.parametrize("to", [None, "0.weight", "2.bias"])
def test_a_hook_runs_as_often_as_without_a_watch_also_one_that_changes(to: str | None) -> None:
    seen: list[torch.Tensor] = []

    def count(gradient: torch.Tensor) -> None:
        seen.append(gradient)

    def double(gradient: torch.Tensor) -> torch.Tensor:
        seen.append(gradient)
        return 2 * gradient

    for hook in (count, double):
        seen.clear()
        _, watch = run(lambda tensor, hook=hook: tensor.register_hook(hook), to=to)  # type: ignore[misc]
        assert len(seen) == len(watch.run.snapshots) == 3


def test_hooks_of_weights_are_afterwards_those_of_before() -> None:
    weight = nn.Parameter(torch.ones(2))
    handles = [weight.register_hook(hook) for hook in (print, torch.clone)]  # type: ignore[no-untyped-call]
    hooks = {**(weight._backward_hooks or {})}
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with gradtui.watch(nn.Linear(1, 1), optimizer, every=1):
        for _ in range(2):
            optimizer.zero_grad()
            weight.square().sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert weight._backward_hooks == hooks
    for handle in handles:
        handle.remove()
    assert not weight._backward_hooks


def test_what_only_looks_runs_as_often_as_without_a_watch() -> None:
    seen: list[torch.Tensor] = []

    def put_on(hidden: torch.Tensor) -> None:
        hidden.register_hook(seen.append)  # type: ignore[no-untyped-call]
        hidden.register_hook(lambda gradient: seen.append(gradient.norm()))  # type: ignore[no-untyped-call]

    run(put_on, watched=False)
    alone = len(seen)
    seen.clear()
    same = run(put_on)[1].run.snapshots
    assert len(seen) == alone == 6
    assert len(same) == 3


def test_a_hook_is_put_on_and_taken_off_as_ever() -> None:
    """By its handle, as a context manager too, and with what it raises."""
    seen = []
    with gradtui.watch(nn.Linear(1, 1)):
        w = torch.ones(2, requires_grad=True)
        made = w * 2
        with made.register_hook(lambda gradient: seen.append(1)):  # type: ignore[no-untyped-call]
            made.sum().backward(retain_graph=True)  # type: ignore[no-untyped-call]
        made.sum().backward()  # type: ignore[no-untyped-call]
        assert seen == [1]
        raising = w * 3
        raising.register_hook(lambda gradient: 1 / 0)  # type: ignore[no-untyped-call]
        with pytest.raises(ZeroDivisionError):
            raising.sum().backward()  # type: ignore[no-untyped-call]
        with pytest.raises(RuntimeError, match="cannot register a hook"):
            torch.ones(1).register_hook(seen.append)  # type: ignore[no-untyped-call]
