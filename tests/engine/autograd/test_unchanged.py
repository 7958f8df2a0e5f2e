"""What a checkpoint runs again for us writes nothing over: the same buffers as before. Truth is a copy of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import gradtui

torch_compile: Any = torch.compile


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.get_buffer("seen").add_(1)
        return x * 2


WRITING: dict[str, Callable[[], nn.Module]] = {
    "batch norm": lambda: nn.BatchNorm1d(4),
    "compiled batch norm": lambda: torch_compile(nn.BatchNorm1d(4), backend="eager"),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)),
    "a counter": Counting,
}


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # Dynamo hides it only where it is no error
@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("name", WRITING)
def test_a_capture_leaves_buffers_as_they_were(name: str, reentrant: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), WRITING[name](), nn.Linear(4, 1))
    x = torch.rand(8, 3, requires_grad=True)
    loss = checkpoint(model, x, use_reentrant=reentrant).sum()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    snapshot = gradtui.capture(loss, model=model)
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    loss.backward()
    for name, parameter in model.named_parameters():
        told = snapshot.parameters[name].grad
        assert parameter.grad is not None
        assert told is not None
        assert told.norm == pytest.approx(parameter.grad.norm().item(), rel=1e-4, abs=1e-5)


def test_a_module_that_is_not_whole_is_no_reason_not_to_capture() -> None:
    """Somewhere among the variables: its __init__ never ran, and torch's own walk through it raises."""
    halves = [type("Half", (nn.Module,), {"__init__": lambda self: None})() for _ in range(2)]
    assert "_buffers" not in vars(halves[0])
    x = torch.ones(2, requires_grad=True)
    assert gradtui.capture((x * x).sum()).problem is None


class Widened(Counting):
    """Of whose buffers one is another one, expanded, and one holds nan."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("wide", self.get_buffer("seen").expand(2, 3))
        self.register_buffer("bad", torch.full((1, 1), torch.nan).expand(2, 3))


def test_expanded_buffers_are_as_they_were() -> None:
    model = Widened()
    x = torch.rand(8, 3, requires_grad=True)
    loss = checkpoint(model, x, use_reentrant=False).sum()
    before = {name: one.clone() for name, one in model.named_buffers()}
    assert gradtui.capture(loss, model=model).problem is None
    for name, one in model.named_buffers():
        torch.testing.assert_close(one, before[name], equal_nan=True)
