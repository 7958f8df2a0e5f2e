"""Gradients that are gone when step comes: whether somebody cleared them, or made them 0, and by which line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding

Parameters = Sequence[nn.Parameter]


def by_norm(own: Parameters) -> None:
    nn.utils.clip_grad_norm_(own, 0.0)


def by_norm_of_each(own: Parameters) -> None:
    nn.utils.clip_grad_norm_(own, 0.0, foreach=False)


def by_value(own: Parameters) -> None:
    nn.utils.clip_grad_value_(own, 0.0)


def by_factor(own: Parameters) -> None:
    for one in own:
        one.grad *= 0.0  # type: ignore[operator, assignment]


def by_factor_of_all(own: Parameters) -> None:
    torch._foreach_mul_([one.grad for one in own], 0.0)  # type: ignore[misc]


def by_mask(own: Parameters) -> None:
    for one in own:
        one.grad = one.grad * torch.zeros_like(one)  # type: ignore[operator]


def by_copy(own: Parameters) -> None:
    for one in own:
        one.grad.copy_(torch.zeros_like(one))  # type: ignore[union-attr]


def by_zero_grad(own: Parameters) -> None:
    torch.optim.SGD(own, 0.1).zero_grad()


def by_zero_grad_in_place(own: Parameters) -> None:
    torch.optim.SGD(own, 0.1).zero_grad(set_to_none=False)


def by_none(own: Parameters) -> None:
    for one in own:
        one.grad = None


def by_zero(own: Parameters) -> None:
    for one in own:
        one.grad.zero_()  # type: ignore[union-attr]


def by_data(own: Parameters) -> None:
    for one in own:
        one.grad.data.fill_(0.0)  # type: ignore[union-attr]


def halved(own: Parameters) -> None:
    for one in own:
        one.grad *= 0.5  # type: ignore[operator, assignment]


MADE_0 = (by_norm, by_norm_of_each, by_value, by_factor, by_factor_of_all, by_mask, by_copy)
CLEARED = (by_zero_grad, by_zero_grad_in_place, by_none, by_zero)


def found(between: Callable[[Parameters], None]) -> Sequence[Finding]:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            optimizer.zero_grad()
            torch.autograd.backward(model(x).square().mean())
            between([*model.parameters()])
            optimizer.step()
    return watch.findings


def lines(of: Callable[[Parameters], None]) -> range:
    source, first = inspect.getsourcelines(of)
    return range(first, first + len(source))


@pytest.mark.parametrize(
    ("between", "kind"), [*((one, "clipping") for one in MADE_0), *((one, "step_order") for one in CLEARED)]
)
def test_the_line_that_does_it(between: Callable[[Parameters], None], kind: str) -> None:
    (one,) = found(between)
    assert (one.kind, one.certainty) == (kind, "proved")
    assert one.source is not None
    assert one.source.line in lines(between)
    assert ("zero_grad" in one.text) == (kind == "step_order")


def test_what_is_not_seen_is_not_laid_to_zero_grad() -> None:
    (one,) = found(by_data)
    assert (one.kind, one.certainty) == ("step_order", "proved")
    assert "zero_grad" not in one.text


def test_what_leaves_something_is_no_fault() -> None:
    assert found(halved) == ()
