"""What a step leaves in the gradients decays by hand, as momentum of one's own: zero_grad was not forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Between = Callable[[Sequence[Tensor]], object]


def in_place(parameters: Sequence[Tensor]) -> None:
    for one in parameters:
        assert one.grad is not None
        one.grad.mul_(0.9)


def of_the_data(parameters: Sequence[Tensor]) -> None:
    for one in parameters:
        assert one.grad is not None
        one.grad.data *= 0.5


def all_at_once(parameters: Sequence[Tensor]) -> None:
    torch._foreach_mul_([one.grad for one in parameters if one.grad is not None], 0.8)


def another(parameters: Sequence[Tensor]) -> None:
    for one in parameters:
        assert one.grad is not None
        one.grad = one.grad * 0.5


def nan_to_num(parameters: Sequence[Tensor]) -> None:
    """Changes nothing."""
    for one in parameters:
        assert one.grad is not None
        torch.nan_to_num_(one.grad)


def the_smallest_cleared(parameters: Sequence[Tensor]) -> None:
    smallest = min(parameters, key=Tensor.numel)
    assert smallest.grad is not None
    smallest.grad.zero_()


def clipped(parameters: Sequence[Tensor]) -> None:
    nn.utils.clip_grad_norm_(parameters, 0.01)


def told(between: Between, passes: int = 1) -> list[Finding]:
    torch.manual_seed(0)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(20):
            for _ in range(passes):
                x = torch.randn(16, 5)
                torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]) / passes)
            optimizer.step()
            between([*model.parameters()])
    return [*watch.findings]


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("between", [in_place, of_the_data, all_at_once, another])
def test_a_decay_is_no_zero_grad_that_was_forgotten(between: Between, passes: int) -> None:
    assert all(one.certainty == "perhaps" for one in told(between, passes))


@pytest.mark.parametrize("between", [nan_to_num, the_smallest_cleared, clipped])
def test_what_is_as_the_step_left_it_adds_up(between: Between) -> None:
    found = told(between)[0]
    assert (found.kind, found.update) == ("zero_grad", 1)
    assert found.certainty != "perhaps"


def by_hand(decays: bool) -> list[Finding]:
    torch.manual_seed(0)
    model = nn.Linear(5, 1)
    with gradtui.watch(model) as watch:
        for _ in range(20):
            x = torch.randn(16, 5)
            torch.autograd.backward(nn.functional.mse_loss(model(x), x[:, :1]))
            with torch.no_grad():
                for one in model.parameters():
                    assert one.grad is not None
                    one.sub_(one.grad, alpha=0.01)
                    if decays:
                        one.grad *= 0.9
    return [*watch.findings]


def test_momentum_of_an_update_by_hand() -> None:
    assert [(one.kind, one.certainty) for one in by_hand(True)] == [("zero_grad", "perhaps")]
    assert [(one.kind, one.certainty) for one in by_hand(False)] == [("zero_grad", "proved")]
