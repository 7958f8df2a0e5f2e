"""What was computed before the step and is taken for a parameter; the point at which an equation is differentiated is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

X = torch.randn(5, 4)


class Gated(nn.Module):
    def __init__(self, make: Callable[[nn.Parameter], Tensor]) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.gate = make(nn.Parameter(torch.rand(4)))
        self.state = torch.zeros(4)

    def forward(self, x: Tensor) -> Tensor:
        self.state = self.inner(x).mean(0) + self.state.detach()
        out: Tensor = self.inner(x) * self.gate + self.state
        return out


WAYS: dict[str, Callable[[nn.Parameter], Tensor]] = {
    "scaled": lambda weight: weight * 0.1,
    "cast": lambda weight: weight.double().float(),
    "reshaped": lambda weight: weight.view(2, 2).flatten(),
    "softened": lambda weight: weight.softmax(0),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_attribute_made_of_a_parameter_that_nobody_has(way: str) -> None:
    model = Gated(WAYS[way])
    with gradtui.trace(model) as trace:
        loss = model(X).pow(2).mean()
    found = trace.capture(loss).findings[0]
    assert (found.kind, found.certainty, found.parameter) == ("not_a_leaf", "proved", "gate")
    assert found.source is not None
    assert found.source.text == "make(nn.Parameter(torch.rand(4)))"
    assert "model.parameters()" in found.text


def test_what_a_module_hands_on_to_itself_is_no_parameter() -> None:
    model = Gated(lambda weight: weight.detach())
    for _ in range(2):
        with gradtui.trace(model) as trace:
            loss = model(X).pow(2).mean()
    assert trace.capture(loss).findings == ()


@pytest.mark.parametrize("certainty", ["likely", "perhaps"])
def test_a_variable_computed_before_the_step(certainty: str) -> None:
    """Where something else learns it may be the points at which a derivative is taken, as those of an equation."""
    net = nn.Linear(1, 1)
    points = torch.linspace(0, 1, 8, requires_grad=True).reshape(-1, 1)
    with gradtui.trace(net) as trace:
        value = net(points) if certainty == "perhaps" else points * 2
        (slope,) = torch.autograd.grad(value.sum(), points, create_graph=True)
        loss = (slope + value).pow(2).mean()
    (found,) = [one for one in trace.capture(loss).findings if one.parameter == "points"]
    assert (found.kind, found.certainty) == ("not_a_leaf", certainty)
