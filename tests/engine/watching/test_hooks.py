"""A Snapshot of a run has the gradients behind a person's hooks, and runs none of them that only looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui

Hook = Callable[[torch.Tensor], torch.Tensor | None]


def run(put_on: Callable[[torch.Tensor], object], watched: bool = True) -> tuple[list[dict[str, float]], Any]:
    """The gradients of each step, and the run."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = gradtui.watch(model, optimizer, every=1) if watched else None
    grads = []
    for _ in range(3):
        optimizer.zero_grad()
        hidden = model[1](model[0](torch.randn(8, 3)))
        put_on(hidden)
        model[2](hidden).square().mean().backward()
        grads.append({name: float(one.grad.norm()) for name, one in model.named_parameters() if one.grad is not None})
        optimizer.step()
    if watch is not None:
        watch.close()
    return grads, watch


def same_as_torch(put_on: Callable[[torch.Tensor], object]) -> None:
    grads, watch = run(put_on)
    assert grads == pytest.approx(run(put_on, watched=False)[0])
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


@pytest.mark.parametrize("put_on", [removed, one_of_two, in_place, once, scaled])
def test_gradients_are_those_of_the_step(put_on: Callable[[torch.Tensor], object]) -> None:
    same_as_torch(put_on)


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
