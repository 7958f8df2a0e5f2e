"""What an optimizer evaluates by a closure, as Lightning has each do: what is told is what is told of the same steps without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

Step = Callable[[torch.optim.Optimizer, Callable[[], Tensor]], object]


def plainly(optimizer: torch.optim.Optimizer, closure: Callable[[], Tensor]) -> None:
    closure()
    optimizer.step()


def by_argument(optimizer: torch.optim.Optimizer, closure: Callable[[], Tensor]) -> None:
    optimizer.step(closure)  # type: ignore[arg-type]


def by_name(optimizer: torch.optim.Optimizer, closure: Callable[[], Tensor]) -> None:
    optimizer.step(closure=closure)  # type: ignore[arg-type]


class Net(nn.Module):
    """way: what is done to what the first layer makes."""

    def __init__(self, way: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.way = nn.Linear(3, 4), nn.Linear(4, 1), way

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.way(self.first(x)))
        return y


WAYS: dict[str, Callable[[Tensor], Tensor]] = {
    "detached": lambda x: x.detach(),
    "dead": lambda x: torch.relu(x - 100),
    "clamped": lambda x: x.clamp(50, 60),
    "argmax": lambda x: nn.functional.one_hot(x.argmax(1), 4).float(),
    "nan": lambda x: torch.log(x * 0),
    "a bad gradient": lambda x: x + torch.sqrt(x * 0),
}


def told(
    way: Callable[[Tensor], Tensor], step: Step, clears: bool = True, clips: float = 0.0
) -> list[tuple[object, ...]]:
    torch.manual_seed(0)
    model, x = Net(way), torch.rand(5, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def closure() -> Tensor:
        if clears:
            optimizer.zero_grad()
        loss: Tensor = (model(x) - 1).square().mean()
        torch.autograd.backward(loss)
        if clips:
            nn.utils.clip_grad_norm_(model.parameters(), clips)
        return loss

    with gradtui.watch(model, optimizer) as watch:
        for _ in range(6):
            step(optimizer, closure)
    return [
        (one.kind, one.certainty, one.parameter, one.update, one.text.replace("closure", "")) for one in watch.findings
    ]


@pytest.mark.parametrize("step", [by_argument, by_name])
@pytest.mark.parametrize("name", WAYS)
def test_causes(name: str, step: Step) -> None:
    expected = told(WAYS[name], plainly)
    assert expected
    assert told(WAYS[name], step) == expected


def test_what_is_done_between() -> None:
    way = torch.tanh
    assert told(way, plainly) == told(way, by_argument) == []
    for clears, clips in ((False, 0.0), (True, 1e-6)):
        expected = told(way, plainly, clears, clips)
        assert expected
        assert told(way, by_argument, clears, clips) == expected
