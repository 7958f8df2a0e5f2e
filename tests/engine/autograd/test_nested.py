"""Backward passes within a node, as of a reentrant checkpoint: the gradients of backward(), and not a trace left behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import gradtui
from tests.engine import oracle

again = partial(checkpoint, use_reentrant=True)


class Reversible(torch.autograd.Function):
    """As libraries for reversible layers write it: its backward calls backward() itself."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: nn.Module) -> torch.Tensor:
        ctx.layer = layer
        ctx.save_for_backward(x)
        return x + layer(x)  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, None]:
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (x + ctx.layer(x)).backward(grad)
        return x.grad, None


X = torch.linspace(-1, 1, 8).reshape(4, 2)
Net = nn.Sequential
WAYS: dict[str, Callable[[Net], torch.Tensor]] = {
    "two": lambda net: again(net[2], again(net[1], net[0](X))).pow(2).sum(),
    "one within the other": lambda net: again(lambda h: net[2](again(net[1], h)), net[0](X)).pow(2).sum(),
    "one weight in two": lambda net: again(net[1], again(net[1], net[0](X))).pow(2).sum(),
    "one weight within and without": lambda net: net[0](again(lambda h: net[1](net[0](h)), net[0](X))).pow(2).sum(),
    "a number": lambda net: again(lambda h: net[1](h).sum(), net[0](X)) * 3,
    "dropout": lambda net: again(lambda h: nn.functional.dropout(net[1](h)), net[0](X)).sum(),
    "a Function of one's own": lambda net: Reversible.apply(net[0](X), net[1]).pow(2).sum(),  # type: ignore[no-untyped-call]
}


def network() -> Net:
    torch.manual_seed(0)
    return Net(nn.Linear(2, 2), Net(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 2))


@pytest.mark.parametrize("way", WAYS)
def test_the_gradients_are_those_of_backward(way: str) -> None:
    net = network()
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    steps: list[torch.Tensor] = []
    for parameter in net.parameters():
        parameter.register_post_accumulate_grad_hook(steps.append)  # type: ignore[no-untyped-call]
    with gradtui.trace(net) as trace:
        loss = WAYS[way](net)
    snapshot = trace.capture(loss)
    assert snapshot.problem is None
    assert not steps
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert parameter.grad.eq(7).all()
        parameter.grad = None
    loss.backward()  # type: ignore[no-untyped-call]
    for name, parameter in net.named_parameters():
        assert oracle.values(snapshot.parameters[name].grad) == pytest.approx(oracle.numbers(parameter.grad), rel=1e-5)
    used = {name for name, parameter in net.named_parameters() if parameter.grad is not None}
    assert not [found for found in snapshot.findings if found.parameter in used]


def test_what_raises_when_it_runs_again_leaves_nothing_behind() -> None:
    net, functions = network(), (torch.autograd._is_checkpoint_valid, torch.autograd._engine_run_backward)  # type: ignore[attr-defined]

    def block(h: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            again(net[1], h.detach().requires_grad_()).sum().backward()
            raise ValueError("not again")
        return net[1](h)  # type: ignore[no-any-return]

    snapshot = gradtui.capture(again(block, net[0](X)).sum(), model=net)
    assert snapshot.problem is not None
    assert "not again" in snapshot.problem.message
    assert all(parameter.grad is None for parameter in net.parameters())
    assert functions == (torch.autograd._is_checkpoint_valid, torch.autograd._engine_run_backward)  # type: ignore[attr-defined]


def test_what_dies_within_is_told_with_its_checkpoint() -> None:
    net = network()
    loss = again(lambda h: (net[1](h) - 9).relu(), net[0](X)).sum()
    found = gradtui.capture(loss, model=net).findings
    assert found[0].kind == "zero"
    assert {one.parameter for one in found if one.certainty != "perhaps"} <= {"0.weight", "0.bias", "1.0.weight"}
    assert "use_reentrant=False" in found[0].remedy
