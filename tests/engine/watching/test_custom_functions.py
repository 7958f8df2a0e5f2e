"""A watched training with custom Functions: a backward that is not the derivative of its forward is told, and the look at it
changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

State = dict[str, Tensor]
Pair = tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]
"""y by x, and the gradient that is sent by the one that comes in and x."""


def function_of(
    of: Callable[[Tensor], Tensor], sends: Callable[[Tensor, Tensor], Tensor], name: str = "Own"
) -> type[torch.autograd.Function]:
    """of: y by x. sends: the gradient of x by that of y and x."""

    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return of(x)

    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return sends(grad, x)

    return type(
        name,
        (torch.autograd.Function,),
        {"forward": staticmethod(forward), "backward": staticmethod(backward)},
    )


def trained(function: Any, watched: bool) -> tuple[tuple[Finding, ...], State]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    watch = gradtui.watch(model, optimizer) if watched else None
    for _ in range(6):
        x = torch.randn(16, 3)
        optimizer.zero_grad()
        torch.autograd.backward((model[1](function.apply(model[0](x))) - x.sum(1, keepdim=True)).square().mean())
        optimizer.step()
    if watch is not None:
        watch.close()
    found: tuple[Finding, ...] = () if watch is None else watch.findings
    return found, {**model.state_dict(), "drawn": torch.rand(3)}


def told(function: Any) -> tuple[Finding, ...]:
    (found, weights), (_, plain) = trained(function, True), trained(function, False)
    assert all(torch.equal(weights[name], plain[name]) for name in plain)
    return found


def tanh(grad: Tensor, x: Tensor) -> Tensor:
    return grad * (1 - torch.tanh(x))


def exp(grad: Tensor, x: Tensor) -> Tensor:
    return -grad * torch.exp(x)


def normed(x: Tensor) -> Tensor:
    return x - x.mean(1, keepdim=True)


WRONG: dict[str, Pair] = {
    "no square": (torch.tanh, tanh),
    "a sign": (torch.exp, exp),
    "a mean that moves too": (normed, lambda grad, x: grad),
    "without what comes in": (torch.sin, lambda grad, x: torch.cos(x)),
}


@pytest.mark.parametrize("of", WRONG)
def test_what_is_not_the_derivative(of: str) -> None:
    (one,) = told(function_of(*WRONG[of]))
    assert (one.kind, one.certainty) == ("custom", "likely")
    assert one.source is not None
    assert one.source.text is not None
    assert one.source.text.startswith("return sends")


def low(x: Tensor) -> Tensor:
    return torch.sin(x.float()).to(x.dtype)


def rounded(grad: Tensor, x: Tensor) -> Tensor:
    sent = grad * torch.cos(x)
    unit = sent.abs().max() / 127
    return (sent / unit).round() * unit


MEANT: dict[str, Pair] = {
    "straight through": (torch.sign, lambda grad, x: grad * (x.abs() < 1)),
    "reversed": (lambda x: x.view_as(x), lambda grad, x: -0.1 * grad),
    "clipped": (torch.exp, lambda grad, x: (grad * torch.exp(x)).clamp(-0.01, 0.01)),
    "in few digits": (torch.sin, rounded),
    "without a mask": (torch.relu, lambda grad, x: grad),
}


@pytest.mark.parametrize("of", MEANT)
def test_what_may_be_meant(of: str) -> None:
    assert {(one.kind, one.certainty) for one in told(function_of(*MEANT[of])) if one.kind == "custom"} == {
        ("custom", "perhaps")
    }


RIGHT: dict[str, Pair] = {
    "sine": (torch.sin, lambda grad, x: grad * torch.cos(x)),
    "in float32": (low, lambda grad, x: (grad.float() * torch.cos(x.float())).to(grad.dtype)),
    "corner": (torch.relu, lambda grad, x: grad * (x > 0)),
}


@pytest.mark.parametrize("of", RIGHT)
def test_what_is_right(of: str) -> None:
    assert told(function_of(*RIGHT[of])) == ()


count: list[int] = []


def counted(x: Tensor) -> Tensor:
    count.append(1)
    return x * 2


def test_what_has_an_effect_outside_is_not_run_again() -> None:
    count.clear()
    assert trained(function_of(counted, lambda grad, x: grad * 3), True)[0] == ()
    assert len(count) == 6


def test_a_loss_from_which_backward_begins_may_leave_out_what_comes_in() -> None:
    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x.square().mean()

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x / x.numel()

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            torch.autograd.backward(Loss.apply(model(torch.randn(8, 3))))  # type: ignore[no-untyped-call]
            optimizer.step()
    (one,) = watch.findings
    assert (one.kind, one.certainty) == ("custom", "perhaps")
